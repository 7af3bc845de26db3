"""Reading LaTeX token by token, and refusing it with the place where the fault is."""

from __future__ import annotations

from typing import Final, NoReturn

from gradus.errors import LatexError

MAX_DEPTH: Final = 64
_BLANKS: Final = " \t\n\r"


class Reader:
    r"""One source; ``at`` is the next character, ``depth`` the number of groups that are open.

    >>> reader = Reader(r"\frac 12")
    >>> reader.take(), reader.take(), reader.take()
    (('\\frac', 0), ('1', 6), ('2', 7))
    """

    def __init__(self, source: str) -> None:
        self.source, self.at, self.depth = source, 0, 0

    def fail(self, rule: str, at: int, remedy: str) -> NoReturn:
        """Refuse the source because of its character number ``at``: raises LatexError, with line and column."""
        before = self.source[:at]
        column = at - before.rfind("\n")
        line = f"line {before.count(chr(10)) + 1}, " if "\n" in self.source else ""
        raise LatexError("formula", self.source, f"{rule} at {line}column {column}", remedy)

    def skip_blanks(self) -> None:
        """Go on to the next character that is no blank."""
        while self.at < len(self.source) and self.source[self.at] in _BLANKS:
            self.at += 1

    def peek(self) -> str:
        """The next token without taking it: a macro with its backslash, a character, or nothing at the end."""
        self.skip_blanks()
        return self.token_at(self.at)

    def token_at(self, at: int) -> str:
        """The token that begins at a character; nothing at the end."""
        if self.source[at : at + 1] != "\\":
            return self.source[at : at + 1]
        end = at + 1
        while end < len(self.source) and self.source[end].isascii() and self.source[end].isalpha():
            end += 1
        return self.source[at : max(end, at + 2)]

    def take(self) -> tuple[str, int]:
        """The next token and where it stands."""
        token, at = self.peek(), self.at
        self.at += len(token)
        return token, at

    def accept(self, token: str) -> bool:
        """Take the next token if it is this one; whether it was."""
        if self.peek() != token:
            return False
        self.at += len(token)
        return True

    def expect(self, token: str, after: str, at: int) -> None:
        """Take this token, which ``after`` at character number ``at`` needs, or raise LatexError."""
        if not self.accept(token):
            self.fail(f"{after} lacks its {token}", at, f"add {token}")

    def enter(self, at: int) -> None:
        """Note that a group begins; raises LatexError where too many are open."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"groups are nested deeper than {MAX_DEPTH}", at, "simplify the formula")

    def raw_group(self, macro: str, at: int) -> tuple[str, int]:
        """What stands between braces, as it is written, and where it begins; braces inside are not allowed."""
        self.expect("{", macro, at)
        start = self.at
        end = self.source.find("}", start)
        if end < 0:
            self.fail("brace { is not closed", start - 1, "add }")
        self.at = end + 1
        return self.source[start:end], start
