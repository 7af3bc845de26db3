"""``gradus solve``: solve a set and write its pages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradus.cli.output import data_dir_option, error_line, json_option, messages, print_json, writable_folder
from gradus.cli.pages import FORMATS, chosen_formats, write_pages
from gradus.errors import GradusError, InputError

if TYPE_CHECKING:
    from rich.console import Console

    from gradus.problems.problem import Records
    from gradus.runs import Device
    from gradus.sets import Problem, Solved, Unsolved


@click.command("solve")
@click.argument("set_name", metavar="SET")
@click.argument("more_members", nargs=-1, metavar="")
@click.option("--only", metavar="ID,ID", help="Solve these problems only.")
@click.option("--data", metavar="NAME|DIR", help="Train on this data: a built-in name or a folder of images.")
@data_dir_option
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to write (default: out/<set>).")
@click.option("--format", "formats", metavar="ipynb,html,pdf,json", help="What to write (default: all).")
@click.option("--without-answers", is_flag=True, help="Write the problems with room for answers; solve nothing.")
@click.option("--member", "members", multiple=True, metavar="NAME ...", help="Members of the group, named on the page.")
@json_option
def command(
    set_name: str,
    more_members: tuple[str, ...],
    only: str | None,
    data: str | None,
    data_dir: Path | None,
    device: Device,
    out: Path | None,
    formats: str | None,
    without_answers: bool,
    members: tuple[str, ...],
    as_json: bool,
) -> int:
    """Solve a problem set: the exact problems exactly, the others by training; write notebook, web page and PDF.

    SET is a bundled set (see `gradus sets`) or a file.  With --json the answers go to stdout, and pages are written
    only for a --format that is named.  Runs are kept in the output folder and never made twice; one that was
    interrupted goes on where it was.
    """
    from gradus.cli.training_runs import missing_run_command, trained
    from gradus.runs import RunStore
    from gradus.sets import read_set, runs_needed, set_file
    from gradus.sets.composition import problems_document, solutions_document

    if more_members and not members:
        rule = "is one too many: SET is a single name"
        raise InputError("argument", more_members[0], rule, "quote names with blanks")
    problem_set = read_set(set_file(set_name))
    problem_set = problem_set if data is None else problem_set.with_data(data)
    problems = problem_set.problems if only is None else problem_set.only(_ids(only))
    chosen = chosen_formats(formats, () if as_json else FORMATS)
    folder = out or Path("out") / problem_set.name
    requests = () if without_answers else runs_needed(problems)
    if chosen or requests:
        writable_folder(folder)
    console = messages()
    if (data or device != "auto") and not requests:
        console.print("Nothing here trains: --data and --device are not used.")
    group = (*members, *more_members)
    if without_answers:
        document = problems_document(problem_set, problems, group)
        result = {"set": problem_set.name, "problems": [{"id": p.id, "kind": p.kind.name} for p in problems]}
        code = write_pages(document, result, "problems", chosen, folder, console)
    else:
        missing = partial(missing_run_command, set_name, problems, data, data_dir, out)
        runs = trained(requests, device, RunStore(folder / "runs"), missing, console, data_dir)
        answers = _solved(problems, runs.records, console)
        document = solutions_document(problem_set, answers, group)
        result = {"set": problem_set.name, "problems": [answer.as_json() for answer in answers]}
        code = write_pages(document, result, "solution", chosen, folder, console)
        code = max(code, int(runs.unfinished), *(answer.exit_code for answer in answers))
    if as_json:
        print_json(result)
    return code


def _ids(only: str) -> list[str]:
    ids = [id.strip() for id in only.split(",") if id.strip()]
    if not ids:
        raise InputError("--only", only, "must name at least one problem", "write --only 1.3,3.8")
    return ids


def _solved(problems: Sequence[Problem], records: Records, console: Console) -> list[Solved | Unsolved]:
    """Each problem solved; one that cannot be is named with its reason, and the others are solved all the same."""
    from gradus.sets import Unsolved, solved

    answers: list[Solved | Unsolved] = []
    with console.status("solving") as status:
        for problem in problems:
            status.update(f"solving {problem.id}")
            try:
                answers.append(solved(problem, records))
            except GradusError as error:
                console.print(error_line(error))
                answers.append(Unsolved(problem, str(error), error.exit_code))
    return answers
