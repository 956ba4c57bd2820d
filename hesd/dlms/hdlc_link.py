"""Either end of an HDLC link: parameters, windows, sequence numbers, segments.

`hdlc_states` says which frame means what in which state; this file does it. The names
V(S), V(R), N(S), N(R) are those of ISO/IEC 13239.

An APDU is led in by the LLC header (IEC 62056-46, 5.3) and cut into segments of the
agreed size; only the first segment carries the header. An end that sent its window
full, or everything, sets the poll/final bit and waits to be given the turn again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hesd.dlms.errors import FrameError, LinkError
from hesd.dlms.hdlc_address import ALL_STATIONS, client_address
from hesd.dlms.hdlc_frame import FINAL, FrameKind, FrameReader, HDLCFrame, encode_frame
from hesd.dlms.hdlc_parameters import agree, decode_parameters, encode_parameters
from hesd.dlms.hdlc_push import LLC_COMMAND, LLC_RESPONSE, PushCollector, strip_llc
from hesd.dlms.hdlc_states import TABLES, Action, State
from hesd.dlms.link import (
    DEFAULT_PARAMETERS,
    MAX_PDU,
    ClosedReason,
    DiscardReason,
    FrameDiscarded,
    LinkClosed,
    LinkEvent,
    LinkOpened,
    LinkParameters,
    PDUReceived,
    Role,
)

_LLC: Final = {Role.CLIENT: LLC_COMMAND, Role.SERVER: LLC_RESPONSE}
_SNRM, _UA, _DISC, _DM, _FRMR, _UI, _RR = 0x93, 0x73, 0x53, 0x1F, 0x97, 0x03, 0x11
_EVERYBODY: Final = client_address(ALL_STATIONS)
_CONTROL_UNDEFINED: Final = 0x01  # the W bit of FRMR


class HDLCLink:
    """A `Link` over HDLC between two addresses, given as the octets on the wire.

    A server with `peer` None takes whichever client sends SNRM. `proposal` is what
    this end would like; after `LinkOpened`, `parameters` is what was agreed.
    """

    __slots__ = (
        "_max_pdu",
        "_may_speak",
        "_out",
        "_peer_busy",
        "_pushes",
        "_reader",
        "_segments",
        "_table",
        "_takes_any_client",
        "_unacknowledged",
        "_vr",
        "_vs",
        "_waiting",
        "own",
        "parameters",
        "peer",
        "proposal",
        "role",
        "state",
    )

    def __init__(
        self,
        role: Role,
        own: bytes,
        peer: bytes | None,
        proposal: LinkParameters = DEFAULT_PARAMETERS,
        max_pdu: int = MAX_PDU,
    ) -> None:
        self.role = role
        self.own = own
        self.peer = peer
        self._takes_any_client = peer is None
        self.proposal = proposal
        self.parameters = proposal
        self.state = State.CLOSED
        self._max_pdu = max_pdu
        self._table = TABLES[role]
        self._reader = FrameReader()
        self._pushes = PushCollector(max_pdu)
        self._out: list[bytes] = []
        self._reset()

    def _reset(self) -> None:
        self._vs = 0  # V(S): number of the next frame to send
        self._vr = 0  # V(R): number of the next frame to come
        self._unacknowledged: list[tuple[bytes, bool]] = []
        self._waiting: list[tuple[bytes, bool]] = []
        self._segments = bytearray()
        self._may_speak = self.role is Role.CLIENT
        self._peer_busy = False

    # -- requests ---------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        return self.state is State.CONNECTED

    def connect(self) -> None:
        """Send SNRM with our proposal (client). Raises `LinkError` unless the link is closed."""
        if self.role is not Role.CLIENT or self.state is not State.CLOSED:
            raise LinkError(f"a {self.role.value} cannot connect while {self.state.name}")
        self.state = State.CONNECTING
        self._send_snrm()

    def disconnect(self) -> None:
        """Send DISC (client). Raises `LinkError` unless the link is open."""
        if self.role is not Role.CLIENT or self.state is not State.CONNECTED:
            raise LinkError(f"a {self.role.value} cannot disconnect while {self.state.name}")
        self.state = State.DISCONNECTING
        self._send(_DISC)

    def send(self, pdu: bytes) -> None:
        """Send an APDU as soon as this end has the turn. Raises `LinkError` when not open."""
        if self.state is not State.CONNECTED:
            raise LinkError("the HDLC link is not open")
        self._waiting.extend(_segments(_LLC[self.role] + pdu, self.parameters.max_info_tx))
        self._transmit()

    def send_unnumbered(self, pdu: bytes) -> None:
        """Send an APDU outside the link, in one UI frame: a push, or a broadcast."""
        self._send(_UI, _LLC[self.role] + pdu)

    def acknowledge(self) -> None:
        """Give the turn back without an APDU: after a service that has no answer (server), or to
        hear more than was said so far (client)."""
        if self._may_speak and not self._waiting:
            self._send_supervisory()

    def timed_out(self) -> None:
        """The other end said nothing (client): ask again, in a way that repeats no command.

        An I frame that went unanswered is not sent blindly again: RR asks which frames
        arrived, and its answer makes the link send only what is missing.
        """
        if self.role is not Role.CLIENT:
            return
        if self.state is State.CONNECTING:
            self._send_snrm()
        elif self.state is State.DISCONNECTING:
            self._send(_DISC)
        elif self.state is State.CONNECTED:
            self._send_supervisory()

    def data_to_send(self) -> bytes:
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def receive(self, octets: bytes) -> list[LinkEvent]:
        events: list[LinkEvent] = []
        for found in self._reader.feed(octets):
            if isinstance(found, HDLCFrame):
                self._on_frame(found, events)
            else:
                events.append(found)
        return events

    def receive_frame(self, frame: HDLCFrame) -> list[LinkEvent]:
        """The same for a frame found already: a line with many links has one reader."""
        events: list[LinkEvent] = []
        self._on_frame(frame, events)
        return events

    # -- what frames do ---------------------------------------------------------------

    def _on_frame(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        if not self._concerns_us(frame):
            events.append(_discarded(DiscardReason.STRANGER, frame))
            return
        entry = self._table.get((self.state, frame.kind))
        if entry is None:
            events.append(_discarded(DiscardReason.UNEXPECTED, frame))
            return
        before = self.state
        action, self.state = entry
        if action in _CLOSING:
            if action is Action.ACKNOWLEDGE_RELEASE:
                self._send(_UA)
            self._close(_CLOSING[action], events)
            return
        try:
            _ACTIONS[action](self, frame, events)
        except FrameError:
            # Parameters that are none, in SNRM or UA: as if the frame had not come.
            self.state = before
            events.append(_discarded(DiscardReason.PARAMETERS, frame))

    def _concerns_us(self, frame: HDLCFrame) -> bool:
        if frame.destination == self.own and frame.source == self.peer:
            return True
        kind = frame.kind
        if self.role is Role.CLIENT and (kind is FrameKind.UI or self.state is State.CLOSED):
            return True  # a push may be sent to another client than the one of this link
        if kind is FrameKind.UI and frame.destination == _EVERYBODY:
            return True
        return self._takes_any_client and kind is FrameKind.SNRM and frame.destination == self.own

    def _on_open(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        self.parameters = agree(self.proposal, decode_parameters(frame.information))
        self._reset()
        events.append(LinkOpened(self.parameters))

    def _on_accept(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        self.parameters = agree(self.proposal, decode_parameters(frame.information))
        self.peer = frame.source
        self._reset()
        self._send(_UA, encode_parameters(self.parameters))
        events.append(LinkOpened(self.parameters))

    def _on_information(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        if not self._take_acknowledgement(frame, events):
            return
        if frame.send_sequence != self._vr:
            events.append(_discarded(DiscardReason.SEQUENCE, frame))
            if frame.final:
                self._take_turn(or_supervise=True)
            return
        self._vr = (self._vr + 1) & 7
        self._segments += frame.information
        if len(self._segments) > self._max_pdu + len(LLC_COMMAND):
            self._close(ClosedReason.OVERSIZE, events)
        elif not frame.segmented:
            self._deliver(frame, events)
        elif frame.final:
            self._send_supervisory()

    def _deliver(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        pdu = strip_llc(bytes(self._segments))
        self._segments.clear()
        events.append(_discarded(DiscardReason.LLC, frame) if pdu is None else PDUReceived(pdu))
        self._transmit()

    def _on_ready(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        if self._take_acknowledgement(frame, events) and frame.final:
            self._take_turn(or_supervise=self.role is Role.SERVER)

    def _on_busy(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        if self._take_acknowledgement(frame, events):
            self._peer_busy = True
            if self.role is Role.SERVER and frame.final:
                self._send_supervisory()

    def _on_push(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        push = self._pushes.collect(frame)
        if push is not None:
            events.append(push)

    def _close(self, reason: ClosedReason, events: list[LinkEvent]) -> None:
        self.state = State.CLOSED
        self._reset()
        events.append(LinkClosed(reason))

    def _on_deny(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        self._out.append(encode_frame(frame.source, self.own, _DM))
        events.append(_discarded(DiscardReason.UNEXPECTED, frame))

    def _on_reject(self, frame: HDLCFrame, events: list[LinkEvent]) -> None:
        sequence = self._vr << 5 | self._vs << 1
        self._send(_FRMR, bytes((frame.control, sequence, _CONTROL_UNDEFINED)))
        events.append(_discarded(DiscardReason.UNEXPECTED, frame))

    # -- sequence numbers and turns ---------------------------------------------------

    def _take_acknowledgement(self, frame: HDLCFrame, events: list[LinkEvent]) -> bool:
        """Forget the frames N(R) acknowledges; False when it names one never sent."""
        oldest = self._vs - len(self._unacknowledged)
        count = (frame.receive_sequence - oldest) & 7
        if count > len(self._unacknowledged):
            events.append(_discarded(DiscardReason.SEQUENCE, frame))
            return False
        del self._unacknowledged[:count]
        self._peer_busy = False
        self._may_speak = self._may_speak or frame.final
        return True

    def _take_turn(self, or_supervise: bool) -> None:
        """Send what the other end has not seen, then what is waiting, else perhaps RR."""
        self._waiting[:0] = self._unacknowledged
        self._vs = (self._vs - len(self._unacknowledged)) & 7
        self._unacknowledged.clear()
        if self._waiting:
            self._transmit()
        elif or_supervise:
            self._send_supervisory()

    def _transmit(self) -> None:
        """Send I frames up to the window; the last one passes the turn on."""
        if not self._may_speak or self._peer_busy:
            return
        room = self.parameters.window_tx - len(self._unacknowledged)
        burst = min(room, len(self._waiting))
        for left in range(burst, 0, -1):
            information, segmented = segment = self._waiting.pop(0)
            self._unacknowledged.append(segment)
            control = self._vr << 5 | self._vs << 1 | (FINAL if left == 1 else 0)
            self._send(control, information, segmented)
            self._vs = (self._vs + 1) & 7
            self._may_speak = left > 1

    def _send_supervisory(self) -> None:
        self._may_speak = False
        self._send(_RR | self._vr << 5)

    def _send_snrm(self) -> None:
        # Meters that know only the defaults take an SNRM without parameters.
        defaults = self.proposal == DEFAULT_PARAMETERS
        self._send(_SNRM, b"" if defaults else encode_parameters(self.proposal))

    def _send(self, control: int, information: bytes = b"", segmented: bool = False) -> None:
        peer = self.peer or _EVERYBODY
        self._out.append(encode_frame(peer, self.own, control, information, segmented))


def _segments(octets: bytes, size: int) -> list[tuple[bytes, bool]]:
    """The pieces of an APDU with its LLC header, and whether more follow."""
    starts = range(0, len(octets), size)
    return [(octets[start : start + size], start + size < len(octets)) for start in starts]


def _discarded(reason: DiscardReason, frame: HDLCFrame) -> FrameDiscarded:
    return FrameDiscarded(reason, frame.encode())


_CLOSING: Final = {
    Action.REFUSED: ClosedReason.REFUSED,
    Action.LOST: ClosedReason.LOST,
    Action.REJECTED: ClosedReason.REJECTED,
    Action.RELEASED: ClosedReason.RELEASED,
    Action.ACKNOWLEDGE_RELEASE: ClosedReason.RELEASED,
}
_ACTIONS: Final[Mapping[Action, Callable[[HDLCLink, HDLCFrame, list[LinkEvent]], None]]] = {
    Action.OPEN: HDLCLink._on_open,
    Action.ACCEPT: HDLCLink._on_accept,
    Action.INFORMATION: HDLCLink._on_information,
    Action.READY: HDLCLink._on_ready,
    Action.BUSY: HDLCLink._on_busy,
    Action.PUSH: HDLCLink._on_push,
    Action.DENY: HDLCLink._on_deny,
    Action.REJECT: HDLCLink._on_reject,
}
