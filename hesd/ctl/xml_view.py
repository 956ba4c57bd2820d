"""Frames as the XML of gurux-dlms, which other DLMS tools read too.

Nothing else of hesd's commands needs that library, so it is loaded when it is asked for. It
takes junk with any exception and verifies no tag: it is given only what was understood here
before, deciphered APDUs beside the ciphered ones.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from hesd.dialin.explain import Explanation
from hesd.dialin.explain_layer import APDU, HDLC, WRAPPER, hdlc_octets
from hesd.dlms.hdlc_frame import FrameReader, HDLCFrame
from hesd.dlms.wrapper import MAX_APDU, WPDU, WPDUReader

_LAYERS: Final = (HDLC, WRAPPER, APDU)
_INSIDE: Final = ("reassembled_apdu", "plaintext")
_NESTED: Final = ("user_information", "content")


def to_xml(frames: Sequence[bytes], explanation: Explanation) -> str:
    """The frames one after the other, each followed by the APDUs that were joined or deciphered.

    Raises `click.ClickException` without gurux-dlms, and for what it cannot show.
    """
    if explanation.layer not in _LAYERS:
        raise click.ClickException(f"frames of the layer {explanation.layer} have no XML")
    try:
        from gurux_dlms import GXByteBuffer, GXDLMSTranslator
    except ImportError:
        raise click.ClickException("--xml needs the package gurux-dlms, which is not installed") from None
    return "\n".join(
        _xml(GXDLMSTranslator(), GXByteBuffer(bytearray(octets)), is_apdu)
        for octets, is_apdu in _shown(frames, explanation)
    )


def _xml(translator: Any, buffer: Any, is_apdu: bool) -> str:
    try:
        # It tells standard output of every frame it deciphers.
        with contextlib.redirect_stdout(io.StringIO()):
            shown = translator.pduToXml(buffer) if is_apdu else translator.messageToXml(buffer)
    except Exception as problem:
        raise click.ClickException(f"gurux-dlms cannot show this: {problem}") from problem
    # What it does not understand, like the last of several segments, would be no XML.
    return str(shown).strip().replace('<Data="', '<Data Value="')


def _shown(frames: Sequence[bytes], explanation: Explanation) -> Iterator[tuple[bytes, bool]]:
    """Octets, and whether they are an APDU without a frame."""
    if explanation.layer == APDU:
        yield from ((each, True) for each in frames)
    elif explanation.layer == HDLC:
        found = FrameReader().feed(b"".join(hdlc_octets(each) or each for each in frames))
        yield from ((each.encode(), False) for each in found if isinstance(each, HDLCFrame))
    else:
        wpdus = WPDUReader(MAX_APDU).feed(b"".join(frames))
        yield from ((each.encode(), False) for each in wpdus if isinstance(each, WPDU))
    for fields in explanation.frames:
        yield from ((octets, True) for octets in _inside(fields))


def _inside(fields: dict[str, Any]) -> Iterator[bytes]:
    yield from (bytes.fromhex(fields[name]) for name in _INSIDE if name in fields)
    for name in _NESTED:
        if name in fields:
            yield from _inside(fields[name])
