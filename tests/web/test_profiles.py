"""Profiles of a meter over REST: JSON in pages, CSV and NDJSON in one piece."""

from __future__ import annotations

import csv
import io
import json

from hesd.driver.cosem import DLMSDriver, ProfileTable
from hesd.driver.loading import LoadedDriver
from hesd.model.obis import OBIS
from hesd.store import profiles
from tests.store.test_profiles import CLOCK, VOLTS, ProfileRow, profile
from tests.web.world import WebCase

FROM = "from=2026-06-01T12:00:00Z"
TO = "to=2026-06-02T00:00:00Z"
LOAD = "meters/M1/profiles/1-0:99.1.0"
DRIVER = DLMSDriver(
    vendor="V",
    models=("M",),
    source="test",
    objects=(),
    profiles=(
        ProfileTable(OBIS("1-0:99.1.0"), "Load profile 1"),
        ProfileTable(OBIS("0-0:98.1.0"), "Monthly billing"),
    ),
)


class ProfileTests(WebCase):
    async def keep(self, *numbers: int) -> None:
        await self.db.write(profiles.put, profile(*numbers))

    async def test_rows_come_with_their_columns_in_the_units_people_use(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        await self.keep(0, 1)
        answer = await self.call("GET", f"{LOAD}?{FROM}&{TO}", role="viewer")
        self.assertEqual(answer.status, 200, answer.body)
        clock, energy, voltage = answer.json["columns"]
        self.assertEqual((clock["obis"], clock["class_id"], clock["attribute"]), ("0.0.1.0.0.255", 8, 2))
        self.assertEqual((energy["obis"], energy["unit"]), ("1.0.1.8.0.255", "kWh"))
        self.assertEqual((energy["name"], voltage["unit"]), ("Active energy import", "V"))
        self.assertEqual(
            answer.json["rows"],
            [
                {"at": "2026-06-01T12:00:00.000Z", "values": ["clock 0", 10, 230]},
                {"at": "2026-06-01T12:15:00.000Z", "values": ["clock 1", 10.01, 230.1]},
            ],
        )
        self.assertIsNone(answer.json["next"])

    async def test_long_ones_come_in_pages_with_the_same_columns(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        await self.keep(*range(5))
        at_ms = profile(6).rows[0].at_ms
        other = ProfileRow(at_ms, ("clock 6", 231.5), ("clock 6", 2315))
        await self.db.write(profiles.put, profile(columns=(CLOCK, VOLTS), rows=(other,)))
        rows, heads, cursor = [], [], ""
        while cursor is not None:
            query = f"{FROM}&{TO}&limit=2{cursor and '&cursor='}{cursor}"
            page = (await self.call("GET", f"{LOAD}?{query}")).json
            self.assertLessEqual(len(page["rows"]), 2)
            rows += page["rows"]
            heads.append([column["obis"] for column in page["columns"]])
            cursor = page["next"]
        self.assertEqual(len(rows), 6)
        self.assertEqual(heads, [["0.0.1.0.0.255", "1.0.32.7.0.255", "1.0.1.8.0.255"]] * 3)
        self.assertEqual(rows[-1]["values"], ["clock 6", 231.5, None])

    async def test_without_a_span_the_last_31_days_come(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        rows = tuple(
            ProfileRow(self.app.now_ms - days * 86_400_000, ("c", 1, 2), ("c", 0, 20)) for days in (40, 30, 0)
        )
        await self.db.write(profiles.put, profile(rows=rows))
        self.assertEqual(len((await self.call("GET", LOAD)).json["rows"]), 2)

    async def test_as_csv_and_ndjson(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        await self.keep(0, 1)
        table = await self.call("GET", f"{LOAD}?{FROM}&{TO}", headers={"Accept": "text/csv"})
        self.assertEqual(
            list(csv.reader(io.StringIO(table.body.decode()))),
            [
                ["meter", "at", "0.0.1.0.0.255", "1.0.1.8.0.255 kWh", "1.0.32.7.0.255 V"],
                ["M1", "2026-06-01T12:00:00.000Z", "clock 0", "10", "230"],
                ["M1", "2026-06-01T12:15:00.000Z", "clock 1", "10.01", "230.1"],
            ],
        )
        self.assertIn("M1-1.0.99.1.0.255.csv", table.header("content-disposition") or "")
        lines = await self.call("GET", f"{LOAD}?{FROM}&{TO}", headers={"Accept": "application/x-ndjson"})
        last = json.loads(lines.body.splitlines()[-1])
        self.assertEqual((last["at"], last["1.0.1.8.0.255 kWh"]), ("2026-06-01T12:15:00.000Z", 10.01))
        self.assert_problem(
            await self.call("GET", LOAD, headers={"Accept": "image/png"}), 406, "not-acceptable"
        )

    async def test_which_are_known(self) -> None:
        self.app.drivers["dlms"] = LoadedDriver("dlms", DRIVER, None, "test")  # type: ignore[index]
        self.addCleanup(self.app.drivers.pop, "dlms")  # type: ignore[attr-defined]
        await self.call("POST", "meters", {"serial": "M1", "driver": "dlms"})
        await self.keep(0, 3)
        await self.db.write(profiles.put, profile(1, obis=OBIS("0-0:98.2.0")))
        listed = (await self.call("GET", "meters/m1/profiles")).json["items"]
        self.assertEqual(
            [(each["obis"], each["rows"]) for each in listed],
            [("0.0.98.1.0.255", 0), ("0.0.98.2.0.255", 1), ("1.0.99.1.0.255", 2)],
        )
        self.assertEqual((listed[0]["name"], listed[0]["first_at"]), ("Monthly billing", None))
        self.assertEqual(
            (listed[2]["first_at"], listed[2]["last_at"]),
            ("2026-06-01T12:00:00.000Z", "2026-06-01T12:45:00.000Z"),
        )

    async def test_what_is_wrong_is_named(self) -> None:
        self.assert_problem(await self.call("GET", LOAD), 404, "not-found")
        self.assert_problem(await self.call("GET", "meters/M1/profiles"), 404, "not-found")
        await self.call("POST", "meters", {"serial": "M1"})
        self.assertEqual((await self.call("GET", LOAD)).json, {"columns": [], "rows": [], "next": None})
        for path, field in (
            ("meters/M1/profiles/load", "obis"),
            (f"{LOAD}?from=2026-06-02T00:00:00Z&to=2026-06-01T00:00:00Z", "from"),
            (f"{LOAD}?cursor=x", "cursor"),
            (f"{LOAD}?cursor={2**64}", "cursor"),
            (f"{LOAD}?limit=0", "limit"),
        ):
            self.assert_problem(await self.call("GET", path), 422, "invalid", field)
