"""A meter at an optical probe: its HDLC link begins in ASCII at 300 baud.

IEC 62056-21, mode E; `hesd.dlms.mode_e` has the messages. Once the link is closed the meter is
back at 300 baud, so every opening goes this way.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from twisted.internet.interfaces import IDelayedCall

from hesd.dlms.errors import OpeningError
from hesd.dlms.mode_e import INITIAL_BAUD, ModeEOpening
from hesd.links.apdu_line import MeterAddress
from hesd.links.dlms_conversation import Purpose, Turn
from hesd.links.hdlc_conversation import HDLCConversation

if TYPE_CHECKING:
    from hesd.links.dlms_line import DLMSLine

# From the acknowledgement to the first frame: both ends change their baud rate in it.
PAUSE: Final = 1.0


class OpticalConversation(HDLCConversation):
    """Opens by sign-on, identification and acknowledgement before SNRM."""

    __slots__ = ("_opening", "_switch")

    def __init__(self, line: DLMSLine, address: MeterAddress) -> None:
        super().__init__(line, address)
        self._opening: ModeEOpening | None = None
        self._switch: IDelayedCall | None = None

    def begin(self, turn: Turn) -> bytes | None:
        if turn.purpose is not Purpose.OPEN or self.is_open:
            return super().begin(turn)
        self._opening = ModeEOpening()
        self._line.set_format(INITIAL_BAUD, 7, "E")
        self._line.overhear(self._identified)
        return self._opening.request()

    def ask_again(self, turn: Turn) -> bytes:
        return super().ask_again(turn) if self._opening is None else self._opening.request()

    def give_up(self) -> None:
        super().give_up()
        self._opening = None
        self._line.overhear(None)
        if self._switch is not None and self._switch.active():
            self._switch.cancel()

    def _identified(self, octets: bytes) -> None:
        turn, opening = self._line.turn_of(self), self._opening
        if turn is None or opening is None:
            return  # an echo of the acknowledgement
        self._line.record(False, octets)
        self._line.go_on()
        try:
            found = opening.receive(octets)
        except OpeningError as error:
            self.give_up()
            self._line.conclude(turn, error)
            return
        for identification in found:
            acknowledgement, switched = opening.acknowledge(identification)
            self._opening, turn.asked_again = None, 0
            self._line.write(acknowledgement)
            self._line.extend(PAUSE)
            self._switch = self._line.after(PAUSE, partial(self._connect, turn, switched.baud))

    def _connect(self, turn: Turn, baud: int) -> None:
        if self._line.turn_of(self) is turn:
            self._line.overhear(None)
            self._line.set_format(baud, 8, "N")
            snrm = super().begin(turn) or b""
            self._line.write(snrm)
            self._line.extend(len(snrm) * self._line.character)
