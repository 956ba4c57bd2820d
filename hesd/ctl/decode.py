"""`hesctl decode`: frames explained."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any, Final

import click

from hesd.ctl.decode_layer import STS, is_typed_token, layer_of
from hesd.ctl.decode_text import print_frames, print_modbus
from hesd.ctl.decode_token import explain_token
from hesd.ctl.printing import json_option, print_json
from hesd.ctl.xml_view import to_xml
from hesd.dialin import explain as dialin
from hesd.dlms.explain_ciphered import GivenKeys
from hesd.dlms.security import TITLE_LENGTH, Suite
from hesd.modbus import explain as modbus

_SEPARATORS: Final = str.maketrans("", "", string.whitespace + ":-,")
_SHORTEST_FRAME: Final = 4
_MODBUS: Final = (modbus.RTU, modbus.TCP)
_LAYERS: Final = ("auto", *dialin.LAYERS, *_MODBUS, STS)
_KEY_LENGTHS: Final = tuple(sorted({suite.key_length for suite in Suite}))
_ODD: Final = "an octet has two digits in hex: one is missing, or one is too many"


class Hex(click.ParamType[str]):
    """Digits as they are found in logs: ``01 04 00``, ``01:04:00``, ``0x010400``."""

    name = "HEX"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        digits: str = value.translate(_SEPARATORS).lower().removeprefix("0x")
        if not set(digits) <= set(string.hexdigits):
            self.fail(f"{value!r} is not a row of bytes as hex", param, ctx)
        return digits


class SecretHex(click.ParamType[bytes]):
    """Octets as hex, or ``@file`` that has them; what is wrong with them is told without them."""

    name = "HEX|@FILE"

    def __init__(self, *lengths: int) -> None:
        self._lengths = lengths

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        try:
            text = Path(value[1:]).read_text("ascii") if value.startswith("@") else value
            octets = bytes.fromhex(text.translate(_SEPARATORS))
        except OSError as problem:
            self.fail(f"{value[1:]}: {problem.strerror}", param, ctx)
        except ValueError:
            self.fail("this is not hex", param, ctx)
        if len(octets) not in self._lengths:
            wanted = " or ".join(map(str, self._lengths))
            self.fail(f"{wanted} octets are needed, {len(octets)} are given", param, ctx)
        return octets


@click.command()
@click.option("--layer", type=click.Choice(_LAYERS), default="auto", show_default=True)
@click.option("--key", type=SecretHex(*_KEY_LENGTHS), help="The encryption key; @FILE keeps it out of sight.")
@click.option("--auth-key", type=SecretHex(*_KEY_LENGTHS), help="The authentication key.")
@click.option("--system-title", type=SecretHex(TITLE_LENGTH), help="The sender's, where no frame says it.")
@click.option("--xml", "as_xml", is_flag=True, help="Print DLMS frames as the XML of gurux-dlms.")
@click.argument("frames", metavar="HEX...", type=Hex(), nargs=-1, required=True)
@json_option
def command(
    layer: str,
    key: bytes | None,
    auth_key: bytes | None,
    system_title: bytes | None,
    as_xml: bool,
    frames: tuple[str, ...],
    as_json: bool,
) -> None:
    """Explain frames, each given as hex; one may be given byte by byte.

    Frames that belong together are given in order: a reply after its request has the
    addresses of its registers, segments and blocks are joined. With its keys a ciphered APDU
    is opened and its tag verified. A prepayment token is given as its digits. A refused
    frame is an error, with the reason.
    """
    if key is None and (auth_key or system_title):
        raise click.UsageError("--auth-key and --system-title are for use with --key")
    keys = None if key is None else GivenKeys(key, auth_key, system_title)
    explanation = _explain(layer, frames, keys)
    xml = _xml(frames, explanation) if as_xml and not explanation.error else None
    if as_json:
        print_json(_result(explanation) | ({} if xml is None else {"xml": xml}))
    elif xml is not None:
        click.echo(xml)
    elif isinstance(explanation, modbus.Explanation):
        print_modbus(explanation)
    else:
        print_frames(explanation)
    if explanation.error:
        raise click.ClickException(explanation.error)


def _explain(
    layer: str, typed: tuple[str, ...], keys: GivenKeys | None
) -> dialin.Explanation | modbus.Explanation:
    if layer == STS or (layer == "auto" and is_typed_token("".join(typed))):
        return explain_token("".join(typed))
    frames = _octets(typed)
    layer = layer_of(frames) if layer == "auto" else layer
    if layer == STS:
        return explain_token(b"".join(frames).hex().rstrip("f"))
    if layer in _MODBUS:
        return modbus.explain(frames, layer)
    return dialin.explain(frames, layer, keys)


def _octets(typed: tuple[str, ...]) -> list[bytes]:
    """The frames; nothing but a frame byte by byte comes in so small pieces."""
    if any(len(digits) % 2 for digits in typed):
        raise click.BadParameter(_ODD, param_hint="HEX")
    frames = list(map(bytes.fromhex, typed))
    return [b"".join(frames)] if all(len(frame) < _SHORTEST_FRAME for frame in frames) else frames


def _xml(typed: tuple[str, ...], explanation: dialin.Explanation | modbus.Explanation) -> str:
    if isinstance(explanation, modbus.Explanation):
        raise click.ClickException("Modbus frames have no XML")
    return to_xml(_octets(typed), explanation)


def _result(explanation: dialin.Explanation | modbus.Explanation) -> dict[str, Any]:
    if isinstance(explanation, dialin.Explanation):
        return explanation.as_json()
    result: dict[str, Any] = {"layer": explanation.layer, "frames": explanation.frames}
    if explanation.registers:
        result["registers"] = explanation.registers
    result["values"] = explanation.values
    if explanation.error:
        result["error"] = explanation.error
    return result
