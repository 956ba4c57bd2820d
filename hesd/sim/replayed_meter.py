"""Meters that say again what a saved trace has them say: a conversation in the field, on a desk.

A request is known by its APDU, apart from its invoke id, and answered with what was said
after it, under the invoke id it has now. A trace that holds the same request several times
is gone through in its order, which is how blocks of one answer follow each other. A request
that was left without an answer is left so again. What is not in the trace is answered with
an exception-response; but whoever wants to associate in clear is let in, for traces seldom go
back that far, and passwords are blanked in them.

The links are real ones: sequence numbers and segments are theirs, not the trace's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from hesd.dialin.explain_login import is_login
from hesd.dialin.separate import NOTIFICATIONS
from hesd.dlms import acse, action, ciphered, get, set
from hesd.dlms.acse import AARE, AARE_TAG, AARQ_TAG, AssociationResult, Diagnostic
from hesd.dlms.errors import DLMSError
from hesd.dlms.exception import ExceptionResponse, ServiceError, StateError
from hesd.dlms.explain_hdlc import SegmentJoiner
from hesd.dlms.hdlc_address import ServerAddress, address_number
from hesd.dlms.hdlc_frame import FLAG, decode_frame
from hesd.dlms.initiate import InitiateResponse, decode_initiate_request
from hesd.dlms.server_association import vaa_name
from hesd.dlms.wrapper import WPDU, WPDUReader
from hesd.links.flight_recorder import RecordedFrame
from hesd.links.redaction import redacted
from hesd.links.saved_trace import TraceError
from hesd.sim.dlms_plant import Framing
from hesd.sim.faults import Faults

_UNKNOWN: Final = ExceptionResponse(StateError.SERVICE_UNKNOWN, ServiceError.SERVICE_NOT_SUPPORTED)
_ASSOCIATING: Final = bytes((AARQ_TAG,))
# Those with an invoke id, as their third octet.
_INVOKING: Final = (get.REQUEST, get.RESPONSE, set.REQUEST, set.RESPONSE, action.REQUEST, action.RESPONSE)
_INVOKE: Final = 2
_CIPHERED: Final = frozenset(
    (
        *ciphered.GLOBAL_TAGS,
        *ciphered.DEDICATED_TAGS,
        ciphered.GENERAL_GLO_CIPHERING,
        ciphered.GENERAL_DED_CIPHERING,
        ciphered.GENERAL_CIPHERING,
    )
)


@dataclass(slots=True)
class Exchange:
    """A request, without its invoke id, and the APDUs that came before the next one."""

    request: bytes
    answers: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReplayedTrace:
    """Meters by their address as `hesd.sim.dlms_stream.Meters` has it, and what they speak on."""

    framing: Framing
    meters: Mapping[int | None, ReplayedMeter]


class ReplayedMeter:
    """One logical device, with the exchanges each client had with it."""

    turnaround = 0.0

    def __init__(self, server_sap: int, exchanges: Mapping[int, Sequence[Exchange]]) -> None:
        self.faults: Faults = {}
        self.server_sap = server_sap
        self._exchanges = exchanges

    def client(self, sap: int, random: Random) -> ReplayedClient:  # noqa: ARG002  # nothing is left to chance
        """Begins at the beginning of the trace."""
        return ReplayedClient(self._exchanges.get(sap, ()))


class ReplayedClient:
    """Gives the answers of a trace, from the request it was at last."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges
        self._next = 0

    def receive(self, pdu: bytes) -> list[bytes]:
        """The APDUs that were said after this one."""
        if not pdu:
            return []
        request = _known_by(redacted(pdu, False)[0])
        count = len(self._exchanges)
        for number in (*range(self._next, count), *range(self._next)):
            if self._exchanges[number].request == request:
                self._next = number + 1
                return [_under(pdu, answer) for answer in self._exchanges[number].answers]
        return [_admitted(pdu) if request == _ASSOCIATING else _UNKNOWN.encode()]


def replayed(frames: Iterable[RecordedFrame]) -> ReplayedTrace:
    """The meters of a trace.

    Raises `TraceError` for one that is ciphered or proved by a challenge, since neither can be
    said twice, and for one without a request in it.
    """
    framing: Framing = "wrapper"
    spoken: dict[int | None, dict[int, list[Exchange]]] = defaultdict(lambda: defaultdict(list))
    saps: dict[int | None, int] = {}
    for said in _said(frames):
        _refuse_unrepeatable(said.apdu)
        if saps.setdefault(said.address, said.server_sap) != said.server_sap:
            raise TraceError(f"two logical devices at address {said.address}")
        framing = said.framing
        exchanges = spoken[said.address][said.client]
        if said.sent:
            exchanges.append(Exchange(_known_by(said.apdu)))
        elif exchanges and said.apdu[0] not in NOTIFICATIONS:
            exchanges[-1].answers.append(said.apdu)
    if not any(exchanges for clients in spoken.values() for exchanges in clients.values()):
        raise TraceError("no request can be found in this trace")
    return ReplayedTrace(
        framing, {address: ReplayedMeter(saps[address], clients) for address, clients in spoken.items()}
    )


@dataclass(frozen=True, slots=True)
class _Said:
    framing: Framing
    sent: bool
    client: int
    address: int | None
    server_sap: int
    apdu: bytes


def _said(frames: Iterable[RecordedFrame]) -> Iterator[_Said]:
    """Whole APDUs in their order; frames that are none, or only the beginning of one, are left out."""
    joiner = SegmentJoiner()
    for frame in frames:
        try:
            found = _in_hdlc(frame, joiner) if frame.octets[:1] == bytes((FLAG,)) else _in_wrapper(frame)
        except DLMSError:
            continue
        if found is not None and found.apdu:
            yield found


def _in_hdlc(frame: RecordedFrame, joiner: SegmentJoiner) -> _Said | None:
    """Raises `DLMSError` for what is no frame, or not what comes next."""
    read = decode_frame(frame.octets[1:-1])
    apdu, _ = joiner.join(read)
    if apdu is None:
        return None
    client, server = (read.source, read.destination) if frame.sent else (read.destination, read.source)
    address = ServerAddress.from_octets(server)
    return _Said("hdlc", frame.sent, address_number(client), address.physical, address.logical, apdu)


def _in_wrapper(frame: RecordedFrame) -> _Said | None:
    found = WPDUReader().feed(frame.octets)
    if not found or not isinstance(found[0], WPDU) or is_login(found[0]):
        return None
    source, destination = found[0].source, found[0].destination
    client, server = (source, destination) if frame.sent else (destination, source)
    return _Said("wrapper", frame.sent, client, server, server, found[0].apdu)


def _refuse_unrepeatable(apdu: bytes) -> None:
    """Raises `TraceError`."""
    try:
        aare = acse.decode_aare(apdu) if apdu[0] == AARE_TAG else None
    except DLMSError:
        return  # it is replayed as it was
    if apdu[0] in _CIPHERED or (aare is not None and aare.context.is_ciphered):
        raise TraceError("a ciphered conversation cannot be replayed: its counters hold only once")
    if aare is not None and aare.mechanism.is_high:
        raise TraceError("an association proved by a challenge cannot be replayed: the next one is another")


def _known_by(request: bytes) -> bytes:
    """A request without its invoke id; that for an association without all that is proposed in it."""
    if request[0] == AARQ_TAG:
        return _ASSOCIATING
    if request[0] not in _INVOKING:
        return request
    return request[:_INVOKE] + request[_INVOKE + 1 :]


def _under(request: bytes, answer: bytes) -> bytes:
    """An answer with the invoke id of the request it is to."""
    if request[0] not in _INVOKING or answer[0] not in _INVOKING:
        return answer
    return answer[:_INVOKE] + request[_INVOKE : _INVOKE + 1] + answer[_INVOKE + 1 :]


def _admitted(pdu: bytes) -> bytes:
    """What lets a client in, with all the services it proposes."""
    try:
        aarq = acse.decode_aarq(pdu)
        proposed = decode_initiate_request(aarq.user_information)
    except DLMSError:
        return _UNKNOWN.encode()
    response = InitiateResponse(proposed.conformance, proposed.max_pdu, vaa_name(aarq.context))
    aare = AARE(aarq.context, AssociationResult.ACCEPTED, Diagnostic.NULL, response.encode())
    return aare.encode()
