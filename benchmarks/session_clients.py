"""Whole sessions with `session_meter`, many at once. Runs as a process of its own.

Usage: python -m benchmarks.session_clients floor|hesd|gurux CIPHERED PORT SESSIONS
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure

from benchmarks import dlms_meter
from benchmarks.fixed_keys import FixedKeys
from benchmarks.session_meter import ATTRIBUTES, CHALLENGE, VALUES, Conversation
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.session import Session
from hesd.dialin.event import Layer
from hesd.dlms.data import Data
from hesd.dlms.wrapper import HEADER_LENGTH
from hesd.driver.cosem import Authentication, Ciphering
from hesd.driver.generic import DLMS_DRIVER
from hesd.links.apdu_line import MeterAddress
from hesd.links.dlms_line import DLMSLine
from hesd.links.link_protocol import UNACKNOWLEDGED_MS, LinkProtocol
from hesd.model.secrets import Secrets

_AT_ONCE = 100
_TIMEOUT = 10.0
_LENGTH_AT = 6

SessionOf = Callable[[TCP4ClientEndpoint], Awaitable[None]]


class Exchanges(Protocol):
    """One request at a time, with a deadline; a frame is whole when it is as long as it says."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._waiting: Deferred[bytes] | None = None
        self._timer: IDelayedCall | None = None
        self._received = b""
        self.lost: Deferred[None] = Deferred()

    def exchange(self, octets: bytes) -> Deferred[bytes]:
        waiting: Deferred[bytes] = Deferred()
        self._waiting = waiting
        self._timer = self._reactor.callLater(_TIMEOUT, waiting.errback, TimeoutError())
        assert self.transport is not None
        self.transport.write(octets)
        return waiting

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        whole, waiting = self._received, self._waiting
        if len(whole) < HEADER_LENGTH + int.from_bytes(whole[_LENGTH_AT:HEADER_LENGTH], "big"):
            return
        assert waiting is not None
        assert self._timer is not None
        self._received, self._waiting = b"", None
        self._timer.cancel()
        waiting.callback(whole)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        self.lost.callback(None)


def floor(reactor: Any, ciphered: bool) -> SessionOf:
    """The same octets there and back without anything that makes or reads them."""
    sent = Conversation(ciphered=ciphered).sent
    factory = _factory(lambda: Exchanges(reactor))

    async def session(endpoint: TCP4ClientEndpoint) -> None:
        protocol: Any = await endpoint.connect(factory)
        for octets in sent:
            await protocol.exchange(octets)
        protocol.transport.loseConnection()
        await protocol.lost

    return session


class Watched(LinkProtocol):
    """Tells when the connection is gone."""

    def __init__(self, line: DLMSLine) -> None:
        super().__init__(line, UNACKNOWLEDGED_MS)
        self.line = line
        self.lost: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self.lost.callback(None)


def hesd(reactor: Any, ciphered: bool) -> SessionOf:
    """A line and a session of hesd's, each connection with new ones; as a poll, it names all it wants."""
    spec = DLMSMeterSpec(
        serial="1", line="line", driver_name="generic-dlms", driver=DLMS_DRIVER,
        address=MeterAddress(dlms_meter.CLIENT, dlms_meter.SERVER),
        authentication=Authentication.HLS_GMAC if ciphered else Authentication.NONE,
        ciphering=Ciphering.BOTH if ciphered else Ciphering.NONE,
        interval=900, slow_interval=900,
    )  # fmt: skip
    wanted = [(attribute, None) for attribute in ATTRIBUTES]
    key = dlms_meter.KEY
    keys = FixedKeys(
        Secrets(
            encryption_key=key.encryption, authentication_key=key.authentication,
            own_title=dlms_meter.CLIENT_TITLE,
        )
    )  # fmt: skip

    factory = _factory(lambda: Watched(DLMSLine("line", reactor, Layer.WRAPPER)))

    async def session(endpoint: TCP4ClientEndpoint) -> None:
        protocol: Any = await endpoint.connect(factory)
        meter = Session(
            spec, protocol.line.conversation(spec.address), keys, reactor,
            timeout=_TIMEOUT, random=_challenge,
        )  # fmt: skip
        results = await meter.get(wanted)
        for result, value in zip(results, VALUES, strict=True):
            _check(result.value if isinstance(result, Data) else result, value)
        await meter.close()
        protocol.transport.loseConnection()
        await protocol.lost

    return session


def _challenge(_size: int) -> bytes:
    return CHALLENGE


def gurux(reactor: Any, ciphered: bool) -> SessionOf:
    """gurux-dlms as shipped, on the exchanges of the floor."""
    from gurux_dlms import GXReplyData
    from gurux_dlms.enums import Authentication as Level
    from gurux_dlms.enums import InterfaceType, Security
    from gurux_dlms.objects import GXDLMSRegister
    from gurux_dlms.secure.GXDLMSSecureClient import GXDLMSSecureClient

    registers = [GXDLMSRegister(str(attribute.instance)) for attribute in ATTRIBUTES]
    level = Level.HIGH_GMAC if ciphered else Level.NONE
    factory = _factory(lambda: Exchanges(reactor))

    def new_client() -> Any:
        addresses = dlms_meter.CLIENT, dlms_meter.SERVER
        client = GXDLMSSecureClient(True, *addresses, level, None, InterfaceType.WRAPPER)
        if ciphered:
            client.ciphering.systemTitle = bytearray(dlms_meter.CLIENT_TITLE)
            client.ciphering.blockCipherKey = bytearray(dlms_meter.KEY.encryption)
            client.ciphering.authenticationKey = bytearray(dlms_meter.KEY.authentication)
            client.ciphering.security = Security.AUTHENTICATION_ENCRYPTION
            client.settings.useCustomChallenge = True
            client.settings.ctoSChallenge = bytearray(CHALLENGE)
        return client

    def heard(client: Any, octets: bytes) -> Any:
        reply = GXReplyData()
        if not client.getData(bytearray(octets), reply) or reply.error:
            raise RuntimeError(f"gurux-dlms does not take {octets.hex()}")
        return reply

    async def session(endpoint: TCP4ClientEndpoint) -> None:
        protocol: Any = await endpoint.connect(factory)
        client = new_client()

        async def ask(requests: list[bytes]) -> Any:
            return heard(client, await protocol.exchange(bytes(requests[0])))

        client.parseAareResponse((await ask(client.aarqRequest())).data)
        if ciphered:
            proof = await ask(client.getApplicationAssociationRequest())
            client.parseApplicationAssociationResponse(proof.data)
        for register, value in zip(registers, VALUES, strict=True):
            _check(client.updateValue(register, 2, (await ask(client.read(register, 2))).value), value)
        await ask(client.releaseRequest())
        protocol.transport.loseConnection()
        await protocol.lost

    return session


def _factory(make: Any) -> Any:
    factory: Any = Factory.forProtocol(make)
    factory.noisy = False
    return factory


def _check(found: object, value: int) -> None:
    if found != value:
        raise RuntimeError(f"{found!r} read, not {value}")


_KINDS = {"floor": floor, "hesd": hesd, "gurux": gurux}


def main(kind: str, ciphered: bool, port: int, count: int) -> None:
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor as installed

    reactor: Any = installed
    globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)
    session = _KINDS[kind](reactor, ciphered)
    endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    measured: dict[str, float] = {}

    async def worker(turns: Iterator[int]) -> None:
        for _ in turns:
            await session(endpoint)

    async def crowd(sessions: int) -> None:
        turns = iter(range(sessions))
        await gatherResults([Deferred.fromCoroutine(worker(turns)) for _ in range(_AT_ONCE)], True)

    async def run() -> None:
        await crowd(_AT_ONCE)
        began, cpu = time.perf_counter(), time.process_time()
        await crowd(count)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        measured.update(rate=count / took, cpu=cpu / count)

    def done(result: object) -> None:
        if isinstance(result, Failure):
            result.printTraceback(sys.stderr)
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(run()).addBoth(done))
    # gurux-dlms prints a line for every APDU it deciphers.
    with contextlib.redirect_stdout(io.StringIO()):
        reactor.run()
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] == "True", int(sys.argv[3]), int(sys.argv[4]))
