"""`hesctl decode`: frames explained."""

from __future__ import annotations

import string
from typing import Any, Final

import click

from hesd.ctl.printing import cell, json_option, print_fields, print_json
from hesd.modbus.explain import RTU, TCP, Explanation, explain

_SEPARATORS: Final = str.maketrans("", "", string.whitespace + ":-,")
_SHORTEST_FRAME: Final = 4
_SHOWN_APART: Final = ("kind", "function", "registers", "read_as", "objects")


class Frame(click.ParamType[bytes]):
    """Bytes as hex, in the ways they are found in logs: ``01 04 00``, ``01:04:00``, ``0x010400``."""

    name = "HEX"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        digits = value.translate(_SEPARATORS).lower().removeprefix("0x")
        try:
            return bytes.fromhex(digits)
        except ValueError:
            self.fail(f"{value!r} is not a row of bytes as hex", param, ctx)


@click.command()
@click.option("--layer", type=click.Choice(["auto", RTU, TCP]), default="auto", show_default=True)
@click.argument("frames", metavar="HEX...", type=Frame(), nargs=-1, required=True)
@json_option
def command(layer: str, frames: tuple[bytes, ...], as_json: bool) -> None:
    """Explain frames, each given as hex; one may be given byte by byte.

    Frames that belong together are given in order: a reply after its request has the
    addresses of its registers. A refused frame is an error, with the reason.
    """
    if all(len(frame) < _SHORTEST_FRAME for frame in frames):
        frames = (b"".join(frames),)
    explanation = explain(frames, None if layer == "auto" else layer)
    if as_json:
        print_json(_result(explanation))
    else:
        _print(explanation)
    if explanation.error:
        raise click.ClickException(explanation.error)


def _result(explanation: Explanation) -> dict[str, Any]:
    result: dict[str, Any] = {"layer": explanation.layer, "frames": explanation.frames}
    if explanation.registers:
        result["registers"] = explanation.registers
    result["values"] = explanation.values
    if explanation.error:
        result["error"] = explanation.error
    return result


def _print(explanation: Explanation) -> None:
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
