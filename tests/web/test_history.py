"""Latest values and history, as pages and in one piece."""

from __future__ import annotations

import csv
import io
import json

from hesd.model.reading import Quality
from hesd.model.units import Unit
from hesd.store import meters
from tests.web.world import WebCase, reading

VOLTAGE, ENERGY = "1.0.32.7.0.255", "1.0.1.8.0.255"
START = 1_767_261_600_000  # 2026-01-01T10:00:00Z
MINUTE = 60_000


class HistoryTests(WebCase):
    async def fill(self, count: int = 180) -> None:
        """A voltage each 20 s and a counter each minute, from 10:00 UTC."""
        await self.db.write(meters.create, {"serial": "M1"}, 0)
        batch = [reading("M1", VOLTAGE, START + n * 20_000, 230.0 + n % 3) for n in range(count)]
        batch += [
            reading("M1", ENERGY, START + n * MINUTE, 1_000_000 + n * 500, Unit.WH) for n in range(count // 3)
        ]
        await self.store(batch)
        self.latest.update(batch)

    def path(self, **parameters: str) -> str:
        chosen = {"from": "2026-01-01T10:00:00Z", "to": "2026-01-01T12:00:00Z", **parameters}
        return "meters/m1/readings?" + "&".join(f"{name}={value}" for name, value in chosen.items())

    async def test_a_code_nobody_has_a_name_for_is_shown_as_it_is(self) -> None:
        await self.db.write(meters.create, {"serial": "M1"}, 0)
        self.latest.update([reading("M1", "0.1.143.9.7.255", START, 1.0, Unit.NONE)])
        (latest,) = (await self.call("GET", "meters/M1/latest")).json["items"]
        self.assertEqual((latest["quantity"], latest["label"]), ("0.1.143.9.7.255", "0.1.143.9.7.255"))

    async def test_latest_is_the_newest_of_each_quantity(self) -> None:
        await self.fill()
        latest = (await self.call("GET", "meters/M1/latest")).json["items"]
        self.assertEqual(
            latest,
            [
                {
                    "obis": ENERGY,
                    "quantity": "active_energy_import",
                    "label": "Active energy import",
                    "value": 1029.5,
                    "unit": "kWh",
                    "quality": "good",
                    "at": "2026-01-01T10:59:00.000Z",
                },
                {
                    "obis": VOLTAGE,
                    "quantity": "voltage_l1",
                    "label": "Voltage L1",
                    "value": 232.0,
                    "unit": "V",
                    "quality": "good",
                    "at": "2026-01-01T10:59:40.000Z",
                },
            ],
        )

    async def test_the_latest_of_all_meters_come_in_pages_of_whole_meters(self) -> None:
        for number in range(5):
            self.latest.update(
                [reading(f"M{number}", VOLTAGE, START, 1.0), reading(f"M{number}", ENERGY, START, 2)]
            )
        first = (await self.call("GET", "latest?limit=3")).json
        self.assertEqual([item["meter"] for item in first["items"]], ["M0", "M0", "M1", "M1"])
        rest = (await self.call("GET", f"latest?cursor={first['next']}")).json
        self.assertEqual([item["meter"] for item in rest["items"]][::2], ["M2", "M3", "M4"])
        self.assertIsNone(rest["next"])

    async def test_history_comes_in_pages_over_all_quantities(self) -> None:
        await self.fill()
        rows, cursor, pages = [], "", 0
        while cursor is not None:
            page = (
                await self.call("GET", self.path(limit="50", **({"cursor": cursor} if cursor else {})))
            ).json
            rows += page["items"]
            cursor, pages = page["next"], pages + 1
        self.assertEqual((len(rows), pages), (240, 5))
        self.assertEqual([row["obis"] for row in rows], [ENERGY] * 60 + [VOLTAGE] * 180)
        self.assertEqual(rows[1]["value"], 1000.5)
        self.assertEqual(len({(row["obis"], row["at"]) for row in rows}), 240)

    async def test_history_of_some_quantities_and_a_time(self) -> None:
        await self.fill()
        page = (await self.call("GET", self.path(obis="1-0:32.7.0", to="2026-01-01T10:01:00%2B00:00"))).json
        self.assertEqual([row["value"] for row in page["items"]], [230.0, 231.0, 232.0])
        both = await self.call("GET", self.path(obis="1-0:32.7.0&obis=1-0:1.8.0", to="2026-01-01T10:01:00Z"))
        self.assertEqual([row["obis"] for row in both.json["items"]], [VOLTAGE] * 3 + [ENERGY])

    async def test_minutes_and_hours(self) -> None:
        await self.fill()
        (first, *_) = (await self.call("GET", self.path(obis=VOLTAGE, resolution="minute"))).json["items"]
        self.assertEqual(
            (first["value"], first["min"], first["max"], first["count"]), (231.0, 230.0, 232.0, 3)
        )
        (hour,) = (await self.call("GET", self.path(obis=ENERGY, resolution="hour"))).json["items"]
        self.assertEqual(
            (hour["value"], hour["unit"], hour["at"]), (1029.5, "kWh", "2026-01-01T10:00:00.000Z")
        )

    async def test_without_times_it_is_the_last_day(self) -> None:
        await self.db.write(meters.create, {"serial": "M1"}, 0)
        now = int(self.reactor.seconds() * 1000)
        batch = [reading("M1", VOLTAGE, now - hours * 3_600_000, hours) for hours in (25, 23, 0)]
        await self.store(batch)
        page = (await self.call("GET", f"meters/M1/readings?obis={VOLTAGE}")).json
        self.assertEqual([row["value"] for row in page["items"]], [23, 0])

    async def test_csv_holds_everything_in_one_piece(self) -> None:
        await self.fill(9_000)
        answer = await self.call("GET", self.path(to="2026-01-04T00:00:00Z"), headers={"Accept": "text/csv"})
        self.assertEqual(answer.header("content-type"), "text/csv")
        self.assertIn('filename="M1-raw.csv"', answer.header("content-disposition") or "")
        rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
        self.assertEqual(len(rows), 12_000)
        self.assertEqual(
            rows[0],
            {
                "meter": "M1",
                "obis": ENERGY,
                "quantity": "active_energy_import",
                "at": "2026-01-01T10:00:00.000Z",
                "value": "1000",
                "unit": "kWh",
                "quality": "good",
            },
        )

    async def test_ndjson_is_one_row_a_line(self) -> None:
        await self.fill()
        answer = await self.call(
            "GET", self.path(resolution="hour"), headers={"Accept": "application/x-ndjson"}
        )
        rows = [json.loads(line) for line in answer.body.splitlines()]
        self.assertEqual([row["obis"] for row in rows], [ENERGY, VOLTAGE])

    async def test_text_of_a_meter_is_no_formula_for_a_spreadsheet(self) -> None:
        await self.db.write(meters.create, {"serial": "M1"}, 0)
        text = reading("M1", "0.0.42.0.0.255", START, "=cmd()", Unit.NONE, Quality.BAD)
        await self.store([text])
        path = self.path(obis="0.0.42.0.0.255")
        answer = await self.call("GET", path, headers={"Accept": "text/csv"})
        self.assertIn(b",'=cmd(),", answer.body)
        self.assertEqual((await self.call("GET", path)).json["items"][0]["value"], "=cmd()")

    async def test_what_is_wrong_is_named(self) -> None:
        await self.db.write(meters.create, {"serial": "M1"}, 0)
        for parameters, field in (
            ({"obis": "voltage"}, "obis[0]"),
            ({"from": "yesterday"}, "from"),
            ({"from": "2026-01-01T10:00:00"}, "from"),
            ({"from": "2026-01-02T10:00:00Z"}, "from"),
            ({"resolution": "week"}, "resolution"),
            ({"limit": "100000"}, "limit"),
            ({"cursor": "nonsense", "obis": VOLTAGE}, "cursor"),
            ({"cursor": f"{VOLTAGE}@{'9' * 30}", "obis": VOLTAGE}, "cursor"),
        ):
            self.assert_problem(await self.call("GET", self.path(**parameters)), 422, "invalid", field)
        answer = await self.call("GET", self.path(), headers={"Accept": "image/png"})
        self.assert_problem(answer, 406, "not-acceptable")
