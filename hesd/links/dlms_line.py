"""One connection with DLMS meters on it: what is written, what comes, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReactorTime, ITCPTransport
from twisted.logger import Logger

from hesd.dialin.event import Layer
from hesd.dlms.block_transfer import (
    GENERAL_BLOCK_TRANSFER,
    GeneralBlockReceiver,
    decode_general_block_transfer,
)
from hesd.dlms.errors import DLMSError
from hesd.dlms.link import MAX_PDU, DiscardReason
from hesd.links.apdu_line import MeterAddress, Push
from hesd.links.dlms_conversation import DLMSConversation
from hesd.links.flight_recorder import FlightRecorder
from hesd.links.hdlc_conversation import HDLCConversation
from hesd.links.hdlc_framing import HDLCFraming, hdlc_frames
from hesd.links.optical_conversation import OpticalConversation
from hesd.links.serial_endpoint import SerialFormat
from hesd.links.turns import LineInTurns
from hesd.links.wrapper_framing import WrapperConversation, WrapperFraming
from hesd.links.write_now import write_now

_log = Logger()


class DLMSLine(LineInTurns):
    """See `hesd.links.apdu_line.APDULine`.

    With `mode_e` every HDLC link is opened through an optical probe. What comes is for the
    framing to cut and to tell apart.
    """

    __slots__ = (
        "_blocks",
        "_framing",
        "_layer",
        "_mode_e",
        "_overhear",
        "_push_callbacks",
        "recorder",
    )

    def __init__(
        self,
        name: str,
        clock: IReactorTime,
        layer: Layer,
        *,
        character: float = 0.0,
        mode_e: bool = False,
        recorder: FlightRecorder | None = None,
    ) -> None:
        super().__init__(name, clock, character)
        self.recorder = FlightRecorder() if recorder is None else recorder
        self._layer = layer
        self._mode_e = mode_e
        self._overhear: Callable[[bytes], None] | None = None
        self._framing: HDLCFraming | WrapperFraming | None = None
        self._push_callbacks: tuple[Callable[[Push], None], ...] = ()
        self._blocks: GeneralBlockReceiver | None = None

    @property
    def framing(self) -> Layer:
        """What the conversations run on."""
        return self._layer

    def on_push(self, callback: Callable[[Push], None]) -> None:
        self._push_callbacks += (callback,)

    def conversation(self, address: MeterAddress) -> DLMSConversation:
        """The conversation with a meter: the same one for the same address. Raises `FrameError`."""
        return self._frames().conversation(address)

    def _frames(self) -> HDLCFraming | WrapperFraming:
        if self._framing is None:
            if self._layer is Layer.HDLC:
                self._framing = HDLCFraming(self, OpticalConversation if self._mode_e else HDLCConversation)
            else:
                self._framing = WrapperFraming(self)
        return self._framing

    def leave(self, conversation: WrapperConversation) -> None:
        """A conversation is over: thousands of idle lines keep nothing for it."""
        framing, is_free = self._framing, self.current is None and not self._waiting
        if is_free and isinstance(framing, WrapperFraming) and framing.leave(conversation):
            self._framing = None

    def write(self, octets: bytes) -> None:
        """Put whole frames on the wire."""
        transport = self._transport
        if transport is None:
            return
        self.counters.bytes_out += len(octets)
        at_ms = int(self._clock.seconds() * 1000)
        for frame in hdlc_frames(octets) if self._layer is Layer.HDLC else (octets,):
            self.recorder.record(at_ms, True, frame)
        write_now(transport, octets)

    def data_received(self, data: bytes) -> None:
        self.counters.bytes_in += len(data)
        if self._overhear is not None:
            self._overhear(data)
            return
        turn = self.current
        (self._framing or self._frames()).receive(data)
        if turn is not None and self.current is turn:
            self.go_on()

    def overhear(self, listener: Callable[[bytes], None] | None) -> None:
        """Give what comes to this listener instead of cutting it into frames."""
        self._overhear = listener

    def set_format(self, baudrate: int, bytesize: int, parity: str) -> None:
        """Change how a serial line is set, see `SerialFormat`; on others it means nothing."""
        transport: Any = self._transport
        if isinstance(transport, SerialFormat):
            transport.set_format(baudrate, bytesize, parity)
            self.character = (1 + bytesize + (parity != "N") + 1) / baudrate

    def record(self, sent: bool, frame: bytes) -> None:
        """Keep a frame for `recorder`."""
        self.recorder.record(int(self._clock.seconds() * 1000), sent, frame)

    def pushed(self, pdu: bytes, address: MeterAddress) -> None:
        """An APDU that was not asked for; the pieces of one are put together first."""
        if pdu[:1] == bytes((GENERAL_BLOCK_TRANSFER,)):
            whole = self._joined(pdu)
            if whole is None:
                return
            pdu = whole
        self._tell_push(Push(pdu, address))

    def _joined(self, block: bytes) -> bytes | None:
        if self._blocks is None:
            self._blocks = GeneralBlockReceiver(MAX_PDU)
        try:
            return self._blocks.add(decode_general_block_transfer(block))
        except DLMSError as error:
            self.discard(DiscardReason.UNEXPECTED, str(error))
            return None

    def _tell_push(self, push: Push) -> None:
        for callback in self._push_callbacks:
            try:
                callback(push)
            except Exception:
                _log.failure("line {line}: a push was not welcome", line=self.name)

    def discard(self, reason: DiscardReason, detail: str = "") -> None:
        """Count octets that were for nobody. They are not shown: they may hold a token."""
        self.counters.discarded[reason] = self.counters.discarded.get(reason, 0) + 1
        _log.debug("line {line}: discarded: {reason} {detail}", line=self.name, reason=reason, detail=detail)

    def break_off(self) -> None:
        """What comes makes no sense any more: only a new connection can help."""
        if ITCPTransport.providedBy(self._transport):
            self._transport.abortConnection()
        elif self._transport is not None:
            self._transport.loseConnection()

    def _forget(self) -> None:
        self._blocks = self._overhear = None
        if self._framing is not None:
            self._framing.reset()
