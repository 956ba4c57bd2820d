"""Strangers by the thousand dial in while meters are read, on real sockets."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.utils import getProcessOutputAndValue
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure

from benchmarks.dial_in_head import Head, Lateness, dialling
from benchmarks.dial_in_plant import serials
from hesd.links.open_files import make_room_for
from tests.drills.result import Result

STRANGERS, METERS = 10_000, 1_000
_INTERVAL, _HEARTBEAT = 10.0, 10.0
_PATIENCE = 120.0
# A meter is read late where its reading comes this much after its interval (seconds).
_SLACK = 2.0
_LONGEST_MS = 50.0


def strangers(count: int) -> Iterator[Result]:
    """`count` strangers and a tenth as many meters, which are read every ten seconds."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tests.drills.strangers", str(count)], stdout=subprocess.PIPE, text=True
    )
    took = time.perf_counter() - began
    what = f"strangers who dial in while {count // 10:,} meters are read every {_INTERVAL:.0f} s"
    goal = f"no reading missed, reactor late by at most {_LONGEST_MS:.0f} ms (p99)"
    if done.returncode:
        yield Result("strangers", what, count, took, {}, goal, False, ["broken off, see above"])
        return
    found = json.loads(done.stdout.splitlines()[-1])
    notes = found.pop("notes")
    met = not found["readings missed"] and found["late ms p99"] <= _LONGEST_MS and found["read"] > 0
    yield Result("strangers", what, count, took, found, goal, met, notes)


async def drilled(reactor: Any, count: int) -> dict[str, Any]:
    """Read the meters for two rounds, let the strangers come, and go on for two rounds."""
    meters = count // 10
    at_once = min(count, make_room_for(count + meters) - meters)
    read_at: defaultdict[str, list[float]] = defaultdict(list)
    head = Head(
        reactor,
        lambda serial: read_at[serial].append(time.monotonic()),
        max_connections=at_once + meters,
    )
    port = await head.listen()
    numbers = serials(meters)
    head.head_end.place(head.spec(serial, _INTERVAL) for serial in numbers)
    with dialling(port, meters, _HEARTBEAT):
        await head.until(lambda: len(head.reads) == meters, _PATIENCE)
        await deferLater(reactor, 2 * _INTERVAL)
        lateness, began = Lateness(reactor), time.monotonic()
        lateness.start()
        worked = time.process_time()
        output, errors, code = await getProcessOutputAndValue(
            sys.executable, ["-m", "tests.drills.crowd", str(port), str(count), str(at_once)], None
        )
        if code:
            raise RuntimeError(errors.decode())
        worked = time.process_time() - worked
        await deferLater(reactor, 2 * _INTERVAL)
        lateness.stop()
        ended = time.monotonic()
    crowd = json.loads(output.splitlines()[-1])
    waits = [gap for serial in numbers for gap in gaps(read_at[serial], began, ended)]
    counters = head.listener.counters
    return {
        "read": sum(began <= at <= ended for serial in numbers for at in read_at[serial]),
        "readings missed": sum(gap > _INTERVAL + _SLACK for gap in waits),
        "longest gap s": max(waits),
        "late ms p99": lateness.at(0.99) * 1000,
        "late ms most": lateness.at(1) * 1000,
        "strangers through": crowd["through"],
        "let in": counters.accepted - meters,
        "hung up on": crowd["hung up"],
        "told of": head.strangers,
        "at once": at_once,
        "notes": [
            f"refused: {dict(counters.refused)}; identified: {dict(counters.identified)}; "
            f"strangers came and went for {crowd['seconds']:.0f} s; worked {worked:.0f} s meanwhile"
        ],
    }


def gaps(read_at: list[float], began: float, ended: float) -> Iterator[float]:
    """How long it took from each reading to the next, in seconds."""
    before = max((at for at in read_at if at < began), default=began)
    for at in [each for each in read_at if began <= each <= ended]:
        yield at - before
        before = at
    yield ended - before


def main(count: int) -> int:
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor as installed

    reactor: Any = installed
    globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)
    failed: list[Failure] = []

    def done(result: dict[str, Any] | Failure) -> None:
        if isinstance(result, Failure):
            result.printTraceback(sys.stderr)
            failed.append(result)
        else:
            print(json.dumps(result), flush=True)
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(drilled(reactor, count)).addBoth(done))
    reactor.run()
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
