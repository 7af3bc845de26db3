"""``pictograms``: 6,000 colour images of ten kinds of sign, drawn from a fixed seed.

Each image shows one sign of random place, size, turn, stretch and thickness over a background with a gradient, a
texture and clutter, partly covered, in random colours of random contrast, and with noise.  Signs are drawn from signed
distances: negative inside, in units of the sign's radius.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradus.training.data.dataset import SIDE, Dataset, Part

Array: TypeAlias = NDArray[np.float64]
Distance: TypeAlias = Callable[[Array, Array, Array], Array]

SEED = 20181
TRAINING_PER_CLASS = 500
TEST_PER_CLASS = 100
FINGERPRINT = "0a72cbd71bcca56d8ba7b0ada030fda091282128f0f08955f91496ad6f033510"
"""What the data set's fingerprint must be, on every machine; another drawing needs another one here."""

_CHUNK = 100


def pictograms() -> Dataset:
    """The data set: 5,000 training and 1,000 test images, equally many of each class, uint8.

    Each class is drawn from a stream of its own, in float64 and by operations entry by entry only, so that rounding to
    bytes gives the same images on every machine.

    >>> pictograms().classes[:3]
    ('arrow', 'bars', 'crescent')
    """
    parts = [_class_images(label) for label in range(len(SIGNS))]
    images, labels = np.concatenate(parts), np.repeat(np.arange(len(SIGNS)), TRAINING_PER_CLASS + TEST_PER_CLASS)
    trained = np.tile(np.arange(TRAINING_PER_CLASS + TEST_PER_CLASS) < TRAINING_PER_CLASS, len(SIGNS))
    return Dataset(
        name="pictograms",
        classes=tuple(SIGNS),
        training=Part(images[trained], labels[trained].astype(np.int64)),
        test=Part(images[~trained], labels[~trained].astype(np.int64)),
    )


def _disc(x: Array, y: Array, t: Array) -> Array:
    return np.sqrt(x * x + y * y) - 0.85


def _ring(x: Array, y: Array, t: Array) -> Array:
    width = 0.12 + 0.16 * t
    return np.abs(np.sqrt(x * x + y * y) - (0.95 - width)) - width


def _square(x: Array, y: Array, t: Array) -> Array:
    return _box(x, y, 0.75, 0.75)


def _triangle(x: Array, y: Array, t: Array) -> Array:
    return np.maximum(np.abs(x) * (sqrt(3) / 2) + y / 2, -y) - 0.52


def _cross(x: Array, y: Array, t: Array) -> Array:
    width = 0.18 + 0.16 * t
    return np.minimum(_box(x, y, 0.92, width), _box(x, y, width, 0.92))


def _star(x: Array, y: Array, t: Array) -> Array:
    # Mirrored into the sector of one half point, whose edge is a straight line from the tip to the inner corner.
    x = np.abs(x)
    for normal_x, normal_y in ((cos(pi / 5), -sin(pi / 5)), (-cos(pi / 5), -sin(pi / 5))):
        over = 2 * np.maximum(normal_x * x + normal_y * y, 0)
        x, y = x - over * normal_x, y - over * normal_y
    x, y = np.abs(x), y - 1
    inner = 0.38 + 0.1 * t
    edge_x, edge_y = inner * sin(pi / 5), inner * cos(pi / 5) - 1
    return (y * edge_x - x * edge_y) / np.sqrt(edge_x * edge_x + edge_y * edge_y)


def _crescent(x: Array, y: Array, t: Array) -> Array:
    outer = np.sqrt(x * x + y * y) - 0.9
    return np.maximum(outer, 0.72 - np.sqrt((x - 0.3 - 0.25 * t) ** 2 + y * y))


def _arrow(x: Array, y: Array, t: Array) -> Array:
    head = np.maximum(np.abs(y) * 0.7 + (x - 0.95) * 0.7, 0.05 - x)
    return np.minimum(head, _box(x + 0.4, y, 0.5, 0.14 + 0.14 * t))


def _bars(x: Array, y: Array, t: Array) -> Array:
    folded = np.abs(np.abs(np.abs(x) - 0.33) - 0.33)
    return np.maximum(np.abs(folded) - (0.12 + 0.08 * t), np.abs(y) - 0.85)


def _heart(x: Array, y: Array, t: Array) -> Array:
    across, along = (np.abs(x) + y) * sqrt(0.5), (np.abs(x) - y) * sqrt(0.5)
    lobe = np.sqrt((np.abs(x) - 0.4) ** 2 + (y - 0.32) ** 2) - 0.53
    tip = np.maximum(np.abs(across + 0.05) - 0.57, np.abs(along - 0.06) - 0.62)
    return np.minimum(lobe, tip)


SIGNS: dict[str, Distance] = {
    "arrow": _arrow,
    "bars": _bars,
    "crescent": _crescent,
    "cross": _cross,
    "disc": _disc,
    "heart": _heart,
    "ring": _ring,
    "square": _square,
    "star": _star,
    "triangle": _triangle,
}


def _box(x: Array, y: Array, half_width: Array | float, half_height: Array | float) -> Array:
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def _class_images(label: int) -> NDArray[np.uint8]:
    rng = np.random.Generator(np.random.PCG64([SEED, label]))
    distance, usual_hue = list(SIGNS.values())[label], label / len(SIGNS)
    chunks = range(0, TRAINING_PER_CLASS + TEST_PER_CLASS, _CHUNK)
    return np.concatenate([_drawn(rng, distance, usual_hue, _CHUNK) for _ in chunks])


def _drawn(rng: np.random.Generator, distance: Distance, usual_hue: float, count: int) -> NDArray[np.uint8]:
    """``count`` images of one sign, uint8 shaped (count, 32, 32, 3)."""
    axis: Array = np.arange(SIDE, dtype=np.float64) - (SIDE - 1) / 2
    x, y = axis[None, None, :], -axis[None, :, None]

    def uniform(low: float, high: float) -> Array:
        return low + (high - low) * rng.random((count, 1, 1))

    def colours() -> Array:
        return rng.random((count, 1, 1, 3))

    def sign_colours() -> Array:
        usual = _hue(usual_hue + uniform(-0.1, 0.1)[..., None])
        return _tinted(usual + uniform(0.0, 0.6)[..., None] * (colours() - usual), light)

    # Most signs are lighter than their ground.
    light = rng.random((count, 1, 1, 1)) < 0.93
    canvas = _background(x, y, uniform, lambda: _tinted(colours(), ~light))
    for _ in range(2):
        canvas = _over(canvas, _blob(x, y, uniform, 1.0, 3.5), colours())
    radius = uniform(6.5, 13.0)
    u, v = _placed(x, y, uniform, radius)
    coverage = np.clip(0.5 - distance(u, v, uniform(0, 1)) * radius / uniform(1.0, 2.0), 0, 1)
    ramp = 0.5 + 0.5 * np.clip(u, -1, 1)[..., None]
    first = sign_colours()
    colour = first + (sign_colours() - first) * ramp
    canvas = _over(canvas, coverage * uniform(0.4, 1.0), colour)
    canvas = _over(canvas, _blob(x, y, uniform, 2.0, 5.5), colours())
    noise = rng.random((count, SIDE, SIDE, 3)) + rng.random((count, SIDE, SIDE, 3)) - 1
    canvas = canvas + (uniform(0, 0.4) * uniform(0, 1))[..., None] * noise
    return np.floor(np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)


def _hue(hue: Array) -> Array:
    """The bright colour of a hue, which goes round from 0 to 1; (..., 1) to (..., 3)."""
    channels: Array = 0.5 + 0.5 * np.cos(2 * pi * (hue - np.array([0.0, 1 / 3, 2 / 3])))
    return channels


def _tinted(colour: Array, light: NDArray[np.bool_]) -> Array:
    """The colour, brought into the lighter or the darker part of its range."""
    return np.where(light, 0.4 + 0.6 * colour, 0.5 * colour)


def _background(x: Array, y: Array, uniform: Callable[[float, float], Array], colours: Callable[[], Array]) -> Array:
    """Two colours blended along one direction, with waves along another."""
    turn, wave_turn = uniform(0, 2 * pi), uniform(0, 2 * pi)
    ramp = 0.5 + (x * np.cos(turn) + y * np.sin(turn)) / 45
    wave = np.sin(uniform(0.25, 1.4) * (x * np.cos(wave_turn) + y * np.sin(wave_turn)) + uniform(0, 2 * pi))
    first, second = colours(), colours()
    blended: Array = np.clip(first + (second - first) * (ramp + uniform(0, 0.3) * wave)[..., None], 0, 1)
    return blended


def _placed(x: Array, y: Array, uniform: Callable[[float, float], Array], radius: Array) -> tuple[Array, Array]:
    """The pixels' coordinates in the frame of a sign that was turned, stretched and moved."""
    slack = 15.0 - 0.75 * radius
    dx, dy = x - slack * uniform(-1, 1), y - slack * uniform(-1, 1)
    turn, stretch = uniform(-0.4, 0.4), uniform(0.8, 1.25)
    cosine, sine = np.cos(turn) / radius, np.sin(turn) / radius
    return (dx * cosine + dy * sine) * stretch, (dy * cosine - dx * sine) / stretch


def _blob(x: Array, y: Array, uniform: Callable[[float, float], Array], least: float, most: float) -> Array:
    """The coverage of a small turned rectangle or ellipse somewhere in the image."""
    dx, dy = x - uniform(-16, 16), y - uniform(-16, 16)
    turn, half_width, half_height = uniform(0, pi), uniform(least, most), uniform(least, most)
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    rounded = uniform(0, 1) < 0.5
    box = np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)
    ellipse = (np.sqrt((u / half_width) ** 2 + (v / half_height) ** 2) - 1) * np.minimum(half_width, half_height)
    return np.clip(0.5 - np.where(rounded, ellipse, box), 0, 1)


def _over(canvas: Array, coverage: Array, colour: Array) -> Array:
    return canvas + coverage[..., None] * (colour - canvas)
