"""`hesctl read` against meters that pymodbus plays, on a serial line and over TCP."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase

from hesd.modbus.mbap import MBAPReader, encode_frame
from hesd.modbus.register_image import RegisterImage
from hesd.modbus.server import serve
from tests.ctl.plant_case import PlantCase, floats
from tests.ctl.run_hesctl import run

MEASURED = {
    0x00: 230.5, 0x02: 231.25, 0x04: 229.75, 0x06: 1.5, 0x0C: 345.0, 0x1E: 0.98, 0x34: -1727.5,
    0x46: 50.02, 0x48: 1234.5, 0x4A: 12.5, 0x158: 33.25, 0x15A: 411.5,
}  # fmt: skip
INPUTS = (4, 0x00, floats(0x00, 0x17D, MEASURED))


class ReadCommand(PlantCase):
    kinds = ("serial", "tcp", "rtu-over-tcp")
    plant: ClassVar = {
        1: [INPUTS],
        2: [INPUTS, (3, 0x00, floats(0x00, 0x57, {0x1C: 2.0, 0x1E: 1.0})), (3, 0xFC00, "0112a880")],
        3: [(4, 0, floats(0, 0x4F, MEASURED | {0x00: 23050.0, 0x02: float("nan")}))],
        4: [
            (3, 89, "3c98"),
            (3, 3027, floats(3027, 3028, {3027: 239.5})),
            (3, 3203, "0000001cbe991a14"),
            (3, 3083, "3f866666"),
        ],
    }

    async def read(self, driver: str, place: str, *more: str) -> dict[str, dict[str, Any]]:
        ran = await self.hesctl("read", "--driver", driver, "--json", "--baud", "115200", place, *more)
        self.assertEqual((ran.code, ran.stderr), (0, ""), ran.stdout)
        return {reading["quantity"]: reading for reading in ran.json}

    async def test_a_whole_meter_on_a_serial_line(self) -> None:
        before = datetime.now(UTC)
        readings = await self.read("eastron-sdm630", f"{self.places['serial']}#1")
        self.assertEqual(len(readings), 85)
        self.assertEqual({reading["quality"] for reading in readings.values()}, {"good"})
        voltage = readings["voltage_l1"]
        at = datetime.fromisoformat(voltage.pop("at"))
        self.assertLess(abs(at - before), timedelta(minutes=1))
        self.assertEqual(
            voltage,
            {
                "obis": "1.0.32.7.0.255",
                "quantity": "voltage_l1",
                "raw": 230.5,
                "scaler": 0,
                "value": 230.5,
                "unit": "V",
                "quality": "good",
            },
        )
        self.assertEqual(readings["active_power_import"]["value"], -1.7275)
        self.assertEqual(readings["active_energy_import"]["value"], 1234.5)
        self.assertEqual(readings["active_energy_import"]["unit"], "kWh")

    async def test_the_same_over_tcp_both_ways(self) -> None:
        tcp = await self.read("eastron-sdm630", f"{self.places['tcp']}#1", "1-0:32.7.0", "1-0:1.8.0")
        self.assertEqual([reading["value"] for reading in tcp.values()], [230.5, 1234.5])
        place = f"{self.places['rtu-over-tcp']}#1"
        rtu = await self.read("eastron-sdm630", place, "--protocol", "modbus-rtu", "1-0:32.7.0")
        self.assertEqual(rtu["voltage_l1"]["value"], 230.5)

    async def test_names_and_codes_in_the_order_they_are_given_and_unit_1_where_none_is(self) -> None:
        place = self.places["tcp"]
        readings = await self.read("eastron-sdm630", place, "1.0.1.8.0.255", "voltage_l2", "01000E0700FF")
        self.assertEqual(list(readings), ["active_energy_import", "voltage_l2", "frequency"])
        self.assertAlmostEqual(readings["frequency"]["value"], 50.02, 4)

    async def test_the_prefix_of_the_meter_counts(self) -> None:
        readings = await self.read("eastron-sdm630", f"{self.places['tcp']}#2", "1-0:1.8.0", "1-0:1.7.0")
        energy = readings["active_energy_import"]
        self.assertEqual((energy["raw"], energy["scaler"], energy["value"]), (1234.5, 3, 1234500))
        self.assertEqual(readings["active_power_import"]["value"], -1.7275)

    async def test_settings_are_read_on_demand_and_shown_to_people(self) -> None:
        place = f"{self.places['tcp']}#2"
        ran = await self.hesctl("read", "--driver", "eastron-sdm630", "--settings", place)
        self.assertEqual(ran.code, 0, ran.stderr)
        self.assertRegex(ran.stdout, r"0\.0\.199\.0\.28\.255 +parameter_0x001c +2 ")
        self.assertRegex(ran.stdout, r"serial_number +18000000")
        self.assertNotIn("voltage_l1 ", ran.stdout)

    async def test_what_is_implausible_or_missing_is_said(self) -> None:
        ran = await self.hesctl("read", "--driver", "eastron-sdm630", "--json", f"{self.places['tcp']}#3")
        self.assertEqual(ran.code, 0)
        readings = {reading["quantity"]: reading for reading in ran.json}
        self.assertEqual(readings["voltage_l1"]["quality"], "suspect")
        self.assertEqual((readings["voltage_l2"]["value"], readings["voltage_l2"]["quality"]), (None, "bad"))
        self.assertEqual(readings["voltage_l3"]["quality"], "good")
        self.assertEqual(readings["voltage_thd"]["quality"], "bad")
        self.assertIn("refuses registers", ran.stderr)

    async def test_documented_addresses_and_exact_counters(self) -> None:
        ran = await self.hesctl(
            "read", "--driver", "schneider-em6400ng", "--json", f"{self.places['tcp']}#4",
            "1-0:32.7.0", "1-0:1.8.0", "1-0:13.7.0",
        )  # fmt: skip
        self.assertEqual(ran.code, 0)
        voltage, energy, power_factor = ran.json
        self.assertEqual(voltage["value"], 239.5)
        self.assertEqual((energy["raw"], energy["value"]), (123456789012, 123456789.012))
        self.assertAlmostEqual(power_factor["value"], 0.95, 6)
        self.assertIn("register 90 says 15512", ran.stderr)


class ReadRefused(PlantCase):
    kinds = ("serial", "tcp")
    plant: ClassVar = {1: [(4, 0, floats(0, 0x4F, MEASURED))]}

    async def refused(self, code: int, *arguments: str) -> str:
        ran = await self.hesctl("read", *arguments)
        self.assertEqual(ran.code, code, ran.stdout + ran.stderr)
        return ran.stderr

    async def test_a_named_quantity_that_the_meter_refuses(self) -> None:
        place = self.places["tcp"]
        error = await self.refused(1, "--driver", "eastron-sdm630", place, "voltage_l1", "voltage_l1_l2")
        self.assertIn("illegal data address", error)

    async def test_nobody_there(self) -> None:
        self.assertIn("refused", await self.refused(1, "--driver", "schneider-em", "tcp:127.0.0.1:9"))
        error = await self.refused(1, "--driver", "schneider-em", "/dev/no-such-port#1")
        self.assertIn("No such file", error)

    async def test_a_meter_that_does_not_answer(self) -> None:
        # The server hears Modbus TCP on a serial line and says nothing to it.
        error = await self.refused(
            1, "--driver", "eastron-sdm630", "--protocol", "modbus-tcp", "--timeout", "50", "--retries", "1",
            self.places["serial"],
        )  # fmt: skip
        self.assertIn("no answer within 0.05 s", error)

    async def test_an_endpoint_that_cannot_be_one(self) -> None:
        place = "serial:/dev/ttyS0:baudrate=fast"
        self.assertIn("baudrate", await self.refused(2, "--driver", "schneider-em", place))


class Tiring(Protocol):
    """A meter that answers so many requests, and then no more."""

    def __init__(self, answers: int) -> None:
        self.answers = answers
        self.reader = MBAPReader()
        self.image = RegisterImage()
        self.image.load(3, 3000, struct.pack(">f", 12.5))

    def dataReceived(self, data: bytes) -> None:
        for transaction, unit, pdu in self.reader.feed(data):
            if self.answers:
                self.answers -= 1
                self.transport.write(encode_frame(transaction, unit, serve(pdu, self.image)))


class ReadEndsEarly(PlantCase):
    kinds = ()

    async def test_what_came_is_shown_and_the_failure_told(self) -> None:
        from twisted.internet import reactor

        port = reactor.listenTCP(0, Factory.forProtocol(lambda: Tiring(1)), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        ran = await self.hesctl(
            "read", "--driver", "schneider-em", "--timeout", "200", "--retries", "0", "--json",
            f"tcp:127.0.0.1:{port.getHost().port}",
        )  # fmt: skip
        self.assertEqual(ran.code, 1)
        self.assertIn("no answer within 0.2 s", ran.stderr)
        qualities = {reading["quantity"]: reading["quality"] for reading in ran.json}
        self.assertEqual((qualities["current_l1"], qualities["active_energy_import"]), ("good", "bad"))


class ReadUsage(SynchronousTestCase):
    def test_wrong_usage(self) -> None:
        place = "tcp:127.0.0.1:9"
        for arguments in (
            [place],
            ["--driver", "nobody", place],
            ["--driver", "schneider-em"],
            ["--driver", "schneider-em", place, "volts"],
            ["--driver", "schneider-em", f"{place}#256"],
            ["--driver", "schneider-em", "--parity", "X", place],
        ):
            self.assertEqual(run("read", *arguments).exit_code, 2, arguments)

    def test_a_quantity_that_the_driver_has_not_got(self) -> None:
        result = run("read", "--driver", "schneider-em", "tcp:127.0.0.1:9", "1-0:99.99.0")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("no register for 1.0.99.99.0.255", result.stderr)
