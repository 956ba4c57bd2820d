"""Meters that have dialled in and are idle, then some of them read. Runs as a process of its own.

Usage: python -m benchmarks.idle_hesd METERS READ
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure

from benchmarks.dial_in_head import Collections, Head, Lateness, dialling, resident_kib
from benchmarks.dial_in_plant import serials
from hesd.collect.buffers import Buffers
from hesd.collect.cosem_models import ModelsInMemory
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.profile_read import ProfileRead, read_profile
from hesd.model.obis import OBIS

_HEARTBEAT, _IDLE = 30.0, 3600.0
_INTERVAL = 5.0
_DAYS = 30
_LOAD_PROFILE = OBIS("1-0:99.1.0")
# Sessions are over by then, and every meter has sent a heartbeat since.
_SETTLED = 35.0
_PATIENCE = 240.0


async def measured(reactor: Any, count: int, read: int) -> dict[str, float]:
    head = Head(reactor)
    port = await head.listen()
    numbers = serials(count)
    base = resident_kib()
    head.head_end.place(head.spec(serial, _IDLE) for serial in numbers)
    placed = resident_kib()
    with dialling(port, count, _HEARTBEAT):
        await head.until(lambda: len(head.reads) == count, _PATIENCE)
        await deferLater(reactor, _SETTLED)
        idle = resident_kib()
        frames = sum(len(head.head_end.trace(serial)) for serial in numbers)
        read_figures = await _read(reactor, head, numbers, read)
    return {
        "each": (idle - base) / count, "placed": (placed - base) / count, "frames": frames / count,
        "heartbeats": head.listener.counters.heartbeats, **read_figures,
    }  # fmt: skip


async def _read(reactor: Any, head: Head, numbers: list[str], read: int) -> dict[str, float]:
    """Have some read three times, while one tells its profile."""
    before = {serial: head.reads[serial] for serial in numbers[:read]}
    busy = [head.spec(serial, _INTERVAL) for serial in numbers[:read]]
    head.head_end.place([*busy, *(head.spec(serial, _IDLE) for serial in numbers[read:])])
    lateness, collections = Lateness(reactor), Collections()
    collections.start()
    lateness.start()
    profile = await head.head_end.with_meter(numbers[0], _profile(reactor))
    await head.until(lambda: all(head.reads[each] >= 3 + before[each] for each in before), _PATIENCE)
    lateness.stop()
    collections.stop()
    return {
        "p99": lateness.at(0.99) * 1000, "most": lateness.at(1) * 1000,
        "collection": collections.longest * 1000, "rows": len(profile.profile.rows),
    }  # fmt: skip


def _profile(reactor: Any) -> Callable[[DLMSMeter], Any]:
    now = int(time.time() * 1000)
    buffers = Buffers(ModelsInMemory(), reactor)

    async def work(meter: DLMSMeter) -> ProfileRead:
        return await read_profile(meter, _LOAD_PROFILE, now - _DAYS * 86_400_000, now, buffers)

    return work


def main(count: int, read: int) -> None:
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor as installed

    reactor: Any = installed
    globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)

    def done(result: dict[str, float] | Failure) -> None:
        if isinstance(result, Failure):
            result.printTraceback(sys.stderr)
        else:
            print(json.dumps(result), flush=True)
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(measured(reactor, count, read)).addBoth(done))
    reactor.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
