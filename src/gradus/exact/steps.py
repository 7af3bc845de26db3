"""The steps of a worked solution, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A self-check that was really computed.

    Attributes:
        statement: what was checked, Markdown with ``$LaTeX$``.
        holds: whether it held.

    >>> Check("$2 - 1 = 1$", 2 - 1 == 1).holds
    True
    """

    statement: str
    holds: bool


@dataclass(frozen=True)
class Step:
    """One step of a derivation.

    Attributes:
        claim: what the step establishes, one line of Markdown with ``$LaTeX$``.
        reason: why it is so, Markdown with ``$LaTeX$``.
        before: the object that the step starts from, display LaTeX; empty if there is none.
        after: the object that the step arrives at, display LaTeX; empty if there is none.
        checks: the self-checks of the step's result.

    >>> Step("$1 + 1 = 2$", "By definition of 2.", checks=(Check("$2 - 1 = 1$", 2 - 1 == 1),)).checks[0].holds
    True
    """

    claim: str
    reason: str
    before: str = ""
    after: str = ""
    checks: tuple[Check, ...] = ()
