"""Whose turn it is on a line, and how long it may take.

Everything a meter is asked takes a turn, one at a time: an exchange, opening a link, closing
it. What comes concludes the turn, or the deadline does. That is hardly ever reached and
moves with every frame, so there is one timer for all turns, which finds out when it rings
how much later it has to ring again.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import insort
from collections.abc import Callable
from itertools import count
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hesd.links.dlms_conversation import DLMSConversation, Turn
from hesd.links.lent_connection import LentConnection
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, LinkDown, NoReply

# How often what was not answered is asked again, where that repeats no command.
_ASKED_AGAIN: Final = 2
# The longest frame may take this long in all, however its octets trickle, in seconds.
_FRAME_TIME: Final = 30.0
_LONGEST_ON_SERIAL: Final = 2 * 2100  # characters: there and back
_arrivals = count()


class LineInTurns(LentConnection):
    """A connection that is used in turns, by priority and then in the order they were asked for.

    `character` is how long one takes on the wire, in seconds: next to nothing on a network.
    `current` is the turn that has the line, None while it is free.
    """

    __slots__ = (
        "_due",
        "_rings_at",
        "_stalled_at",
        "_taken_at",
        "_timer",
        "_waiting",
        "character",
        "current",
    )

    def __init__(self, name: str, clock: IReactorTime, character: float) -> None:
        super().__init__(name, clock)
        self.character = character
        self._waiting: list[tuple[Priority, int, Turn]] = []
        self.current: Turn | None = None
        self._timer: IDelayedCall | None = None
        self._due = self._rings_at = self._stalled_at = self._taken_at = 0.0

    @abstractmethod
    def write(self, octets: bytes) -> None:
        """Put whole frames on the wire."""

    def take_turn(self, turn: Turn, priority: Priority) -> None:
        """Begin a turn now or when the line is free."""
        if self._transport is None:
            turn.listener.missed(LinkDown(f"{self.name}: {self.problem}"))
        elif self.current is None and not self._waiting:
            self._begin(turn)
        else:
            insort(self._waiting, (priority, next(_arrivals), turn))
            self._begin_next()

    def turn_of(self, conversation: DLMSConversation) -> Turn | None:
        """The turn this conversation has now."""
        turn = self.current
        return turn if turn is not None and turn.conversation is conversation else None

    def conclude(self, turn: Turn, outcome: bytes | HesdError) -> None:
        """The turn is over; the next one begins."""
        self.current, counters = None, self.counters
        counters.busy_seconds += self._clock.seconds() - self._taken_at
        if isinstance(outcome, bytes):
            counters.replies += 1
            turn.listener.heard(outcome)
        else:
            turn.listener.missed(outcome)
        if self._waiting:
            self._begin_next()

    def extend(self, seconds: float = 0.0) -> None:
        """The turn makes progress: from now on, and from `seconds` on, its time-out counts anew."""
        turn = self.current
        if turn is not None:
            self._due = due = self._clock.seconds() + seconds + turn.timeout
            self._stalled_at = due + max(_FRAME_TIME, _LONGEST_ON_SERIAL * self.character)

    def go_on(self) -> None:
        """Octets of the answer come. Give it time, but it cannot go on like that for ever."""
        if self.current is not None:
            self._due = min(self._clock.seconds() + self.current.timeout, self._stalled_at)

    def after(self, seconds: float, function: Callable[[], None]) -> IDelayedCall:
        """Call `function` in so many seconds."""
        return self._clock.callLater(seconds, function)

    def _begin_next(self) -> None:
        while self.current is None and self._waiting and self._transport is not None:
            *_, turn = self._waiting.pop(0)
            if turn.listener.is_listening:
                self._begin(turn)

    def _begin(self, turn: Turn) -> None:
        self.current, self._taken_at = turn, self._clock.seconds()
        try:
            octets = turn.conversation.begin(turn)
        except HesdError as error:
            self.current = None
            turn.listener.missed(error)
            return
        if octets is None:
            self.current = None
            turn.listener.heard(b"")
            return
        self.counters.requests += 1
        self._wait_for(turn, octets)

    def _wait_for(self, turn: Turn, octets: bytes) -> None:
        """Send, and give the turn its time from when that is on the wire."""
        if octets:
            self.write(octets)
        if self.current is turn:
            self.extend(len(octets) * self.character)
            # That it may ring too early is no reason to touch the timer.
            if self._timer is None or self._rings_at > self._due:
                self._ring_when_due()

    def _ring_when_due(self) -> None:
        """Have the timer ring in time."""
        if self._timer is not None:
            # To move it forward, a reactor would look for it among those of all lines.
            self._timer.cancel()
        self._rings_at = self._due
        self._timer = self._clock.callLater(max(0.0, self._due - self._clock.seconds()), self._ring)

    def _ring(self) -> None:
        self._timer = None
        turn = self.current
        if turn is None:
            return
        if self._due > self._clock.seconds():
            self._ring_when_due()
        else:
            self._timed_out(turn)

    def _timed_out(self, turn: Turn) -> None:
        again = b""
        if turn.asked_again < _ASKED_AGAIN:
            turn.asked_again += 1
            again = turn.conversation.ask_again(turn)
        if again:
            self._wait_for(turn, again)
            return
        self.counters.timeouts += 1
        turn.conversation.give_up()
        address = turn.conversation.address
        where = address.logical if address.physical is None else f"{address.logical}/{address.physical}"
        self.conclude(turn, NoReply(f"{self.name}, meter {where}: no answer within {turn.timeout:.3g} s"))

    def _give_back(self) -> None:
        turn, self.current = self.current, None
        waiting, self._waiting = self._waiting, []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._forget()
        if turn is not None:
            turn.listener.missed(NoReply(f"{self.name}: the connection broke: {self.problem}"))
        for *_, each in waiting:
            each.listener.missed(LinkDown(f"{self.name}: {self.problem}"))

    @abstractmethod
    def _forget(self) -> None:
        """Nothing that was begun on the connection goes on."""
