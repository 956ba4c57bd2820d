"""Answers for meters that act as the client: they are registered, and served nothing.

Some meters open the conversation themselves, with SNRM and AARQ, as if the head end were
the meter. A listener with ``meter_initiated = answer`` lets them: UA and AARE are given, so
that the meter goes on and can be recognised, and notifications are taken. There is not one
object to be read, and nothing here authenticates anybody: a password in the AARQ is
dropped unseen. Commands need an association of our own on the same connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hesd.dialin.event import Layer
from hesd.dlms import acse, action, ciphered, get, notification, set, short_name
from hesd.dlms.acse import AARE, AARQ, RLRE, AssociationResult, Context, Diagnostic, Mechanism
from hesd.dlms.conformance import Conformance
from hesd.dlms.errors import DLMSError
from hesd.dlms.exception import ExceptionResponse, ServiceError, StateError
from hesd.dlms.hdlc_frame import FrameKind, FrameReader, HDLCFrame
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.initiate import InitiateResponse, decode_initiate_request
from hesd.dlms.link import DiscardReason, FrameDiscarded, PDUReceived, PushReceived, Role
from hesd.dlms.wrapper import StreamBroken, WPDUReader, encode_wpdu

MAX_APDU: Final = 2048
_REQUESTS: Final = (get.REQUEST, set.REQUEST, action.REQUEST)
_REFUSED: Final = frozenset(
    (
        *_REQUESTS,
        short_name.READ_REQUEST,
        short_name.WRITE_REQUEST,
        *(tag for tag, plain in ciphered.GLOBAL_TAGS.items() if plain in _REQUESTS),
        *(tag for tag, plain in ciphered.DEDICATED_TAGS.items() if plain in _REQUESTS),
    )
)
_NOTIFICATIONS: Final = (
    notification.DATA_NOTIFICATION,
    notification.EVENT_NOTIFICATION,
    short_name.INFORMATION_REPORT,
    ciphered.GENERAL_GLO_CIPHERING,
    ciphered.GENERAL_DED_CIPHERING,
    ciphered.GENERAL_CIPHERING,
)
_NOT_ALLOWED: Final = ExceptionResponse(
    StateError.SERVICE_NOT_ALLOWED, ServiceError.OPERATION_NOT_POSSIBLE
).encode()
_ANSWERED_MECHANISMS: Final = (Mechanism.NONE, Mechanism.LLS)


@dataclass(frozen=True, slots=True)
class AssociationAsked:
    """A meter sent AARQ. `calling_ap_title` may be its system title: a claim, not a proof."""

    mechanism: Mechanism
    calling_ap_title: bytes | None
    accepted: bool


@dataclass(frozen=True, slots=True)
class ReleaseAsked:
    """A meter sent RLRQ."""


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """A meter asked for an object, by a service of this tag."""

    tag: int


@dataclass(frozen=True, slots=True)
class NotificationReceived:
    """A push within the meter's own conversation; `pdu` is the APDU."""

    pdu: bytes


InvertedEvent = AssociationAsked | ReleaseAsked | RequestRefused | NotificationReceived | FrameDiscarded


class RegistrationServer:
    """The server's part on one connection, for the frames of `MeterInitiated` and `LinkOctets`."""

    def __init__(self, layer: Layer) -> None:
        self._line: _HDLCServer | _WrapperServer = _HDLCServer() if layer is Layer.HDLC else _WrapperServer()

    def receive(self, octets: bytes) -> list[InvertedEvent]:
        """What the meter wants; the answers are in `data_to_send`."""
        events: list[InvertedEvent] = []
        for found in self._line.receive(octets):
            if isinstance(found, FrameDiscarded):
                events.append(found)
                continue
            answer, event = _answer(found)
            self._line.answer(answer)
            if event is not None:
                events.append(event)
        return events

    def data_to_send(self) -> bytes:
        """The octets to put on the wire now; each is given once."""
        return self._line.data_to_send()


def _answer(pdu: bytes) -> tuple[bytes | None, InvertedEvent | None]:
    tag = pdu[0] if pdu else None
    if tag == acse.AARQ_TAG:
        return _associate(pdu)
    if tag == acse.RLRQ_TAG:
        return RLRE().encode(), ReleaseAsked()
    if tag in _NOTIFICATIONS:
        return None, NotificationReceived(pdu)
    if tag in _REFUSED:
        return _NOT_ALLOWED, RequestRefused(tag)
    return None, None


def _associate(pdu: bytes) -> tuple[bytes | None, InvertedEvent | None]:
    try:
        aarq = acse.decode_aarq(pdu)
        diagnostic = _objection(aarq)
        conformance = Conformance(0)
        if diagnostic is Diagnostic.NULL:
            conformance = decode_initiate_request(aarq.user_information).conformance & Conformance.GET
    except DLMSError:
        return _NOT_ALLOWED, RequestRefused(acse.AARQ_TAG)
    accepted = diagnostic is Diagnostic.NULL
    result = AssociationResult.ACCEPTED if accepted else AssociationResult.REJECTED_PERMANENT
    information = InitiateResponse(conformance, MAX_APDU).encode() if accepted else None
    aare = AARE(Context.LOGICAL_NAMES, result, diagnostic, information)
    return aare.encode(), AssociationAsked(aarq.mechanism, aarq.calling_ap_title, accepted)


def _objection(aarq: AARQ) -> Diagnostic:
    """Only what needs no key can be answered."""
    if aarq.context is not Context.LOGICAL_NAMES:
        return Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED
    if aarq.mechanism not in _ANSWERED_MECHANISMS:
        return Diagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED
    return Diagnostic.NULL


class _WrapperServer:
    """Answers go back between the ports their requests came from."""

    def __init__(self) -> None:
        self._reader = WPDUReader(MAX_APDU)
        self._ports = (1, 1)
        self._out: list[bytes] = []

    def receive(self, octets: bytes) -> Iterator[bytes | FrameDiscarded]:
        for frame in self._reader.feed(octets):
            if isinstance(frame, StreamBroken):
                yield FrameDiscarded(frame.reason, frame.octets)
            else:
                self._ports = frame.destination, frame.source
                yield frame.apdu

    def answer(self, pdu: bytes | None) -> None:
        if pdu is not None:
            self._out.append(encode_wpdu(*self._ports, pdu))

    def data_to_send(self) -> bytes:
        octets = b"".join(self._out)
        self._out.clear()
        return octets


class _HDLCServer:
    """A link for whatever address the meter calls; a call to another address starts a new one."""

    def __init__(self) -> None:
        self._frames = FrameReader()
        self._link: HDLCLink | None = None
        self._out = b""

    def receive(self, octets: bytes) -> Iterator[bytes | FrameDiscarded]:
        for frame in self._frames.feed(octets):
            if isinstance(frame, FrameDiscarded):
                yield frame
                continue
            self._take_call(frame)
            if self._link is None:
                yield FrameDiscarded(DiscardReason.UNEXPECTED, frame.encode())
                continue
            for event in self._link.receive(frame.encode()):
                if isinstance(event, PDUReceived | PushReceived):
                    yield event.pdu
                elif isinstance(event, FrameDiscarded):
                    yield event

    def _take_call(self, frame: HDLCFrame) -> None:
        if frame.kind is FrameKind.SNRM and (self._link is None or self._link.own != frame.destination):
            self._out = self.data_to_send()
            self._link = HDLCLink(Role.SERVER, frame.destination, None, max_pdu=MAX_APDU)

    def answer(self, pdu: bytes | None) -> None:
        if self._link is None or not self._link.is_open:
            return
        if pdu is None:
            self._link.acknowledge()
        else:
            self._link.send(pdu)

    def data_to_send(self) -> bytes:
        octets, self._out = self._out, b""
        return octets + (self._link.data_to_send() if self._link else b"")
