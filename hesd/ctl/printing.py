"""How commands show what they found: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_JSON = "hesd.ctl.json"


def json_asked(context: click.Context, _option: click.Parameter, asked: bool) -> bool:
    """Whether JSON was asked for, here or before the subcommand."""
    context.meta[_JSON] = asked or context.meta.get(_JSON, False)
    return bool(context.meta[_JSON])


def is_json_asked(context: click.Context) -> bool:
    return bool(context.meta.get(_JSON, False))


json_option = click.option("--json", "as_json", is_flag=True, callback=json_asked, help="Print JSON.")


def print_json(content: Any) -> None:
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))


def print_done(content: Any, sentence: str, as_json: bool) -> None:
    """What came of a change: for programs what it made, for people a sentence."""
    if as_json:
        print_json(content)
    else:
        click.echo(sentence)


def print_table(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[tuple[str, str | Callable[[Mapping[str, Any]], Any]]]
) -> None:
    """A column is a heading and a key of the rows, or what makes its cell of a row."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, _ in columns:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell(of(row) if callable(of) else row.get(of))) for _, of in columns))
    console().print(table)


def console() -> Console:
    """Standard output. A pipe has no width: nothing is cut there."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 10_000, highlight=False)


def print_fields(record: Mapping[str, Any]) -> None:
    """A record, one field a line; empty ones are left out."""
    shown = {name: cell(content) for name, content in record.items() if cell(content)}
    width = max(map(len, shown), default=0)
    for name, content in shown.items():
        click.echo(f"{name.replace('_', ' '):{width}}  {content}")


def cell(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, bool):
        return "yes" if content else "no"
    if isinstance(content, float):
        return f"{content:.12g}"
    if isinstance(content, (list, tuple)):
        return ", ".join(map(cell, content))
    return str(content)
