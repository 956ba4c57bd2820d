"""Strangers that dial in, each up to no good in its own way. Runs as a process of its own.

Usage: python -m tests.drills.crowd PORT STRANGERS AT_ONCE; prints how many got through, and how
many were hung up on. Who is hung up on does not come back; the others go after a while.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ClientFactory, Protocol, connectionDone
from twisted.python.failure import Failure

from hesd.dialin import family_h
from hesd.links.open_files import make_room_for
from tests.dialin.fuzz import TARGETS

_STAY = 10.0
_SAY_EVERY = 0.2
# The meters that are read meanwhile share the processors, and are not what is drilled.
_NICE = 10
_SPOILT = TARGETS["sniffer"].corpus

# What a stranger says bit by bit; the last goes on for as long as it may.
Says = Callable[[random.Random], list[bytes]]


def _unknown_login(chance: random.Random) -> list[bytes]:
    number = f"99{chance.randrange(10**9):09d}"
    return [family_h.heartbeat(number, 21, "892340100001").encode()]


def _noise(chance: random.Random) -> list[bytes]:
    return [chance.randbytes(chance.randrange(1, 300)) for _ in range(10)]


def _trickle(chance: random.Random) -> list[bytes]:
    return [bytes((octet,)) for octet in chance.choice(_SPOILT)[:20]]


def _browser(_: random.Random) -> list[bytes]:
    return [b"GET / HTTP/1.1\r\nHost: meter\r\n\r\n"] * 3


def _long(chance: random.Random) -> list[bytes]:
    return [b"\x00\x01\x00\x01\x00\x10\xff\xff" + chance.randbytes(4000)] * 4


def _replay(chance: random.Random) -> list[bytes]:
    return [chance.choice(_SPOILT) for _ in range(5)]


def _silence(_: random.Random) -> list[bytes]:
    return []


SAYS: tuple[Says, ...] = (_unknown_login, _noise, _trickle, _browser, _long, _replay, _silence)


class Stranger(Protocol):
    def __init__(self, reactor: Any, parts: list[bytes]) -> None:
        self._reactor = reactor
        self._parts = iter(parts)
        self._call: IDelayedCall | None = None
        self._leave: IDelayedCall | None = None
        self.gone: Deferred[bool] = Deferred()
        self.hung_up = True

    def connectionMade(self) -> None:
        self._leave = self._reactor.callLater(_STAY, self._go)
        self._say()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        for call in (self._call, self._leave):
            if call is not None and call.active():
                call.cancel()
        self.gone.callback(self.hung_up)

    def _say(self) -> None:
        part = next(self._parts, None)
        if part is not None:
            transport: Any = self.transport
            transport.write(part)
            self._call = self._reactor.callLater(_SAY_EVERY, self._say)

    def _go(self) -> None:
        self.hung_up = False
        transport: Any = self.transport
        transport.abortConnection()


class Dialling(ClientFactory):
    noisy = False

    def __init__(self, protocol: Stranger) -> None:
        self._protocol = protocol
        self.failed: Deferred[bool] = protocol.gone

    def buildProtocol(self, addr: object) -> Stranger:
        return self._protocol

    def clientConnectionFailed(self, connector: object, reason: Failure) -> None:
        self.failed.errback(reason)


class Crowd:
    def __init__(self, reactor: Any, port: int) -> None:
        self._reactor = reactor
        self._port = port
        self._chance = random.Random(1)
        self.counts = {"through": 0, "failed": 0, "hung up": 0}

    def come(self, count: int, at_once: int) -> Deferred[Any]:
        """All have come and gone."""
        places = DeferredSemaphore(at_once)
        return gatherResults([places.run(self._one, number) for number in range(count)])

    def _one(self, number: int) -> Deferred[None]:
        stranger = Stranger(self._reactor, SAYS[number % len(SAYS)](self._chance))
        # Not all from one address: the listener would let in only so many of them.
        source = f"127.{1 + number % 250}.0.1"
        self._reactor.connectTCP(
            "127.0.0.1", self._port, Dialling(stranger), timeout=30, bindAddress=(source, 0)
        )
        return stranger.gone.addCallbacks(self._gone, self._failed)

    def _gone(self, hung_up: bool) -> None:
        self.counts["through"] += 1
        self.counts["hung up"] += hung_up

    def _failed(self, _: Failure) -> None:
        self.counts["failed"] += 1


def main(port: int, count: int, at_once: int) -> None:
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor as installed

    reactor: Any = installed
    make_room_for(at_once)
    os.nice(_NICE)
    crowd, began = Crowd(reactor, port), time.monotonic()
    reactor.callWhenRunning(lambda: crowd.come(count, at_once).addBoth(lambda _: reactor.stop()))
    reactor.run()
    print(json.dumps({**crowd.counts, "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
