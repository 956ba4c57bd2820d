"""Requests that are too long, too slow or never end."""

from __future__ import annotations

import json

from twisted.internet import reactor
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.resource import Resource

from hesd.web.limits import BODY_DEADLINE, HEADER_DEADLINE, KEEP_ALIVE, MAX_BODY, MAX_CSV, LimitedSite
from tests.web.raw_client import RawClient, connect


class Measure(Resource):
    """Answers with the length of the body."""

    isLeaf = True

    def render_GET(self, request) -> bytes:
        return b"hello"

    def render_POST(self, request) -> bytes:
        request.route = "POST /"
        return b"got %d" % len(request.content.read())


class LimitTests(TestCase):
    async def setUp(self) -> None:
        self.clock = Clock()
        self.counted: list[tuple[str, int]] = []
        site = LimitedSite(Measure(), self.clock, lambda route, code: self.counted.append((route, code)))
        site.noisy = False
        self.port = reactor.listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.client: RawClient = await connect(self.port.getHost().port)
        self.addCleanup(self._hang_up)

    async def _hang_up(self) -> None:
        self.client.transport.abortConnection()
        if not self.client.closed.called:
            await self.client.closed

    def post(self, length: int, *headers: bytes) -> None:
        lines = (b"POST / HTTP/1.1", b"Host: x", b"Content-Length: %d" % length, *headers, b"", b"")
        self.client.send(b"\r\n".join(lines))

    def problem(self, answer: bytes) -> dict:
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(b" 413 ", head.splitlines()[0])
        self.assertIn(b"application/problem+json", head.lower())
        return json.loads(body)

    async def test_a_body_up_to_the_limit_is_taken(self) -> None:
        self.post(MAX_BODY)
        self.client.send(b"x" * MAX_BODY)
        await self.client.until(b"got %d" % MAX_BODY)
        self.assertEqual(self.counted, [("POST /", 200)])

    async def test_a_larger_body_is_refused_when_its_sender_listens(self) -> None:
        self.post(MAX_BODY + 1)
        self.client.send(b"x" * (MAX_BODY + 1))
        answer = await self.client.until(b"}")
        self.assertEqual(self.problem(answer)["type"], "/problems/too-large")
        self.client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await self.client.until(b"hello")

    async def test_a_table_may_be_larger(self) -> None:
        self.post(MAX_BODY + 1, b"Content-Type: text/csv; charset=utf-8")
        self.client.send(b"x" * (MAX_BODY + 1))
        await self.client.until(b"got %d" % (MAX_BODY + 1))

    async def test_a_table_has_its_limit_too(self) -> None:
        self.post(MAX_CSV + 1, b"Content-Type: text/csv")
        self.client.send(b"x" * (MAX_CSV + 1))
        self.assertIn(str(MAX_CSV), self.problem(await self.client.until(b"}"))["detail"])

    async def test_chunks_are_counted_too(self) -> None:
        self.client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(17):
            self.client.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        self.client.send(b"0\r\n\r\n")
        self.problem(await self.client.until(b"}"))

    async def test_a_body_of_no_measure_is_not_waited_for(self) -> None:
        self.post(300 << 20)
        self.problem(await self.client.closed)

    async def test_chunks_without_end_are_cut(self) -> None:
        self.client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.client.closed.called:
            self.client.send(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
            await deferLater(reactor, 0)
        self.assertEqual(self.counted, [])


class DeadlineTests(SynchronousTestCase):
    """The same site over a transport in memory, so that time stands still between the bytes."""

    def setUp(self) -> None:
        self.clock = Clock()
        site = LimitedSite(Measure(), self.clock, lambda *_: None)
        self.transport = StringTransportWithDisconnection()
        self.channel = site.buildProtocol(None)
        self.transport.protocol = self.channel
        self.channel.makeConnection(self.transport)

    def assert_closes_in(self, seconds: float) -> None:
        self.clock.advance(seconds - 0.5)
        self.assertTrue(self.transport.connected)
        self.clock.advance(0.5)
        self.assertFalse(self.transport.connected)

    def test_headers_have_a_deadline_that_no_byte_extends(self) -> None:
        self.channel.dataReceived(b"GET / HT")
        for _ in range(int(HEADER_DEADLINE) - 1):
            self.clock.advance(1)
            self.channel.dataReceived(b"T")
        self.assert_closes_in(1)

    def test_a_body_has_a_deadline_that_no_byte_extends(self) -> None:
        self.channel.dataReceived(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
        for _ in range(9):
            self.clock.advance(BODY_DEADLINE / 10)
            self.channel.dataReceived(b"x")
        self.assert_closes_in(BODY_DEADLINE / 10)

    def test_a_quiet_connection_is_kept_and_then_closed(self) -> None:
        for _ in range(3):
            self.channel.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.clock.advance(KEEP_ALIVE - 1)
        self.assertEqual(self.transport.value().count(b"hello"), 3)
        self.assert_closes_in(1)

    def test_one_that_never_asks_is_closed(self) -> None:
        self.assert_closes_in(KEEP_ALIVE)

    def test_after_a_pause_a_request_has_its_whole_time(self) -> None:
        self.channel.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.clock.advance(KEEP_ALIVE - 1)
        self.channel.dataReceived(b"GET / HTTP/1.1\r\n")
        self.assert_closes_in(HEADER_DEADLINE)
