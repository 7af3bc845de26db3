"""What the verdict on momentum says, beyond what every kind must satisfy."""

from __future__ import annotations

import pytest

from gradus.problems.kinds.momentum_convergence import KIND


def summary(curvatures: str, velocity: str | None = None) -> str:
    params = KIND.Params(mu="9/10", curvatures=curvatures, velocity=velocity)
    return KIND.solve(params, {}).summary


@pytest.mark.parametrize(
    ("curvatures", "words"),
    [
        ("1 0", "Along $w_2$ the iterates settle elsewhere, if the velocity has a component there."),
        ("-1 0", "Along $w_1$ the iterates leave; along $w_2$ the iterates settle elsewhere, each if the velocity"),
        ("1 2", "no velocity leads away"),
    ],
)
def test_without_a_velocity_the_verdict_depends_on_its_components(curvatures: str, words: str) -> None:
    assert words in summary(curvatures)


def test_with_a_velocity_it_does_not() -> None:
    assert summary("1 0", "1 1") == "**No.** Along $w_2$ the iterates settle elsewhere."
    assert summary("1 0", "1 0").startswith("**Yes.**")
