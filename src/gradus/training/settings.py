"""Settings of a request: what overrides the values that a recipe fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from gradus.errors import InputError, nearest
from gradus.exact.learnability.initialisation import Initialisation
from gradus.exact.networks.layers import Dense, Dropout
from gradus.runs.request import Optimizer
from gradus.training.configuration import Acceleration, Adam, Augmentation, Configuration, Muon, OptimizerRule, Sgd
from gradus.training.recipes.fast import RUNGS, SIDE, fast, rung_for

Setting: TypeAlias = tuple[str, str]
Change: TypeAlias = Callable[[Configuration, str], Configuration]

LARGEST_SHIFT = 31
"""Most pixels by which an image is shifted: one less than its side."""


@dataclass(frozen=True)
class Known:
    """A setting: what its value is, in words, how it changes a configuration, and the optimiser that alone has it."""

    meaning: str
    change: Change
    optimizer: Optimizer | None = None


def configured(
    configuration: Configuration, settings: Iterable[Setting], optimizer: Optimizer | None = None
) -> Configuration:
    """The configuration with these settings; :data:`SETTINGS` lists them.

    Args:
        optimizer: the one that is used; a setting that only the other one has is then refused.

    Raises:
        InputError: there is no setting of that name, or its value cannot be read or is out of bounds.

    >>> from gradus.training.recipes.hw5 import hw5
    >>> changed = configured(hw5(10), [("images", "64"), ("learning_rate", "0.02"), ("validation_share", "1/4")])
    >>> changed.images, changed.optimizers["sgd"].learning_rate, changed.validation_share
    (64, 0.02, Fraction(1, 4))
    """
    # The rung chooses what the other settings may change.
    for name, value in sorted(settings, key=lambda setting: setting[0] != TARGET):
        if name not in SETTINGS:
            known = sorted(SETTINGS)
            raise InputError("setting", name, f"must be one of {', '.join(known)}", nearest(name, known, "choose one"))
        owner = SETTINGS[name].optimizer
        if optimizer is not None and owner not in (None, optimizer):
            rule = f"is a setting of {owner}, and the optimizer is {optimizer}"
            raise InputError("setting", f"{name}={value}", rule, _instead(configuration, owner, optimizer))
        configuration = SETTINGS[name].change(configuration, value)
    if configuration.accelerated is not None:
        _check_accelerated(configuration, configuration.accelerated)
    after = configuration.augmentation
    changes = after is not None and (after.flip or after.shift or after.cutout)
    return configuration if changes else replace(configuration, augmentation=None)


def _instead(configuration: Configuration, owner: Optimizer | None, optimizer: Optimizer) -> str:
    """What to do without a setting that another optimiser has."""
    if owner in configuration.optimizers:
        return f"leave it out, or train with {owner}"
    rule = configuration.optimizers.get(optimizer)
    own = [name for name, known in SETTINGS.items() if known.optimizer in (None, optimizer) and hasattr(rule, name)]
    return f"leave it out; of {optimizer} {' and '.join(own)} can be set" if own else "leave it out"


def whole(name: str, value: str, least: int = 1, largest: int = 10**9 - 1) -> int:
    """A whole number between two bounds.

    Raises:
        InputError: it is none.

    >>> whole("shift", "4", 0, 31)
    4
    """
    if not (value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= largest):
        bounds = f"{least} or more" if largest == 10**9 - 1 else f"{least} to {largest}"
        remedy = f"write {name}={min(max(64, least), largest)}, say"
        raise InputError(f"setting {name}", value, f"must be a whole number, {bounds}", remedy)
    return int(value)


def number(name: str, value: str, largest: float) -> float:
    """A number from 0 up to the largest one.

    Raises:
        InputError: it is none.
    """
    read = _float(value)
    if not 0 <= read <= largest:
        raise InputError(f"setting {name}", value, f"must be a number from 0 to {largest:g}", f"write {name}=0.01, say")
    return read


def choice(name: str, value: str, yes: str, no: str) -> bool:
    """Which of two words it is.

    Raises:
        InputError: it is neither.
    """
    if value not in (yes, no):
        raise InputError(f"setting {name}", value, f"must be {yes} or {no}", f"write {name}={yes}")
    return value == yes


def _float(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _inside(name: str, value: str, example: str, with_zero: bool) -> float:
    """A number below 1, and above 0 or equal to it."""
    read = _float(value)
    if not (0 < read < 1 or (with_zero and read == 0)):
        bounds = "from 0 to less than 1" if with_zero else "between 0 and 1, both left out"
        raise InputError(f"setting {name}", value, f"must be a number {bounds}", f"write {name}={example}, say")
    return read


def _share(name: str, value: str) -> Fraction:
    """A share as an exact fraction, so that 0.2 and 1/5 are the same."""
    try:
        # No exponents: a short text can ask for a number of a billion digits.
        read = Fraction(value) if len(value) <= 20 and "e" not in value.lower() else Fraction(0)
    except (ValueError, ZeroDivisionError):
        read = Fraction(0)
    if not 0 < read < 1:
        rule = "must be a share between 0 and 1, both left out"
        raise InputError(f"setting {name}", value, rule, f"write {name}=1/5 or {name}=0.2, say")
    return read


def _with_rules(configuration: Configuration, **values: float) -> Configuration:
    """The configuration with these values in the rules of all optimisers that have them."""
    rules = {name: _changed(rule, values) for name, rule in configuration.optimizers.items()}
    return replace(configuration, optimizers=rules)


def _changed(rule: OptimizerRule, values: Mapping[str, float]) -> OptimizerRule:
    if not all(hasattr(rule, name) for name in values):
        return rule
    match rule:
        case Sgd():
            return replace(rule, **values)
        case Adam():
            return replace(rule, **values)
        case Muon():
            return replace(rule, **values)


def _with_batches_of(configuration: Configuration, value: str) -> Configuration:
    """The rates of the recipe ``fast`` that are in proportion to its batches stay so."""
    size = whole("batch_size", value)
    times = size / configuration.batch_size
    rules = {
        name: replace(rule, dense_rate=times * rule.dense_rate, shift_rate=times * rule.shift_rate)
        if isinstance(rule, Muon)
        else rule
        for name, rule in configuration.optimizers.items()
    }
    return replace(configuration, batch_size=size, optimizers=rules)


def _without_dropout(configuration: Configuration, value: str) -> Configuration:
    if choice("dropout", value, "on", "off"):
        return configuration
    architecture = configuration.architecture
    layers = tuple(layer for layer in architecture.layers if not isinstance(layer, Dropout))
    return replace(configuration, architecture=replace(architecture, layers=layers))


def _augmented(
    configuration: Configuration, flip: bool | None = None, shift: int | None = None, cutout: int | None = None
) -> Configuration:
    before = configuration.augmentation or Augmentation(flip=False, shift=0)
    after = replace(before, flip=before.flip if flip is None else flip, shift=before.shift if shift is None else shift)
    after = replace(after, cutout=before.cutout if cutout is None else cutout)
    return replace(configuration, augmentation=after)


def _check_accelerated(configuration: Configuration, acceleration: Acceleration) -> None:
    """Refuse what the recipe ``fast`` cannot be without."""
    if not configuration.biases:
        rule = "would leave batch normalisation without its shifts"
        raise InputError("setting biases", "no", rule, "leave it out, or train another recipe")
    start = configuration.initialisation
    if start.gains.kind == "zeros":
        rule = "has gains of length 0, and the steps of this recipe are taken at a fixed length"
        raise InputError("setting initialisation", start.text, rule, "leave it out, or train another recipe")
    changed, sides = configuration.augmentation, [side for _, side in acceleration.sides]
    if changed is not None and changed.mirrored_edges and changed.shift >= (least := min(sides, default=SIDE)):
        rule = f"must be less than {least}, the side of the smallest images of this recipe"
        raise InputError("setting shift", changed.shift, rule, "write shift=2, say")


def _on_rung(configuration: Configuration, value: str) -> Configuration:
    """The rung of the recipe ``fast`` that is meant for an accuracy."""
    last = configuration.architecture.layers[-1]
    if configuration.accelerated is None or not isinstance(last, Dense):
        raise InputError(f"setting {TARGET}", value, "is a setting of the recipe fast", "train fast, or leave it out")
    rung = rung_for(Fraction(rung_setting(value)[1]))
    assert rung is not None
    return fast(last.units, rung)


def rung_setting(value: str) -> Setting:
    """The setting that chooses the rung which this one chooses, in one form.

    Raises:
        InputError: there is no such rung.

    >>> rung_setting("0.76")
    ('target_accuracy', '0.8')
    """
    rung = rung_for(_share(TARGET, value))
    if rung is None:
        highest = float(RUNGS[-1].accuracy)
        raise InputError(f"setting {TARGET}", value, f"must be at most {highest:g}", f"write {TARGET}={highest:g}")
    return TARGET, f"{float(rung.accuracy):g}"


TARGET = "target_accuracy"
"""The setting that chooses a rung."""

SETTINGS: dict[str, Known] = {
    "batch_size": Known("images a step; the rates of fast that go with it follow", _with_batches_of),
    "beta1": Known(
        "decay of Adam's mean of gradients",
        lambda c, v: _with_rules(c, beta1=_inside("beta1", v, "0.9", with_zero=True)),
        "adam",
    ),
    "beta2": Known(
        "decay of Adam's mean of squares",
        lambda c, v: _with_rules(c, beta2=_inside("beta2", v, "0.999", with_zero=True)),
        "adam",
    ),
    "biases": Known(
        "yes or no: whether layers have any", lambda c, v: replace(c, biases=choice("biases", v, "yes", "no"))
    ),
    "decay": Known(
        "of SGD's learning rate: rate / (1 + decay * step)",
        lambda c, v: _with_rules(c, decay=number("decay", v, 1e6)),
        "sgd",
    ),
    "dropout": Known("on or off", _without_dropout),
    "epsilon": Known(
        "what Adam adds to the root",
        lambda c, v: _with_rules(c, epsilon=_inside("epsilon", v, "1e-7", with_zero=False)),
        "adam",
    ),
    "cutout": Known(
        "side of a grey square in each training image",
        lambda c, v: _augmented(c, cutout=whole("cutout", v, 0, LARGEST_SHIFT)),
    ),
    "flip": Known(
        "yes or no: mirror training images, at random or, in fast, in every other epoch",
        lambda c, v: _augmented(c, flip=choice("flip", v, "yes", "no")),
    ),
    "images": Known("how many images of each part are used", lambda c, v: replace(c, images=whole("images", v))),
    "initialisation": Known(
        "zeros, constant:C or glorot, or gains=...,biases=... with these",
        lambda c, v: replace(c, initialisation=Initialisation.of(v)),
    ),
    "learning_rate": Known(
        "of the optimiser", lambda c, v: _with_rules(c, learning_rate=number("learning_rate", v, 1e6))
    ),
    "momentum": Known("of SGD, from 0 to 1", lambda c, v: _with_rules(c, momentum=number("momentum", v, 1)), "sgd"),
    "shift": Known(
        "most pixels by which training images are shifted at random",
        lambda c, v: _augmented(c, shift=whole("shift", v, 0, LARGEST_SHIFT)),
    ),
    "split": Known(
        "plain, or stratified: every class has the same share in both parts",
        lambda c, v: replace(c, stratified=choice("split", v, "stratified", "plain")),
    ),
    TARGET: Known("of fast, up to 0.9: the rung of its ladder that is meant for it", _on_rung),
    "validation_share": Known(
        "share of the training images that validates",
        lambda c, v: replace(c, validation_share=_share("validation_share", v)),
    ),
    "weight_decay": Known("L2, from 0 to 1", lambda c, v: _with_rules(c, weight_decay=number("weight_decay", v, 1))),
}
"""The settings of recipes, by name."""
