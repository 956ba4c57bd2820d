"""Short delays to a tenth of a millisecond, on a reactor that sleeps whole ones.

epoll_wait(2) counts milliseconds, rounded up. An RTU line waits 1.75 to 4 ms before every
request, so rounding alone would cost a fast line more than one per cent of its time. A
timerfd (timerfd_create(2)) ends the reactor's sleep when the delay is over; the delayed
call itself stays the reactor's own.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from io import FileIO
from os import O_CLOEXEC, O_NONBLOCK
from time import CLOCK_MONOTONIC
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IReactorFDSet, IReactorTime, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

# Rounding matters to nothing that waits for longer (seconds).
_SHORT: Final = 0.01
# Not a moment early: the reactor would find nothing due, and sleep a millisecond.
_MARGIN: Final = 0.00002
_TIMER: Final = struct.Struct("@qqqq")  # struct itimerspec: no interval, then seconds and nanoseconds


def fine_clock(reactor: Any) -> IReactorTime:
    """The reactor's clock with fine delays, or as it is where the system has no timerfd."""
    clock: IReactorTime = reactor
    libc = ctypes.CDLL(None)
    if hasattr(libc, "timerfd_create") and IReactorFDSet.providedBy(reactor):
        descriptor = libc.timerfd_create(CLOCK_MONOTONIC, O_NONBLOCK | O_CLOEXEC)
        if descriptor >= 0:
            clock = FineClock(reactor, _Alarm(reactor, libc, descriptor))
    return clock


@implementer(IReactorTime)
class FineClock:
    """A reactor's time. Of several short delays at once only the last begun is kept finely."""

    def __init__(self, reactor: Any, alarm: _Alarm) -> None:
        self._reactor = reactor
        self._alarm = alarm
        self.seconds: Callable[[], float] = reactor.seconds

    def callLater(self, delay: float, callable: Callable[..., object], *args: Any, **kw: Any) -> IDelayedCall:
        call: IDelayedCall = self._reactor.callLater(delay, callable, *args, **kw)
        if not 0 < delay < _SHORT:
            return call
        self._alarm.ring_in(delay + _MARGIN)
        return _FineCall(call, self._alarm)

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:
        calls: Sequence[IDelayedCall] = self._reactor.getDelayedCalls()
        return calls


@implementer(IDelayedCall)
class _FineCall:
    """A call that takes its alarm along when it is cancelled: nothing is left to wake up for."""

    def __init__(self, call: IDelayedCall, alarm: _Alarm) -> None:
        self._call = call
        self._alarm = alarm
        self.getTime, self.delay, self.reset, self.active = call.getTime, call.delay, call.reset, call.active

    def cancel(self) -> None:
        self._call.cancel()
        self._alarm.silence()


@implementer(IReadDescriptor)
class _Alarm:
    """Ends the reactor's sleep, and leaves it alone afterwards."""

    def __init__(self, reactor: IReactorFDSet, libc: Any, descriptor: int) -> None:
        self._reactor = reactor
        self._libc = libc
        self._file = FileIO(descriptor)  # closes with the last reference
        self._set = False

    def ring_in(self, seconds: float) -> None:
        timer = _TIMER.pack(0, 0, 0, int(seconds * 1e9))
        self._libc.timerfd_settime(self.fileno(), 0, timer, None)
        if not self._set:
            self._set = True
            self._reactor.addReader(self)

    def silence(self) -> None:
        self._set = False
        self._reactor.removeReader(self)

    def doRead(self) -> None:
        self._file.read(8)
        self.silence()

    def fileno(self) -> int:
        return self._file.fileno()

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002
        """Only the reactor's own shutdown gets here."""
        self._set = False

    def logPrefix(self) -> str:
        return "alarm"
