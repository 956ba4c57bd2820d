"""What takes hostile bytes of all that a stranger can reach, see `tests.hostile`."""

from __future__ import annotations

from hesd.dialin import family_h, family_w
from hesd.dialin.dsmr4_alarm import decode_alarm
from hesd.dialin.event import Layer
from hesd.dialin.inverted import RegistrationServer
from hesd.dialin.recognise import Rules
from hesd.dialin.separate import Separator
from hesd.dialin.sniff import Sniffer
from hesd.dlms.wrapper import WPDU
from tests.dlms.vectors import VECTORS, octets
from tests.hostile import Target

_RULES = Rules()
_STREAMS = tuple(
    octets(name)
    for name, vector in VECTORS.items()
    if vector["layer"] in ("login", "raw", "sniff", "stream", "mbus", "wrapper", "hdlc")
)
_LOGINS = tuple(octets(name) for name, vector in VECTORS.items() if vector["layer"] in ("login", "raw"))
_ASKING = tuple(
    octets(name)
    for name, vector in VECTORS.items()
    if name.startswith(("hdlc-snrm", "hdlc-aarq", "req-")) or vector["layer"] == "acse"
)
_HEARTBEAT = octets("familyW-heartbeat-11d")


def _take_sniffer(data: bytes) -> None:
    third = len(data) // 3
    sniffer = Sniffer(_RULES)
    for piece in (data[:third], data[third:]):
        sniffer.feed(piece)
    sniffer.settle()
    sniffer.feed(data)


def _take_separator(data: bytes) -> None:
    third = len(data) // 3
    for layer in (Layer.WRAPPER, Layer.HDLC):
        separator = Separator(layer, _RULES)
        for piece in (_HEARTBEAT, data[:third], data[third:]):
            separator.feed(piece)
        separator.settle()


def _take_login(data: bytes) -> None:
    if data[:1] == b"\x8e":
        frame = family_h.decode_frame(data)
        if frame.encode() != data:
            raise AssertionError(frame)
    elif data[:2] == b"\x00\x01":
        family_w.decode_payload(WPDU(1, 1, data[8:]))
    else:
        decode_alarm(data)


def _take_inverted(data: bytes) -> None:
    for layer in (Layer.WRAPPER, Layer.HDLC):
        server = RegistrationServer(layer)
        if layer is Layer.HDLC:
            server.receive(octets("hdlc-snrm-4857"))
        for piece in (data, WPDU(1, 1, data[:2000]).encode()):
            server.receive(piece)
        server.data_to_send()


TARGETS = {
    "sniffer": Target(_STREAMS, _take_sniffer),
    "separator": Target(_STREAMS, _take_separator),
    "login": Target(_LOGINS, _take_login),
    "inverted": Target(_ASKING, _take_inverted),
}
