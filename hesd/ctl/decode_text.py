"""What frames say, printed for people."""

from __future__ import annotations

from typing import Any, Final

import click

from hesd.ctl.printing import cell, print_fields
from hesd.dialin.explain import Explanation
from hesd.dialin.explain_summary import summary_of
from hesd.modbus import explain as modbus

_SHOWN_APART: Final = ("kind", "function", "registers", "read_as", "objects")
_INDENT: Final = "  "


def print_modbus(explanation: modbus.Explanation) -> None:
    """Frames with the registers in them, one a line."""
    click.echo(explanation.layer)
    for frame in explanation.frames:
        click.echo(f"\n{frame['kind']}: {frame['function']}")
        print_fields({name: content for name, content in frame.items() if name not in _SHOWN_APART})
        print_fields(frame.get("objects", {}))
        _print_registers(frame)


def _print_registers(frame: dict[str, Any]) -> None:
    start = frame.get("starting_address")
    for offset, number in enumerate(frame.get("registers", ())):
        address = f"+{offset}" if start is None else str(start + offset)
        click.echo(f"  {address:>6}  {number:5}  {number:#06x}")
    for name, numbers in frame.get("read_as", {}).items():
        click.echo(f"  as {name}: {cell(numbers)}")


def print_frames(explanation: Explanation) -> None:
    """Every frame under its summary, what is in it indented."""
    click.echo(explanation.layer)
    for frame in explanation.frames:
        click.echo(f"\n{summary_of(frame)}")
        _print(frame, _INDENT)


def _print(fields: dict[str, Any], indent: str) -> None:
    shown = {name: content for name, content in fields.items() if name != "layer"}
    width = max((len(name) for name, content in shown.items() if not _is_nested(content)), default=0)
    for name, content in shown.items():
        label = name.replace("_", " ")
        if not _is_nested(content):
            if text := cell(content):
                click.echo(f"{indent}{label:{width}}  {text}")
            continue
        click.echo(f"{indent}{label}")
        for part in content if isinstance(content, list) else [content]:
            _print_part(part, indent + _INDENT)


def _is_nested(content: Any) -> bool:
    """Whether it takes lines of its own: a record, or a list that has records or lists in it."""
    if isinstance(content, list):
        return any(isinstance(part, list | dict) for part in content)
    return isinstance(content, dict)


def _print_part(part: Any, indent: str) -> None:
    if isinstance(part, dict):
        _print(part, indent)
    elif _is_nested(part):
        click.echo(f"{indent}-")
        for inner in part:
            _print_part(inner, indent + _INDENT)
    else:
        click.echo(f"{indent}{_row(part)}")


def _row(content: Any) -> str:
    """Values side by side; one that is not there keeps its place."""
    parts = content if isinstance(content, list) else [content]
    return ", ".join(cell(part) or "-" for part in parts)
