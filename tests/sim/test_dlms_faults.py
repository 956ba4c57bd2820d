"""What is wrong with a meter or its connection shows on the wire, and ends when it is switched off."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from time import sleep
from typing import Any

from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.hdlc_address import ServerAddress
from hesd.dlms.transfer import GetTransfer
from hesd.model.obis import OBIS
from tests.sim.dlms_case import DLMSCase, entry
from tests.sim.dlms_head import Head, Lost, Silent, hdlc, lls, wrapper

VOLTAGE = (3, "1.0.32.7.0.255")
LIST = (15, "0.0.40.0.0.255")


class FaultCase(DLMSCase):
    async def with_head(self, work: Callable[[Head], None], framing: str = "wrapper", **options: Any) -> None:
        self.play(dlms=[{"name": "house", "framing": framing, "meters": [entry("1001")]}])

        def run() -> None:
            link = wrapper(17) if framing == "wrapper" else hdlc(17, ServerAddress(1))
            with Head(self.port("house"), link, lls(), **options) as head:
                head.associate()
                work(head)

        await self.in_thread(run)

    def fault(self, words: str) -> None:
        self.in_reactor(lambda: self.simulator.board.obey(f"1001 {words}"))


class AnswerTests(FaultCase):
    async def test_dead(self) -> None:
        def work(head: Head) -> None:
            self.fault("dead")
            self.assertRaises(Silent, head.get, *VOLTAGE)
            self.fault("dead off")
            self.assertTrue(head.get(*VOLTAGE))

        await self.with_head(work, timeout=0.2)

    async def test_late_answer_comes_for_the_next_request(self) -> None:
        def work(head: Head) -> None:
            self.fault("late 0.3")
            self.assertRaises(Silent, head.get, *VOLTAGE)
            self.fault("late off")
            for _ in range(50):  # of which one finds it before its own answer
                self.assertTrue(head.get(*VOLTAGE))
                if head.discarded:
                    break
                sleep(0.02)
            self.assertEqual(len(head.discarded), 1)
            self.assertIn("late", head.discarded[0])

        await self.with_head(work, timeout=0.2)

    async def test_duplicate(self) -> None:
        def work(head: Head) -> None:
            self.fault("duplicate")
            for _ in range(3):
                self.assertTrue(head.get(*VOLTAGE))
            self.assertEqual(len(head.discarded), 2)

        await self.with_head(work)

    async def test_octet_by_octet(self) -> None:
        def work(head: Head) -> None:
            self.fault("trickle 200")
            began = time.monotonic()
            self.assertTrue(head.get(*VOLTAGE))
            self.assertGreater(time.monotonic() - began, 15 / 200)

        await self.with_head(work)

    async def test_busy(self) -> None:
        def work(head: Head) -> None:
            self.fault("busy")
            self.assertIs(head.get(*VOLTAGE), DataAccessResult.TEMPORARY_FAILURE)

        await self.with_head(work)

    async def test_nothing_to_say(self) -> None:
        def work(head: Head) -> None:
            self.fault("unavailable")
            self.assertIsNone(head.get(*VOLTAGE))

        await self.with_head(work)

    async def test_forgotten_association(self) -> None:
        def work(head: Head) -> None:
            self.fault("stale")
            self.assertRaises(Lost, head.get, *VOLTAGE)
            head.associate()
            self.assertTrue(head.get(*VOLTAGE))

        await self.with_head(work)

    async def test_lost_block_can_be_asked_for_again(self) -> None:
        def work(head: Head) -> None:
            transfer = GetTransfer(0xC1, ((AttributeDescriptor(15, OBIS(LIST[1]), 2), None),))
            head.association.send(transfer.request)
            transfer.receive(head.answer(transfer))
            self.fault("lost-block 1")
            head.association.send(transfer.request)
            self.assertRaises(Silent, head.answer, transfer)
            self.fault("lost-block off")
            head.run(transfer)
            self.assertGreater(len(transfer.results[0].value), 10)  # type: ignore[union-attr, arg-type]

        await self.with_head(work, timeout=0.2)

    async def test_flipped_bits(self) -> None:
        def work(head: Head) -> None:
            self.fault("corrupt 1")
            self.assertRaises(Silent, head.get, *VOLTAGE)
            self.fault("corrupt off")
            head.link.timed_out()  # HDLC asks for what is missing
            self.assertTrue(head.get(*VOLTAGE))

        await self.with_head(work, "hdlc", timeout=0.2)


class ConnectionTests(FaultCase):
    async def test_dead_connection_is_told_to_nobody(self) -> None:
        def work(head: Head) -> None:
            self.fault("nat")
            self.assertRaises(Silent, head.get, *VOLTAGE)
            with Head(self.port("house"), wrapper(17), lls()) as other:
                other.associate()  # only the connections of that moment are dead
            self.fault("nat off")
            self.assertRaises((ConnectionError, OSError), head.get, *VOLTAGE)

        await self.with_head(work, timeout=0.2)

    async def test_unplugged(self) -> None:
        def work(head: Head) -> None:
            address = self.port("house")
            self.in_reactor(lambda: self.simulator.board.obey("house unplug"))
            self.assertRaises(OSError, self.connect_for_ever, address)
            self.in_reactor(lambda: self.simulator.board.obey("house unplug off"))
            with Head(address, wrapper(17), lls()) as other:
                other.associate()

        await self.with_head(work)

    def connect_for_ever(self, address: tuple[str, int]) -> None:
        """Until it is refused: a port closes when the reactor gets round to it."""
        for _ in range(100):
            socket.create_connection(address, 1).close()
            time.sleep(0.01)

    async def test_nonsense_is_hung_up_on(self) -> None:
        def work(head: Head) -> None:
            with socket.create_connection(self.port("house")) as stranger:
                stranger.settimeout(2)
                stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
                self.assertEqual(stranger.recv(10), b"")

        await self.with_head(work)
