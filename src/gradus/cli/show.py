"""``gradus show``: a set or a problem in the terminal."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradus.cli.output import json_option, print_json

if TYPE_CHECKING:
    from gradus.sets import Problem


@click.command("show")
@click.argument("set_name", metavar="SET")
@click.argument("id", metavar="[ID]", required=False)
@click.option("--without-answers", is_flag=True, help="Show the problem alone, without its worked solution.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder with recorded runs (default: out/<set>).")
@json_option
def command(set_name: str, id: str | None, without_answers: bool, out: Path | None, as_json: bool) -> None:
    """Show a problem set, or one problem with its worked solution, in the terminal.

    SET is a bundled set or a file.  Nothing is trained: problems that need runs show those that `gradus solve` made.
    """
    from gradus.cli.training_runs import missing_run_command, recorded_only
    from gradus.runs import RunStore
    from gradus.sets import Prose, read_set, set_file, solved

    problem_set = read_set(set_file(set_name))
    problems = problem_set.problems if id is None else problem_set.only([id])
    if as_json:
        print_json({"set": problem_set.name, "title": problem_set.title, "problems": [_listed(p) for p in problems]})
        return
    from rich.console import Console

    from gradus.documents.blocks import Block, Text
    from gradus.documents.terminal import print_blocks
    from gradus.sets.composition import answer_blocks, problem_blocks

    blocks: list[Block] = []
    if id is None:
        blocks.append(Text(f"# {problem_set.title}\n\n{problem_set.course}"))
        for part in problem_set.parts:
            blocks += [Text(part.markdown)] if isinstance(part, Prose) else problem_blocks(part)
    for problem in problems if id is not None else ():
        blocks += problem_blocks(problem)
        if without_answers:
            continue
        store = RunStore((out or Path("out") / problem_set.name) / "runs")
        requests = problem.kind.runs_needed(problem.params)
        records = recorded_only(requests, store, partial(missing_run_command, set_name, [problem], None, out))
        blocks += answer_blocks(problem.id, solved(problem, records).solution)
    print_blocks(tuple(blocks), Console(highlight=False))


def _listed(problem: Problem) -> dict[str, object]:
    parameters = problem.params.model_dump(mode="json")
    head = {"id": problem.id, "kind": problem.kind.name, "title": problem.kind.title, "points": problem.points}
    return head | {"parameters": parameters}
