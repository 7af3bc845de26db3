"""``gradus check``: is an answer right?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradus.cli.arguments import text_of
from gradus.cli.output import json_option, print_json
from gradus.cli.time_limit import TimeSpent, time_limit

if TYPE_CHECKING:
    from gradus.answers.verdict import Verdict
    from gradus.sets import Problem

TIME_S = 20


@click.command("check")
@click.argument("set_name", metavar="SET")
@click.argument("id", metavar="ID")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    required=True,
    metavar="TEXT",
    help="The answer, @FILE, or - for stdin; once for each part of an answer with several: --answer U=... --answer "
    "Sigma=...",
)
@json_option
def command(set_name: str, id: str, answers: tuple[str, ...], as_json: bool) -> int:
    """Decide whether an answer to a problem is right, by what it must satisfy, however it is written.

    Numbers, vectors and matrices are written as in a problem-set file, a basis as "(3/5, 4/5), (-4/5, 3/5)", a family
    as "(3/10, 2/5) + k*(-4/5, 3/5)", unit minimisers as "±(4/5, -3/5)" or "unit vectors in span{(1, 0), (0, 1)}".

    Exit codes: 0 right; 1 wrong, or undecided; 2 the answer cannot be read.
    """
    from gradus.documents.terminal import plain_line
    from gradus.sets import read_set, set_file

    problem_set = read_set(set_file(set_name))
    (problem,) = problem_set.only([id])
    found = _verdict(problem, [text_of(answer, "answer") for answer in answers])
    reason = plain_line(found.reason)
    if as_json:
        print_json({"set": problem_set.name, "id": problem.id, "verdict": found.outcome, "reason": reason})
    else:
        click.echo(found.outcome + (f": {reason}" if reason else ""))
    return 0 if found.outcome == "right" else 1


def _verdict(problem: Problem, texts: list[str]) -> Verdict:
    from gradus.answers.reading import read_answer
    from gradus.answers.verdict import Verdict, verdict

    kind, params = problem.kind, problem.params
    if (decided_by := kind.answer.decided_by) != "mathematics":
        return Verdict("undecided", f"Answers of the type '{kind.answer.type}' are decided by {decided_by}.")
    try:
        with time_limit(TIME_S, "a person decides"):
            expected = kind.solve(params, {}).answer
            given = read_answer(texts, expected)
            return verdict(given, expected, kind.mistakes(params), kind.criterion(params))
    except TimeSpent as error:
        return Verdict("undecided", f"It was {error}.")
