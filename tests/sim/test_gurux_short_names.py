"""gurux-dlms's client reads and commands a simulated meter that knows its attributes by number only.

Version 1.0.203 ciphers no Read and asks for no further block of one, so neither is asked of it:
the meter's PDUs hold what it reads.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from gurux_dlms import GXDateTime
from gurux_dlms.enums import DataType

from hesd.dlms.base_name import ASSOCIATION_BASE_NAME
from tests.sim.dlms_case import SMALL, DLMSCase, entry
from tests.sim.gurux_head import GuruxHead, quiet
from tests.sim.test_gurux_reads import INTERFACES, SERIAL

RELAY, ENERGY, PROFILE, SETTING = "0.0.96.3.10.255", "1.0.1.8.0.255", "1.0.99.1.0.255", "0.0.128.2.1.255"
DRIVERS = {"small": replace(SMALL, max_pdu=2048)}


class GuruxShortNameTests(DLMSCase):
    async def everywhere(self, work: Any) -> None:
        """Play a meter behind each framing and let gurux work on it and its objects."""
        meters = [
            entry(SERIAL[:-1] + str(number), referencing="short", energy=1000.0)
            for number in range(len(INTERFACES))
        ]
        self.play(
            DRIVERS,
            dlms=[
                {"name": framing, "framing": framing, "meters": [meter]}
                for framing, meter in zip(INTERFACES, meters, strict=True)
            ],
        )

        def run() -> None:
            for framing, interface in INTERFACES.items():
                with GuruxHead(self.port(framing), interface, logical_names=False) as head:
                    head.associate()
                    work(head, {str(each.logicalName): each for each in head.objects()})
                    head.release()

        await self.in_thread(run)

    async def test_objects_by_their_base_names(self) -> None:
        def read(head: GuruxHead, found: dict[str, Any]) -> None:
            self.assertLessEqual({str(each.obis) for each in SMALL.objects}, set(found))
            self.assertEqual(found["0.0.40.0.0.255"].shortName, ASSOCIATION_BASE_NAME)
            energy = found[ENERGY]
            head.read(energy, 3)
            self.assertEqual((energy.scaler, int(energy.unit)), (10, 30))
            self.assertGreaterEqual(head.read(energy), 10_000)
            self.assertEqual(bytes(head.read(found["0.0.96.1.0.255"]))[:5], bytes.fromhex("0460007550"))
            clock = found["0.0.1.0.0.255"]
            head.read(clock)
            self.assertLess(abs(clock.time.value - dt.datetime.now(dt.UTC)), dt.timedelta(seconds=30))

        await self.everywhere(read)

    async def test_writing_and_methods(self) -> None:
        def command(head: GuruxHead, found: dict[str, Any]) -> None:
            setting, relay = found[SETTING], found[RELAY]
            head.read(setting)
            setting.value = b"APN".ljust(80, b"\0")
            setting.setDataType(2, DataType.OCTET_STRING)
            with quiet():
                head.ask(head.client.write(setting, 2))
            self.assertEqual(bytes(head.read(setting)), b"APN".ljust(80, b"\0"))
            for method, is_on in ((1, False), (2, True)):
                with quiet():
                    head.ask(head.client.method(relay, method, 0, DataType.INT8))
                self.assertEqual(head.read(relay), is_on)

        await self.everywhere(command)

    async def test_half_a_day_of_the_load_profile(self) -> None:
        def read(head: GuruxHead, found: dict[str, Any]) -> None:
            profile = found[PROFILE]
            head.read(profile, 3)
            self.assertEqual(len(profile.captureObjects), 4)
            end = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
            start = end - dt.timedelta(hours=12)
            with quiet():
                requests = head.client.readRowsByRange(profile, GXDateTime(start), GXDateTime(end))
            rows = head.rows(profile, requests)
            self.assertEqual((len(rows), rows[0][0].value.astimezone(dt.UTC)), (49, start))

        await self.everywhere(read)
