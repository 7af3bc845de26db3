"""``gradus sets``: the bundled problem sets."""

from __future__ import annotations

import click

from gradus.cli.output import json_option, print_json


@click.command("sets")
@json_option
def command(as_json: bool) -> None:
    """List the bundled problem sets."""
    from gradus.sets import bundled_names, read_set, set_file

    sets = [read_set(set_file(name)) for name in bundled_names()]
    if as_json:
        listed = [{"name": s.name, "title": s.title, "course": s.course, "problems": len(s.problems)} for s in sets]
        print_json({"sets": listed})
        return
    for s in sets:
        click.echo(f"{s.name}  {s.title}{', ' + s.course if s.course else ''} ({len(s.problems)} problems)")
