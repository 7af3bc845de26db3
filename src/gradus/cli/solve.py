"""``gradus solve``: solve a set and write its pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.cli.output import json_option, messages, print_json, writable_folder, write_file
from gradus.errors import GradusError, InputError

if TYPE_CHECKING:
    from rich.console import Console

    from gradus.cli.training_runs import CommandFor
    from gradus.documents.blocks import Document
    from gradus.runs import Device
    from gradus.sets import Problem, ProblemSet, Solved

FORMATS = ("ipynb", "html", "pdf", "json")


@click.command("solve")
@click.argument("set_name", metavar="SET")
@click.argument("more_members", nargs=-1, metavar="")
@click.option("--only", metavar="ID,ID", help="Solve these problems only.")
@click.option("--data", metavar="NAME|DIR", help="Train on this data: a built-in name or a folder of images.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to write (default: out/<set>).")
@click.option("--format", "formats", metavar="ipynb,html,pdf,json", help="What to write (default: all).")
@click.option("--without-answers", is_flag=True, help="Write the problems with room for answers; solve nothing.")
@click.option("--member", "members", multiple=True, metavar="NAME ...", help="Members of the group, named on the page.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    set_name: str,
    more_members: tuple[str, ...],
    only: str | None,
    data: str | None,
    device: Device,
    out: Path | None,
    formats: str | None,
    without_answers: bool,
    members: tuple[str, ...],
    as_json: bool,
) -> int:
    """Solve a problem set: the exact problems exactly, the others by training; write notebook, web page and PDF.

    SET is a bundled set (see `gradus sets`) or a file.  With --json the answers go to stdout, and pages are written
    only for a --format that is named.  Runs are kept in the output folder and never made twice.
    """
    from gradus.cli.training_runs import missing_run_command
    from gradus.sets import read_set, runs_needed, set_file

    if more_members and not members:
        raise InputError(
            "argument", more_members[0], "is one too many: SET is a single name", "quote names with blanks"
        )
    problem_set = read_set(set_file(set_name))
    problems = problem_set.only(_ids(only)) if only is not None else problem_set.problems
    if data is not None:
        problem_set = problem_set.with_data(data)
        problems = problem_set.only([problem.id for problem in problems])
    chosen = _formats(formats, () if as_json else FORMATS)
    folder = out or Path("out") / problem_set.name
    if chosen or runs_needed(problems):
        writable_folder(folder)
    console = messages()
    group = (*members, *more_members)
    if without_answers:
        from gradus.sets.composition import problems_document

        names = {"set": problem_set.name, "problems": [{"id": p.id, "kind": p.kind.name} for p in problems]}
        _write(problems_document(problem_set, problems, group), "problems", chosen, folder, names, console)
        if as_json:
            print_json(names)
        return 0
    again = partial(missing_run_command, set_name, problems, data, out)
    answers, unfinished = _solved(problems, device, folder, again, console)
    result = {"set": problem_set.name, "problems": [item.as_json() for item in answers]}
    _write_solutions(problem_set, answers, group, chosen, folder, result, console)
    if as_json:
        print_json(result)
    return 1 if unfinished else 0


def _ids(only: str) -> list[str]:
    ids = [id.strip() for id in only.split(",") if id.strip()]
    if not ids:
        raise InputError("--only", only, "must name at least one problem", "write --only 1.3,3.8")
    return ids


def _formats(text: str | None, default: Sequence[str]) -> tuple[str, ...]:
    if text is None:
        return tuple(default)
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in chosen:
        if name not in FORMATS:
            raise InputError("--format", name, "is not a format", f"choose among {', '.join(FORMATS)}")
    return chosen


def _solved(
    problems: Sequence[Problem], device: Device, folder: Path, command_for: CommandFor, console: Console
) -> tuple[list[Solved], bool]:
    from gradus.cli.training_runs import trained
    from gradus.runs import RunStore
    from gradus.sets import runs_needed, solved

    runs = trained(runs_needed(problems), device, RunStore(folder / "runs"), command_for, console)
    answers, failed = [], False
    with console.status("solving") as status:
        for problem in problems:
            status.update(f"solving {problem.id}")
            try:
                answers.append(solved(problem, runs.records))
            except GradusError as error:
                # The others are finished all the same; the message and the exit code say that this one is not.
                failed = True
                console.print(f"gradus: {problem.place}: problem {problem.id}: {error}", markup=False, soft_wrap=True)
    return answers, failed or runs.unfinished


def _write_solutions(
    problem_set: ProblemSet,
    answers: Sequence[Solved],
    members: Sequence[str],
    formats: Sequence[str],
    folder: Path,
    result: dict[str, Any],
    console: Console,
) -> None:
    from gradus.sets.composition import solutions_document

    if formats:
        document = solutions_document(problem_set, answers, members)
        _write(document, "solution", formats, folder, result, console)


def _write(
    document: Document, name: str, formats: Sequence[str], folder: Path, result: dict[str, Any], console: Console
) -> None:
    writers: dict[str, Callable[[Document, str, Path, dict[str, Any], Console], None]] = {
        "json": _write_json,
        "html": _write_html,
        "pdf": _write_pdf,
        "ipynb": _write_notebook,
    }
    for format in sorted(formats, key=list(writers).index):
        file = folder / f"{name}.{format}"
        with console.status(f"writing {file}"):
            writers[format](document, name, folder, result, console)
        console.print(f"wrote {file}", markup=False, soft_wrap=True)


def _write_json(document: Document, name: str, folder: Path, result: dict[str, Any], console: Console) -> None:
    import json

    write_file(folder / f"{name}.json", (json.dumps(result, ensure_ascii=False, indent=2) + "\n").encode())


def _write_html(document: Document, name: str, folder: Path, result: dict[str, Any], console: Console) -> None:
    from gradus.documents.html import html

    write_file(folder / f"{name}.html", html(document).encode())


def _write_pdf(document: Document, name: str, folder: Path, result: dict[str, Any], console: Console) -> None:
    from gradus.documents.pdf import pages_json, pdf

    made = pdf(document)
    write_file(folder / f"{name}.pdf", made.bytes)
    pages = "pages.json" if name == "solution" else f"{name}-pages.json"
    write_file(folder / pages, (pages_json(made.pages) + "\n").encode())


def _write_notebook(document: Document, name: str, folder: Path, result: dict[str, Any], console: Console) -> None:
    from gradus.cli.installation import install_command
    from gradus.documents.notebook import execute, notebook, notebook_bytes

    with console.status("running the notebook's cells") as status:
        made = execute(
            notebook(document, install_command()),
            folder,
            lambda done, total: status.update(f"running the notebook: cell {done} of {total}"),
        )
    write_file(folder / f"{name}.ipynb", notebook_bytes(made))
