"""Tables of meters: good rows are kept, bad ones are named."""

from __future__ import annotations

from typing import Any

from tests.web.world import WebCase


class ImportTests(WebCase):
    async def send(self, table: str | bytes, content_type: str = "text/csv") -> Any:
        raw = table.encode() if isinstance(table, str) else table
        return await self.call("POST", "meters/import", raw, headers={"Content-Type": content_type})

    async def serials(self) -> list[str]:
        return [meter["serial"] for meter in (await self.call("GET", "meters")).json["items"]]

    async def test_good_rows_are_kept_and_bad_ones_named(self) -> None:
        await self.call("POST", "meters", {"serial": "OLD"})
        answer = await self.send(
            "serial,driver,line,unit_id,area\n"
            "M1,eastron-sdm630,bus-1,1,\n"
            "M2,eastron-sdm630,bus-1,300,\n"
            ",eastron-sdm630,bus-1,3,\n"
            "M4,eastron-sdm630,bus-1,1,\n"
            "\n"
            "OLD,,,,\n"
            "M6,eastron-sdm630,bus-1,6,nowhere\n"
            "M7,eastron-sdm630,bus-1,7,,too,many\n"
            "M8\n"
            "M9,eastron-sdm360,bus-1,9,\n"
        )
        self.assertEqual(answer.status, 200, answer.body)
        result = answer.json
        self.assertEqual((result["total"], result["created"]), (9, 2))
        self.assertEqual(
            [(failure["row"], failure["field"]) for failure in result["failures"]],
            [
                (3, "unit_id"),
                (4, "serial"),
                (5, "unit_id"),
                (7, "serial"),
                (8, "area"),
                (9, "area"),
                (11, "driver"),
            ],
        )
        self.assertTrue(all(failure["error"] for failure in result["failures"]))
        self.assertEqual(await self.serials(), ["M1", "M8", "OLD"])

    async def test_the_field_systems_own_headers_are_understood(self) -> None:
        await self.call("POST", "areas", {"code": "IKD", "name": "Ikorodu"})
        answer = await self.send(
            "meterNumber,brand,model,meterType,firmware,area\r\n"
            '46000755036,Hexcell,DDSY1088,"single-phase, prepaid",1.2,Ikorodu\r\n'
            "46000777832,Hexcell,DTSY1088,Three Phase,,IKD\r\n"
            "46000777833,Hexcell,DTSY1088,postpaid,,\r\n"
            "46000777834,Hexcell,DTSY1088,five-phase,,\r\n"
        )
        self.assertEqual(answer.json["created"], 3, answer.body)
        self.assertEqual([(f["row"], f["field"]) for f in answer.json["failures"]], [(5, "meter_type")])
        found = (await self.call("GET", "meters")).json["items"]
        self.assertEqual(
            [(m["serial"], m["meter_type"], m["payment"], m["area"], m["firmware"]) for m in found],
            [
                ("46000755036", "single-phase", "prepaid", "IKD", "1.2"),
                ("46000777832", "three-phase", None, "IKD", ""),
                ("46000777833", None, "postpaid", None, ""),
            ],
        )

    async def test_how_a_dlms_meter_is_spoken_to_may_stand_in_it(self) -> None:
        answer = await self.send(
            "serial,clientAddress,serverAddress,authentication,ciphering,suite,referencing,systemTitle,relayStatus\n"
            "M1,1,17,hls-gmac,both,0,logical,4858450000000001,connected\n"
            "M2,1,17,guess,both,0,,,\n"
            "M3,1,17,lls,,,,48584500,\n"
            "M4,1,17,lls,,,long,,\n"
        )
        self.assertEqual(
            [(f["row"], f["field"]) for f in answer.json["failures"]],
            [(3, "authentication"), (4, "system_title"), (5, "referencing")],
        )
        meter = (await self.call("GET", "meters/M1")).json
        self.assertEqual((meter["client_sap"], meter["server_sap"], meter["suite"]), (1, 17, 0))
        self.assertEqual((meter["authentication"], meter["ciphering"]), ("hls-gmac", "both"))
        self.assertEqual(meter["referencing"], "logical")
        self.assertEqual((meter["system_title"], meter["relay_status"]), ("4858450000000001", "connected"))

    async def test_spreadsheets_write_it_in_their_own_way(self) -> None:
        answer = await self.send(
            "\ufeffSerial;Unit ID;Slow interval;Name\r\nM1;5;15m;Große Presse\r\n".encode()
        )
        self.assertEqual(answer.json, {"total": 1, "created": 1, "failures": []})
        meter = (await self.call("GET", "meters/M1")).json
        self.assertEqual(
            (meter["unit_id"], meter["slow_interval"], meter["name"]), (5, 900.0, "Große Presse")
        )

    async def test_what_is_no_table_of_meters_is_refused_whole(self) -> None:
        cases: tuple[tuple[str | bytes, int, str, str | None], ...] = (
            ("", 422, "invalid", "serial"),
            ("name,driver\nPress,x\n", 422, "invalid", "serial"),
            ("serial,colour\nM1,red\n", 422, "invalid", "colour"),
            ("serial,serial\nM1,M1\n", 422, "invalid", "serial"),
            ("serial,meterNumber\nM1,M1\n", 422, "invalid", "serial"),
            ('serial,name\nM1,"unclosed\n', 400, "malformed", None),
            (b"serial,name\nM1,Gro\xdfe\n", 400, "malformed", None),
        )
        for table, status, kind, field in cases:
            self.assert_problem(await self.send(table), status, kind, field)
        self.assert_problem(await self.send("{}", "application/json"), 415, "unsupported-media-type")
        self.assertEqual(await self.serials(), [])

    async def test_large_tables_are_taken_and_larger_ones_are_not(self) -> None:
        rows = "\n".join(f"M{number:05},Meter {number}" for number in range(2_000))
        answer = await self.send(f"serial,name\n{rows}\n")
        self.assertEqual((answer.json["total"], answer.json["created"]), (2_000, 2_000))
        answer = await self.send("serial,name\n" + "x" * (10 << 20))
        self.assert_problem(answer, 413, "too-large")
