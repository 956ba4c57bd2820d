"""The search for DLMS meters on real sockets, among those that answer in ways of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import IService
from twisted.internet.defer import ensureDeferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from hesd.config import Line
from hesd.ctl import dlms_search
from hesd.ctl.dlms_search import FoundMeter, Search
from hesd.dlms.hdlc_frame import FrameReader, HDLCFrame
from hesd.dlms.wrapper import encode_wpdu
from hesd.driver.generic import DLMS_DRIVER
from hesd.links.open_dlms_line import open_dlms_line
from hesd.model.errors import LinkDown
from tests.links.live import reactor

DM = 0x1F
HANG_UP = b""


class _End(Protocol):
    def dataReceived(self, data: bytes) -> None:
        said = self.factory.answer(data)  # type: ignore[union-attr]
        if said is HANG_UP:
            self.transport.loseConnection()  # type: ignore[union-attr]
        elif said is not None:
            self.transport.write(said)  # type: ignore[union-attr]


class SearchCase(TestCase):
    timeout = 20

    async def search(self, protocol: Any, answer: Callable[[bytes], bytes | None]) -> Search:
        """A search on a line whose other end says what `answer` makes of what it hears."""
        factory = Factory.forProtocol(_End)
        factory.answer = answer  # type: ignore[attr-defined]
        self.port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(lambda: self.port.stopListening())
        line = Line(name="L", endpoint=f"tcp:127.0.0.1:{self.port.getHost().port}", protocol=protocol)
        link, service = open_dlms_line(line, reactor)
        connecting: Any = service
        assert IService.providedBy(connecting)
        connecting.startService()
        self.addCleanup(connecting.stopService)
        await connecting.whenConnected()
        return Search(link, reactor, (16,), {"generic-dlms": DLMS_DRIVER}, 0.2)

    def found(self, found: FoundMeter | None) -> FoundMeter:
        assert found is not None
        return found

    async def test_a_meter_that_refuses_an_hdlc_link_is_there(self) -> None:
        def refuse(data: bytes) -> bytes:
            (snrm,) = FrameReader().feed(data)
            assert isinstance(snrm, HDLCFrame)
            return HDLCFrame(snrm.source, snrm.destination, DM).encode()

        found = self.found(await (await self.search("dlms-hdlc", refuse)).look_for(1, 17))
        self.assertEqual([each.refusal for each in found.heard], ["refuses an HDLC link"])
        self.assertEqual([each.driver for each in found.candidates], ["generic-dlms"])

    async def test_so_is_one_that_says_what_makes_no_sense(self) -> None:
        search = await self.search("dlms-wrapper", lambda _: encode_wpdu(1, 16, b"\x61\x03\xff"))
        found = self.found(await search.look_for(1, None))
        self.assertIn("breaks a rule", found.heard[0].refusal)

    async def test_who_hangs_up_each_time_is_silent_and_keeps_nobody_else_from_answering(self) -> None:
        search = await self.search("dlms-wrapper", lambda data: HANG_UP if data[5] == 2 else data)
        self.assertIsNone(await search.look_for(2, None))
        self.assertIn("the connection broke", search.silence)
        self.assertIsNone(await search.look_for(3, None), "an echo is nobody's answer")
        self.assertIn("no answer within 0.2 s", search.silence)

    async def test_a_line_that_stays_down_ends_it(self) -> None:
        self.patch(dlms_search, "_RECONNECT", 0.8)

        def leave(_: bytes) -> bytes:
            self.port.stopListening()
            return HANG_UP

        search = await self.search("dlms-wrapper", leave)
        failure = await self.assertFailure(ensureDeferred(search.look_for(1, None)), LinkDown)
        self.assertIn("refused", str(failure))
