"""Frames in words, for `hesctl decode` and for the traces of lines and meters.

Frames that belong together come in their order: what one says is understood from those
before it, and an APDU is read when the last of its segments or blocks is there. A trace is
seen by more people than those who were there, so it is read without `reveal`: passwords,
challenges, keys and tokens are hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hesd.dialin.errors import DialInError
from hesd.dialin.event import Family
from hesd.dialin.explain_layer import (
    APDU,
    FOREIGN,
    HDLC,
    LOGIN,
    MODE_E,
    WRAPPER,
    framed_layer,
    guessed_layer,
    hdlc_octets,
)
from hesd.dialin.explain_login import explain_foreign, explain_login, is_login
from hesd.dialin.explain_summary import summary_of
from hesd.dialin.recognise import wrapper_payload
from hesd.dialin.unit_reader import Unit, UnitKind, UnitReader
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import FrameError, OpeningError
from hesd.dlms.explain import APDUReader
from hesd.dlms.explain_ciphered import GivenKeys
from hesd.dlms.explain_data import leaves
from hesd.dlms.explain_hdlc import SegmentJoiner, explain_hdlc
from hesd.dlms.explain_mode_e import explain_mode_e
from hesd.dlms.explain_request import explain_gmac
from hesd.dlms.hdlc_frame import decode_frame
from hesd.dlms.wrapper import DEFAULT_CAP, VERSION
from hesd.model.errors import ProtocolError

LAYERS: Final = (HDLC, WRAPPER, APDU, LOGIN)
_KINDS: Final = {
    HDLC: (UnitKind.HDLC,),
    WRAPPER: (UnitKind.WRAPPER,),
    LOGIN: (UnitKind.WRAPPER, UnitKind.FAMILY_H, UnitKind.LINE, UnitKind.ALARM),
}
_FOREIGN_LAYERS: Final = {"M-Bus": "mbus", "DL/T 645": "dlt645"}
_FAMILIES: Final = frozenset(Family)
# A reader takes no more than so many units at once.
_PIECE: Final = 2048


@dataclass(slots=True)
class Explanation:
    """What frames say. With an `error` those before the refused one are still explained."""

    layer: str
    frames: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    apdu: str | None = None
    values: list[Any] = field(default_factory=list)
    named: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """`layer`, `frames`, and where there are any `apdu`, `meter`, `family`, `obis`, `class_id`,
        `attribute` or `method`, `values` and `error`.
        """
        found: dict[str, Any] = {"layer": self.layer, "frames": self.frames}
        if self.apdu is not None:
            found["apdu"] = self.apdu
        found |= self.named
        found["values"] = self.values
        return found if self.error is None else {**found, "error": self.error}


def explain(
    frames: Sequence[bytes],
    layer: str | None = None,
    keys: GivenKeys | None = None,
    *,
    reveal: bool = True,
) -> Explanation:
    """The frames in words; of which `layer` they are is found out where it is not said."""
    stream = b"".join(frames)
    if layer is None:
        first = next((found for each in (*frames, stream) if (found := framed_layer(each))), None)
        layer = first or guessed_layer(stream) or APDU
    reader = _FrameReader(layer, keys, reveal)
    try:
        reader.read(frames)
    except ProtocolError as refusal:
        reader.found.error = str(refusal)
    return reader.finish()


def explain_frame(octets: bytes, layer: str | None = None, keys: GivenKeys | None = None) -> dict[str, Any]:
    """One frame of a trace as `Explanation.as_json` has it, with a `summary` and without secrets.

    Never raises: what is refused has its `error`.
    """
    found = explain([octets], layer, keys, reveal=False)
    return {**found.as_json(), "summary": _summary(found)}


def summary(octets: bytes, layer: str | None = None) -> str:
    """A frame in one line: ``GET request 1-0:1.8.0 attribute 2``. Never raises."""
    return _summary(explain([octets], layer, reveal=False))


def _summary(found: Explanation) -> str:
    lines = [summary_of(frame) for frame in found.frames]
    if found.error is not None:
        lines.append(f"refused: {found.error}")
    return "; ".join(lines) or "nothing"


class _FrameReader:
    def __init__(self, layer: str, keys: GivenKeys | None, reveal: bool) -> None:
        self.found = Explanation(layer)
        self._reveal = reveal
        self._apdus = APDUReader(keys, reveal=reveal)
        self._segments = SegmentJoiner()

    def read(self, frames: Sequence[bytes]) -> None:
        """Raises `ProtocolError`."""
        if not any(frames):
            raise FrameError("there is no frame in it")
        if self.found.layer == APDU:
            for each in frames:
                self._bare(each)
        elif self.found.layer == MODE_E:
            self._mode_e(b"".join(frames))
        elif self.found.layer == FOREIGN:
            self._foreign(b"".join(frames))
        else:
            self._stream(frames)

    def finish(self) -> Explanation:
        """With what all frames said together."""
        found, said = self.found, self._apdus.findings
        found.apdu = said.apdu
        found.values = [*leaves(said.selection), *said.values] if said.selection else said.values
        for frame in found.frames:
            found.named |= {name: frame[name] for name in ("family", "meter") if name in frame}
        if len(set(said.told)) == 1:
            found.named["obis"] = said.told[0]
        if len(set(said.objects)) == 1:
            (each, *_) = said.objects
            found.named |= {"obis": str(each.instance), "class_id": each.class_id}
            if isinstance(each, AttributeDescriptor):
                found.named["attribute"] = each.attribute
            else:
                found.named["method"] = each.method
        return found

    def _begin(self, layer: str, fields: dict[str, Any]) -> dict[str, Any]:
        """A frame that is explained as far as this, whatever comes of what is in it."""
        frame = {"layer": layer, **fields}
        self.found.frames.append(frame)
        return frame

    def _bare(self, octets: bytes) -> None:
        proof = explain_gmac(octets)
        if proof is not None:
            self._begin(APDU, {"kind": "answer to an HLS-GMAC challenge", **proof})
            return
        fields: dict[str, Any] = {}
        try:
            self._apdus.read(octets, fields)
        finally:
            if fields:
                self._begin(APDU, fields)

    def _mode_e(self, octets: bytes) -> None:
        messages = explain_mode_e(octets)
        if not messages:
            raise OpeningError("no message of IEC 62056-21")
        for message in messages:
            self._begin(MODE_E, message)

    def _foreign(self, octets: bytes) -> None:
        fields = explain_foreign(octets)
        if fields is None:
            raise DialInError("a protocol that is not known")
        self.found.layer = _FOREIGN_LAYERS[fields["family"]]
        self._begin(self.found.layer, fields)
        raise DialInError(f"{fields['family']} is an unsupported protocol")

    def _stream(self, frames: Sequence[bytes]) -> None:
        reader = UnitReader(_FAMILIES, max(DEFAULT_CAP, sum(map(len, frames))))
        if self.found.layer == HDLC:
            frames = [hdlc_octets(each) or each for each in frames]
        for each in frames:
            for start in range(0, len(each), _PIECE):
                self._units(reader.feed(each[start : start + _PIECE]))
        self._units(reader.settle())
        rest = reader.pending.strip(b"\x7e\r\n")
        if rest:
            raise FrameError(f"the last frame ends too early: {len(rest)} octets of it are there")
        if not self.found.frames:
            raise FrameError("there is no frame in it")

    def _units(self, units: Sequence[Unit]) -> None:
        for unit in units:
            if unit.kind in (UnitKind.NOISE, UnitKind.REFUSED):
                raise FrameError(unit.reason)
            if not self.found.frames and unit.kind not in _KINDS[self.found.layer]:
                raise FrameError(f"this is not of the layer {self.found.layer}")
            self._unit(unit)

    def _unit(self, unit: Unit) -> None:
        if unit.kind is UnitKind.HDLC:
            self._hdlc(unit)
        elif unit.kind is UnitKind.APDU:
            self._bare(unit.octets)
        elif unit.kind is UnitKind.WRAPPER and not is_login(wrapper_payload(unit)):
            self._wrapper(unit)
        elif unit.kind in _KINDS[LOGIN]:
            self._begin(LOGIN, explain_login(unit))
        else:
            self._foreign(unit.octets)

    def _wrapper(self, unit: Unit) -> None:
        wpdu = wrapper_payload(unit)
        ports = {"source_wport": wpdu.source, "destination_wport": wpdu.destination}
        frame = self._begin(WRAPPER, {"version": VERSION, **ports, "length": len(wpdu.apdu)})
        self._apdus.read(wpdu.apdu, frame)

    def _hdlc(self, unit: Unit) -> None:
        read = decode_frame(unit.octets[1:-1])
        frame = self._begin(HDLC, explain_hdlc(read))
        apdu, joined = self._segments.join(read)
        if apdu is None:
            return
        if joined and self._reveal:
            frame["reassembled_apdu"] = apdu.hex()
        self._apdus.read(apdu, frame)
