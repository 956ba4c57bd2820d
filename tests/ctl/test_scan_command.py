"""`hesctl scan`: every meter of a bus is found, and called by its driver."""

from __future__ import annotations

import json
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.ctl.plant_case import PlantCase, floats
from tests.ctl.run_hesctl import run

SDM630 = {
    0x00: 230.5, 0x02: 231.25, 0x04: 229.75, 0x06: 1.5, 0x08: 2.5, 0x0A: 0.5, 0x0C: 345.0, 0x34: 1035.0,
    0x2A: 230.5, 0x46: 50.02, 0xC8: 399.0, 0xCA: 400.0, 0xCC: 398.5, 0xCE: 399.2,
}  # fmt: skip
SDM120 = {0x00: 229.5, 0x06: 3.0, 0x0C: 680.0, 0x46: 49.98, 0x48: 55.5}
FIELD_TABLE = {
    3000: 12.5, 3002: 11.0, 3004: 13.25, 3028: 239.5, 3030: 240.0, 3032: 238.0, 3054: 8.5, 3084: 0.95,
    3110: 50.0, 3204: 1234.5,
}  # fmt: skip
EM6400NG = {2999: 12.5, 3001: 11.0, 3003: 13.25, 3027: 239.5, 3029: 240.0, 3031: 238.0, 3059: 8.5, 3109: 50.0}
EM6400 = {
    3900: 9000.0, 3902: 8500.0, 3908: 415.5, 3910: 239.75, 3912: 12.5, 3914: 50.0, 3926: 239.5, 3940: 240.0,
    3954: 239.75, 3960: 123456.0,
}  # fmt: skip
EM1200 = {3002: 2800.0, 3012: 240.5, 3028: 239.5, 3044: 241.0, 3050: 8400.0, 3058: 416.0, 3062: 49.95}


class ScanCommand(PlantCase):
    kinds = ("serial", "tcp")
    plant: ClassVar = {
        1: [(4, 0x00, floats(0x00, 0x17D, SDM630))],
        2: [(4, 0x00, floats(0x00, 0x5F, SDM120)), (4, 0x156, floats(0x156, 0x159, {}))],
        5: [(3, 3000, floats(3000, 3205, FIELD_TABLE))],
        6: [(3, 89, "3c97"), (3, 2999, floats(2999, 3244, EM6400NG))],
        7: [(3, 3900, floats(3900, 3965, EM6400, low_word_first=True))],
        8: [(3, 3000, floats(3000, 3063, EM1200, low_word_first=True))],
        9: [(3, 100, "1234")],
    }
    drivers: ClassVar = {
        1: "eastron-sdm630",
        2: "eastron-sdm120",
        5: "schneider-em",
        6: "schneider-em6400ng",
        7: "schneider-em6400",
        8: "schneider-em1200",
        9: None,
    }

    async def test_a_serial_line(self) -> None:
        ran = await self.hesctl(
            "scan", self.places["serial"], "--baud", "115200", "--units", "1-9", "--timeout", "150", "--json"
        )
        self.assertEqual(ran.code, 0, ran.stderr)
        found = {each["unit"]: each for each in ran.json}
        self.assertEqual({unit: each["driver"] for unit, each in found.items()}, self.drivers)
        self.assertEqual([unit for unit, each in found.items() if each["certain"]], [6])
        self.assertEqual(found[1]["candidates"][0]["driver"], "eastron-sdm630")
        self.assertIn("unit 5 answers: schneider-em", ran.stderr)

    async def test_modbus_tcp_for_people(self) -> None:
        ran = await self.hesctl("scan", self.places["tcp"], "--units", "2,6-7")
        self.assertEqual(ran.code, 0, ran.stderr)
        self.assertRegex(ran.stdout, r"2 +eastron-sdm120 +likely")
        self.assertRegex(ran.stdout, r"6 +schneider-em6400ng +certain")
        self.assertRegex(ran.stdout, r"7 +schneider-em6400 +likely")

    async def test_nobody_answers(self) -> None:
        ran = await self.hesctl("scan", self.places["tcp"], "--units", "100-103", "--json")
        self.assertEqual((ran.code, json.loads(ran.stdout)), (1, []))
        self.assertIn("no unit answers", ran.stderr)


class ScanUsage(SynchronousTestCase):
    def test_ranges(self) -> None:
        for units in ("0-5", "5-1", "1-248", "a", "", "1--2"):
            self.assertEqual(run("scan", "--units", units, "tcp:127.0.0.1:9").exit_code, 2, units)
