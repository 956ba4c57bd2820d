"""`hesctl drivers` and `hesctl plan`: what they say, and how they refuse."""

from __future__ import annotations

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.ctl.run_hesctl import run, run_json

SHIPPED = {
    "eastron-sdm120", "eastron-sdm630", "generic-dlms", "generic-modbus", "hexcell-ddsy1088",
    "hexcell-dtsy1088", "momas", "schneider-em", "schneider-em1200", "schneider-em6400", "schneider-em6400ng",
}  # fmt: skip
TABLE = 'vendor = "V"\nsource = "S"\n[[register]]\naddress = 1\nobis = "1-0:32.7.0"\nunit = "V"\n'


class DriversCommand(SynchronousTestCase):
    def table(self, text: str) -> str:
        path = Path(self.mktemp() + ".toml")
        path.write_text(text)
        return str(path)

    def test_shipped_drivers_are_listed(self) -> None:
        listed = {driver["name"]: driver for driver in run_json("drivers")}
        self.assertEqual(SHIPPED - listed.keys(), set())
        self.assertEqual({listed[name]["problem"] for name in SHIPPED}, {None})
        self.assertIn("eastron-sdm630", run("drivers").stdout)

    def test_both_protocols_are_described(self) -> None:
        listed = {driver["name"]: driver for driver in run_json("drivers")}
        hexcell, eastron = listed["hexcell-dtsy1088"], listed["eastron-sdm630"]
        self.assertEqual((hexcell["protocol"], eastron["protocol"]), ("dlms", "modbus"))
        self.assertEqual((hexcell["client_sap"], hexcell["authentication"]), (17, "lls"))
        self.assertIn("1.0.99.1.0.255", hexcell["profiles"])
        self.assertNotIn("registers", hexcell)
        self.assertIn("as the meter lists", run("drivers").stdout)

    def test_shipped_drivers_are_sound(self) -> None:
        results = run_json("drivers", "check", *sorted(SHIPPED))
        self.assertEqual([result["passed"] for result in results], [True] * len(SHIPPED))
        self.assertIn("vectors", {check["name"] for check in results[0]["checks"]})

    def test_a_table_that_is_not_sound(self) -> None:
        result = run("drivers", "check", self.table(TABLE.replace("= 1\n", "= 70000\n")))
        self.assertEqual(result.exit_code, 1)
        self.assertIn("outside 0..65535", result.stdout)
        self.assertIn("not sound", result.stderr)

    def test_a_vector_that_is_not_decoded_so(self) -> None:
        vector = '[[vector]]\nfunction = 3\naddress = 1\ndata = "43663333"\nsource = "s"\n'
        vector += 'values = { "1-0:32.7.0" = 231 }\n'
        result = run("drivers", "check", "--json", self.table(TABLE + vector))
        self.assertEqual(result.exit_code, 1)
        (checked,) = json.loads(result.stdout)
        self.assertFalse(checked["passed"])
        (failed,) = (check for check in checked["checks"] if not check["passed"])
        self.assertEqual(failed["name"], "vectors")

    def test_a_name_that_nobody_has(self) -> None:
        result = run("drivers", "check", "eastron-sdm63")
        self.assertEqual(result.exit_code, 2)
        self.assertIn("did you mean eastron-sdm630", result.stderr)


class PlanCommand(SynchronousTestCase):
    def test_the_plant_of_79_meters_at_9600_baud(self) -> None:
        plan = run_json("plan", "--driver", "schneider-em", "--baud", "9600", "--meters", "79")
        blocks = [(read["function"], read["address"], read["count"]) for read in plan["reads"]]
        self.assertEqual(blocks, [(3, 3000, 6), (3, 3028, 6), (3, 3054, 32), (3, 3110, 2), (3, 3204, 2)])
        # (8 + 5 + 2n) characters of 11 bits, the turnaround and a silence of 3.5 characters a read.
        characters = 5 * 13 + 2 * 48
        seconds = (characters + 5 * 3.5) * 11 / 9600 + 5 * 0.0125
        self.assertAlmostEqual(plan["meter_seconds"], seconds, 9)
        self.assertAlmostEqual(plan["cycle"], 79 * seconds, 7)
        self.assertFalse(plan["met"])

    def test_what_it_takes_to_meet_a_cycle(self) -> None:
        plan = run_json("plan", "--driver", "schneider-em", "--meters", "79", "--cycle", "5")
        needs = {need["baud"]: need for need in plan["bauds"]}
        self.assertEqual([needs[baud]["buses"] for baud in (9600, 19200, 38400, 115200)], [5, 3, 2, 1])
        advice = " ".join(plan["advice"])
        self.assertIn("115200 baud would do", advice)
        self.assertIn("5 buses at 9600 baud would do", advice)
        self.assertIn("the fast tier", advice)

    def test_a_cycle_that_one_meter_exceeds(self) -> None:
        plan = run_json("plan", "--driver", "eastron-sdm630", "--baud", "1200", "--cycle", "1")
        self.assertIsNone(plan["buses"])
        self.assertNotIn("buses at", " ".join(plan["advice"]))

    def test_faster_lines_read_over_gaps(self) -> None:
        reads = run_json("plan", "--driver", "schneider-em", "--baud", "38400")["reads"]
        self.assertEqual([(read["address"], read["count"]) for read in reads], [(3000, 112), (3204, 2)])

    def test_turnaround_and_format_count(self) -> None:
        slow = run_json("plan", "--driver", "schneider-em", "--turnaround", "50")
        plain = run_json("plan", "--driver", "schneider-em", "--turnaround", "10")
        short = run_json("plan", "--driver", "schneider-em", "--turnaround", "10", "--format", "8N1")
        self.assertGreater(slow["meter_seconds"], plain["meter_seconds"])
        self.assertGreater(plain["meter_seconds"], short["meter_seconds"])

    def test_addresses_on_the_wire_are_told(self) -> None:
        reads = run_json("plan", "--driver", "schneider-em6400")["reads"]
        self.assertEqual([(read["address"], read["wire_address"]) for read in reads], [(3901, 3900)])

    def test_drivers_of_dlms_meters_have_no_registers_to_plan(self) -> None:
        refused = run("plan", "--driver", "hexcell-ddsy1088")
        self.assertEqual(refused.exit_code, 1)
        self.assertIn("hexcell-ddsy1088 is a driver of DLMS meters", refused.stderr)

    def test_refusals(self) -> None:
        template = run("plan", "--driver", "generic-modbus")
        self.assertEqual(template.exit_code, 1)
        self.assertIn("drivers.d", template.stderr)
        for arguments in (
            ["plan"],
            ["plan", "--driver", "x"],
            ["plan", "--driver", "schneider-em", "--baud", "0"],
        ):
            self.assertEqual(run(*arguments).exit_code, 2)

    def test_for_people(self) -> None:
        shown = run("plan", "--driver", "schneider-em", "--meters", "79").stdout
        for part in ("3054..3085", "79 meters 21.10 s", "38400 baud would do", "3 buses at 9600 baud"):
            self.assertIn(part, shown)
