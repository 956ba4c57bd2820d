"""Simulated meters that push, and a head end that listens, on real sockets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from hesd.driver.cosem import Authentication, Ciphering
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading, Source
from hesd.model.units import Unit
from hesd.sim.dlms_plant import DialIn
from hesd.sim.faults import FaultKind
from hesd.sim.plant import Plant
from hesd.toml_file import Duration
from tests.collect.memory_meter import AK, EK
from tests.collect.real_dlms_case import AREAS, SERIALS, VOLTAGE, RealDLMSCase, simulated, spec

SERIAL = SERIALS[0]
ENERGY = OBIS("1-0:1.8.0")
WAYS = {"authentication": Authentication.HLS_GMAC, "ciphering": Ciphering.BOTH}
KEYS = {"encryption_key": EK.hex(), "authentication_key": AK.hex()}


class RealPushTests(RealDLMSCase):
    async def push_from(self, *meters: Any, framing: Any = "wrapper", **settings: Any) -> None:
        """Have these meters push every 0.2 s; the head end asks the registered ones every hour."""
        registered = [
            spec(each.serial, "gprs", interval=3600, slow_interval=3600, **settings) for each in meters
        ]
        endpoint = await self.listen(*registered)
        place = DialIn(
            name="gprs", endpoint=endpoint, family="push", framing=framing, heartbeat=Duration(0.2),
            meters=meters,
        )  # fmt: skip
        self.simulate(Plant(title="Ikorodu", area=AREAS, dialin=(place,)))

    def pushed(self, obis: OBIS = VOLTAGE) -> Sequence[Reading]:
        return [each for each in self.readings if (each.obis, each.source) == (obis, Source.PUSH)]

    def refused(self) -> int:
        return self.head_end.pushes_refused["security"]

    async def test_its_values_are_readings(self) -> None:
        for framing in ("wrapper", "hdlc"):
            await self.push_from(simulated(SERIAL), framing=framing)
            await self.until(lambda: len(self.pushed()) > 2)
            volts, energy = self.pushed()[0], self.pushed(ENERGY)[0]
            assert isinstance(volts.value, int | float)
            assert isinstance(energy.value, int | float)
            self.assertTrue(200 < volts.value < 260)
            self.assertGreater(energy.value, 1_000_000)  # its kWh, in Wh
            for reading, unit in ((volts, Unit.V), (energy, Unit.WH)):
                self.assertEqual((reading.meter, reading.unit), (SERIAL, unit))
                self.assertEqual(reading.quality, Quality.GOOD)
            await self.head_end.remove_listener("gprs")
            await self.simulator.stopService()
            self.readings.clear()

    async def test_one_that_hangs_up_after_each_push(self) -> None:
        await self.push_from(simulated(SERIAL))
        for accepted in (1, 2, 3):
            await self.until(lambda accepted=accepted: len(self.pushed()) == accepted)
            counters = self.listener.counters
            self.assertEqual((counters.accepted, counters.pushes), (accepted, accepted))
            (connection,) = self.listener.connections
            connection.abort()

    async def test_a_stranger_is_quarantined_by_what_it_pushes(self) -> None:
        await self.push_from(simulated(SERIAL), simulated("99"))
        self.head_end.place([])
        await self.until(lambda: len({each.serial for each in self.strangers}) > 1)
        self.assertEqual({each.serial.lstrip("0") for each in self.strangers}, {SERIAL, "99"})

    async def test_ciphered(self) -> None:
        await self.push_from(simulated(SERIAL, **KEYS, **WAYS), **WAYS)
        await self.until(lambda: len(self.pushed()) > 2)
        self.assertEqual(self.pushed()[-1].unit, Unit.V)

    async def test_what_is_forged_or_replayed_or_in_clear_is_counted_and_no_reading(self) -> None:
        await self.push_from(simulated(SERIAL, **KEYS, **WAYS), **WAYS)
        await self.until(lambda: bool(self.pushed()))
        for fault in (FaultKind.FORGED, FaultKind.REPLAYED, FaultKind.CLEAR):
            self.simulator.board.switch(SERIAL, fault)
            before = self.refused()
            await self.passing(lambda before=before: self.refused() > before)
            taken = len(self.pushed())
            await self.passing(lambda before=before: self.refused() > before + 2)
            self.assertEqual(len(self.pushed()), taken)
            self.simulator.board.clear(SERIAL, fault)
            await self.until(lambda taken=taken: len(self.pushed()) > taken)

    async def test_of_two_that_are_the_same_one_is_taken(self) -> None:
        received = self.keyring.received

        def received_slowly(serial: str) -> Deferred[int]:
            read = received(serial)
            return deferLater(reactor, 0.05, lambda: read)

        self.patch(self.keyring, "received", received_slowly)
        await self.push_from(simulated(SERIAL, **KEYS, **WAYS), **WAYS)
        await self.until(lambda: bool(self.pushed()))
        self.simulator.board.switch(SERIAL, FaultKind.DUPLICATE)
        taken = len(self.pushed())
        await self.until(lambda: len(self.pushed()) >= taken + 4)
        times = [each.at_ms for each in self.pushed()]
        self.assertEqual(len(times), len(set(times)))
        await self.head_end.remove_listener("gprs")
        await deferLater(reactor, 0.2)  # what was being read is read
