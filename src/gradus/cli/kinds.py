"""``gradus kinds``: the catalogue of kinds of problem."""

from __future__ import annotations

import click

from gradus.cli.output import json_option, print_json


@click.command("kinds")
@json_option
def command(as_json: bool) -> None:
    """List the kinds of problem, with their parameters and the type of answer they take."""
    from gradus.problems.registry import all_kinds

    kinds = all_kinds()
    if as_json:
        listed = [
            {
                "name": kind.name,
                "title": kind.title,
                "answer": kind.answer.type,
                "decided_by": kind.answer.decided_by,
                "parameters": list(kind.Params.model_fields),
            }
            for kind in kinds
        ]
        print_json({"kinds": listed})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("Kind", "Title", "Answer", "Parameters"):
        table.add_column(heading)
    for kind in kinds:
        table.add_row(kind.name, kind.title, kind.answer.type, ", ".join(kind.Params.model_fields))
    Console(highlight=False).print(table)
