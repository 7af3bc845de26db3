"""``gradus kinds``: the catalogue of kinds of problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gradus.cli.output import json_option, print_json

if TYPE_CHECKING:
    from gradus.problems.registry import AnyKind


@click.command("kinds")
@click.argument("name", metavar="[KIND]", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the kinds of problem; with KIND its parameters and a block that can be copied into a problem-set file."""
    from gradus.problems.registry import all_kinds, find_kind

    kinds = all_kinds() if name is None else (find_kind(name),)
    if as_json:
        print_json({"kinds": [_described(kind) for kind in kinds]})
    elif name is None:
        for kind in kinds:
            click.echo(f"{kind.name}\n    {kind.title}; answer: {kind.answer.type}")
        click.echo("\ngradus kinds KIND shows a kind's parameters and an example.")
    else:
        _show(kinds[0])


def _described(kind: AnyKind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": kind.title,
        "answer": kind.answer.type,
        "decided_by": kind.answer.decided_by,
        "parameters": list(kind.Params.model_fields),
        "required": [name for name, field in kind.Params.model_fields.items() if field.is_required()],
        "example": _example(kind),
    }


def _example(kind: AnyKind) -> str:
    """A block with a sampled instance; always the same one."""
    from random import Random

    import yaml

    values = {"id": "1", **kind.sample(Random(1), 1).model_dump(mode="json", exclude_none=True)}
    lines = []
    for name, value in values.items():
        nested = isinstance(value, dict)
        flow = None if nested else True
        text = yaml.safe_dump({name: value} if nested else value, sort_keys=False, default_flow_style=flow, width=100)
        lines.append(text.strip() if nested else f"{name}: {text.removesuffix('...' + chr(10)).strip()}")
    return "\n".join([f"```{{problem}} {kind.name}", *lines, "```"])


def _show(kind: AnyKind) -> None:
    click.echo(f"{kind.name}: {kind.title}\nAnswer: {kind.answer.type}, decided by {kind.answer.decided_by}\n")
    for name, field in kind.Params.model_fields.items():
        needed = "required" if field.is_required() else f"default: {_text(field.default)}"
        click.echo(f"  {name} ({needed})")
    click.echo(f"  points, id: as for every problem\n\n{_example(kind)}")


def _text(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
