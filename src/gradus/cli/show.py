"""``gradus show``: a set or a problem in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradus.cli.output import json_option, print_json

if TYPE_CHECKING:
    from gradus.sets import Problem, ProblemSet, Solved


@click.command("show")
@click.argument("set_name", metavar="SET")
@click.argument("id", metavar="[ID]", required=False)
@click.option("--without-answers", is_flag=True, help="Show the problem alone, without its worked solution.")
@click.option("--data", metavar="NAME|DIR", help="The data that the runs to show were trained on.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder with recorded runs (default: out/<set>).")
@json_option
def command(
    set_name: str, id: str | None, without_answers: bool, data: str | None, out: Path | None, as_json: bool
) -> None:
    """Show a problem set, or one problem with its worked solution, in the terminal.

    SET is a bundled set or a file.  Nothing is trained: problems that need runs show those that `gradus solve` made.
    """
    from gradus.cli.training_runs import missing_run_command, recorded_only
    from gradus.runs import RunStore
    from gradus.sets import read_set, set_file, solved

    problem_set = read_set(set_file(set_name))
    problem_set = problem_set if data is None else problem_set.with_data(data)
    problems = problem_set.problems if id is None else problem_set.only([id])
    answered = () if id is None or without_answers else problems
    store = RunStore((out or Path("out") / problem_set.name) / "runs")
    missing = partial(missing_run_command, set_name, problems, data, None, out)
    answers = {p.id: solved(p, recorded_only(p.kind.runs_needed(p.params), store, missing)) for p in answered}
    if as_json:
        listed = [_listed(problem, answers.get(problem.id)) for problem in problems]
        print_json({"set": problem_set.name, "title": problem_set.title, "problems": listed})
    else:
        _print(problem_set, problems if id is not None else None, answers)


def _print(problem_set: ProblemSet, chosen: Sequence[Problem] | None, answers: Mapping[str, Solved]) -> None:
    from rich.console import Console

    from gradus.documents.blocks import Block, Text
    from gradus.documents.markdown import escaped
    from gradus.documents.terminal import print_blocks
    from gradus.sets import Prose
    from gradus.sets.problem_blocks import answer_blocks, problem_blocks

    blocks: list[Block] = []
    if chosen is None:
        blocks.append(Text(f"# {escaped(problem_set.title)}\n\n{escaped(problem_set.course)}"))
        for part in problem_set.parts:
            blocks += [Text(part.markdown)] if isinstance(part, Prose) else problem_blocks(part)
    for problem in chosen or ():
        blocks += problem_blocks(problem)
        if problem.id in answers:
            blocks += answer_blocks(problem.id, answers[problem.id].solution)
    print_blocks(tuple(blocks), Console(highlight=False))


def _listed(problem: Problem, answer: Solved | None) -> dict[str, object]:
    listed: dict[str, object] = {
        "id": problem.id,
        "kind": problem.kind.name,
        "title": problem.kind.title,
        "points": problem.points,
        "parameters": problem.params.model_dump(mode="json"),
    }
    return listed if answer is None else listed | {"answer": answer.solution.answer.as_json()}
