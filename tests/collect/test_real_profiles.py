"""Profiles and logs over real sockets, of every shipped driver's simulated meter."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import time
from typing import Any

from gurux_dlms.enums import InterfaceType
from gurux_dlms.objects import GXDLMSProfileGeneric
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from hesd.collect.buffers import Buffers
from hesd.collect.cosem_models import ModelsInMemory
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.event_read import EventsRead, read_events
from hesd.collect.head_end import DLMSDoors, HeadEnd
from hesd.collect.profile_read import ProfileRead, read_newest, read_profile
from hesd.config import Line
from hesd.links.dial_in_listener import DialInListener
from hesd.links.open_dlms_line import open_dlms_line
from hesd.links.open_link import open_link
from hesd.model.obis import OBIS
from hesd.sim.dlms_plant import DLMSPort
from hesd.sim.plant import Plant
from hesd.sim.simulator import Simulator
from hesd.toml_file import Duration
from tests.collect.memory_meter import MemoryKeyring
from tests.collect.real_dlms_case import AREAS, DRIVERS, HEXCELL, MOMAS, simulated, spec
from tests.sim.gurux_head import GuruxHead, quiet

SERIAL = "46000755036"
LOAD = OBIS("1-0:99.1.0")
DAY = 86_400_000


class RealProfileTests(TestCase):
    def play(self, framing: Any, driver: str, **more: Any) -> None:
        reached: Deferred[None] = Deferred()

        def told(_: Any) -> None:
            if not reached.called:
                reached.callback(None)

        desk = DLMSDesk(clock=reactor, keyring=MemoryKeyring(), on_readings=told, on_state=lambda _: None)
        listener = partial(DialInListener, reactor=reactor)
        doors = DLMSDoors(desk, partial(open_dlms_line, reactor=reactor), listener)
        self.head_end = HeadEnd(
            partial(open_link, reactor=reactor), reactor, told, lambda _: None, dlms=doors
        )
        self.addCleanup(lambda: Deferred.fromCoroutine(self.head_end.stop()))
        port = DLMSPort(name="line", framing=framing, meters=(simulated(SERIAL, driver, **more),))
        simulator = Simulator(
            Plant(title="Port", area=AREAS, dlms=(port,)), DRIVERS, Path(self.mktemp()), reactor
        )
        simulator.startService()
        self.addCleanup(simulator.stopService)
        self.head_end.place([spec(SERIAL, "line", driver)])
        endpoint = self.endpoint = simulator.endpoints["line"]
        self.head_end.add_line(
            Line(name="line", endpoint=endpoint, protocol=f"dlms-{framing}", timeout=Duration(5.0))
        )
        self.buffers = Buffers(ModelsInMemory(), reactor)
        self.reached = reached

    async def check(self, log: str) -> None:
        """A day of the load profile, and a log."""
        until = int(time() // 900) * 900_000
        await self.reached

        async def rows(meter: DLMSMeter) -> ProfileRead:
            return await read_profile(meter, LOAD, until - DAY, until, self.buffers)

        async def events(meter: DLMSMeter) -> EventsRead:
            return await read_events(meter, OBIS(log), 0, self.buffers)

        found = await self.head_end.with_meter(SERIAL, rows)
        times = [row.at_ms for row in found.profile.rows]
        self.assertEqual(times, list(range(until - DAY, until + 1, 900_000)))
        logged = await self.head_end.with_meter(SERIAL, events)
        self.assertTrue(logged.events)
        self.assertEqual((found.problem, logged.problem), (None, None))

    async def test_hexcell_through_the_wrapper(self) -> None:
        self.play("wrapper", HEXCELL)
        await self.check("1-0:99.98.42")

    async def test_momas_in_small_apdus_on_hdlc(self) -> None:
        self.play("hdlc", MOMAS)
        await self.check("0-0:99.98.0")

    async def test_the_newest_rows_are_those_that_gurux_reads_by_number(self) -> None:
        self.play("wrapper", HEXCELL, newest_first=True, turnaround=0.0)
        await self.reached

        async def newest(meter: DLMSMeter) -> ProfileRead:
            return await read_newest(meter, LOAD, 300, self.buffers)

        def read() -> list[tuple[int, int]]:
            _, host, port = self.endpoint.split(":")
            with GuruxHead((host, int(port)), InterfaceType.WRAPPER) as head:
                head.associate()
                profile = GXDLMSProfileGeneric("1.0.99.1.0.255")
                head.read(profile, 3)
                with quiet():
                    requests = head.client.readRowsByEntry(profile, 1, 300)
                rows = head.rows(profile, requests)
                head.release()
            return [(round(row[0].value.timestamp() * 1000), row[1]) for row in rows]

        found = await self.head_end.with_meter(SERIAL, newest)
        judged = await deferToThread(read)
        ours = [(row.at_ms, row.raws[1]) for row in found.profile.rows]
        self.assertEqual((found.problem, len(ours)), (None, 300))
        # A quarter of an hour may have ended in between.
        self.assertGreaterEqual(len(set(ours) & set(judged)), 299)
