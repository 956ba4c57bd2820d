"""DLMS over HDLC: a link for each meter on the line, told apart by addresses.

The meters of a bus speak only when they are asked, so frames for a link belong to the turn
that it has. Pushes need no link: they come in UI frames, and from some meters in I frames
that belong to none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hesd.dialin.sniff import PUSHES
from hesd.dlms.errors import FrameError
from hesd.dlms.hdlc_address import ServerAddress, address_number
from hesd.dlms.hdlc_frame import FLAG, FrameKind, FrameReader, HDLCFrame
from hesd.dlms.hdlc_push import PushCollector
from hesd.dlms.link import DiscardReason, FrameDiscarded
from hesd.links.apdu_line import MeterAddress
from hesd.links.hdlc_conversation import HDLCConversation

if TYPE_CHECKING:
    from hesd.links.dlms_line import DLMSLine


class HDLCFraming:
    """Finds frames in what comes, and says whose they are."""

    __slots__ = ("_conversations", "_line", "_make", "_pushes", "_reader", "_routes")

    def __init__(self, line: DLMSLine, make: type[HDLCConversation] = HDLCConversation) -> None:
        self._line = line
        self._make = make
        self._reader = FrameReader()
        self._pushes: PushCollector | None = None
        self._conversations: dict[MeterAddress, HDLCConversation] = {}
        self._routes: dict[tuple[bytes, bytes], HDLCConversation] = {}

    def conversation(self, address: MeterAddress) -> HDLCConversation:
        if address not in self._conversations:
            conversation = self._make(self._line, address)
            self._conversations[address] = self._routes[conversation.route] = conversation
        return self._conversations[address]

    def receive(self, data: bytes) -> None:
        frames = self._reader.feed(data)
        for found in frames:
            if isinstance(found, FrameDiscarded):
                self._line.record(False, found.octets)
                self._line.discard(found.reason)
                continue
            whole = len(data) - 2 == (data[1] & 0x07) << 8 | data[2] if len(data) > 2 else False
            self._line.record(False, data if whole and len(frames) == 1 else found.encode())
            self._receive(found)

    def _receive(self, frame: HDLCFrame) -> None:
        conversation = self._routes.get((frame.destination, frame.source))
        unlinked = conversation is None or not conversation.is_open
        if frame.kind is FrameKind.UI or (frame.kind is FrameKind.I and unlinked):
            self._receive_push(frame)
        elif conversation is None:
            self._line.discard(DiscardReason.STRANGER)
        else:
            conversation.receive(frame)

    def _receive_push(self, frame: HDLCFrame) -> None:
        if self._pushes is None:
            self._pushes = PushCollector()
        push = self._pushes.collect(frame)
        if push is None:
            return
        if isinstance(push, FrameDiscarded):
            self._line.discard(push.reason)
        elif push.pdu[:1] and push.pdu[0] in PUSHES:
            self._line.pushed(push.pdu, _address(push.source, push.destination))
        else:  # an answer that nobody waits for any more
            self._line.discard(DiscardReason.UNEXPECTED)

    def reset(self) -> None:
        """The connection is gone, and every link with it."""
        self._reader = FrameReader()
        self._pushes = None
        for conversation in self._conversations.values():
            conversation.give_up()


def hdlc_frames(octets: bytes) -> list[bytes]:
    """The frames of what is sent: a window may hold several."""
    if octets[0] != FLAG:  # an optical probe is still spoken to in ASCII
        return [octets]
    frames, at = [], 0
    while at < len(octets):
        end = at + 2 + ((octets[at + 1] & 0x07) << 8 | octets[at + 2])
        frames.append(octets[at:end])
        at = end
    return frames


def _address(source: bytes, destination: bytes) -> MeterAddress:
    client = address_number(destination)
    try:
        server = ServerAddress.from_octets(source)
    except FrameError:
        return MeterAddress(client, address_number(source))
    return MeterAddress(client, server.logical, server.physical, server.size)
