"""Meters, areas, users, drivers and lines over REST."""

from __future__ import annotations

from hesd.config import Config
from hesd.model.obis import OBIS
from hesd.model.quantities import quantity
from hesd.store import meters
from tests.web.frames import messages_in
from tests.web.world import PASSWORD, WebCase

METER = {"serial": "46000755036", "driver": "eastron-sdm630", "line": "bus-1", "unit_id": 7}


class MeterTests(WebCase):
    async def test_a_meter_is_registered_shown_and_listed(self) -> None:
        added = await self.call("POST", "meters", {**METER, "serial": " ab-1 ", "interval": "15s"})
        self.assertEqual(added.status, 201, added.body)
        self.assertEqual(added.header("location"), "/api/v1/meters/AB-1")
        self.assertEqual(added.json["serial"], "AB-1", "serials are trimmed and in capitals")
        self.assertEqual(added.json["interval"], 15.0)
        one = await self.call("GET", "meters/ab-1")
        self.assertEqual(one.json, added.json)
        listed = await self.call("GET", "meters")
        self.assertEqual(listed.json, {"items": [added.json], "next": None})

    async def test_the_head_end_reads_it_from_then_on(self) -> None:
        self.head_end.add_line(self.lines[0])
        self.addCleanup(self.head_end.stop)
        await self.call("POST", "meters", METER)
        self.assertEqual([state.serial for state in self.head_end.states()], [METER["serial"]])
        await self.call("PATCH", f"meters/{METER['serial']}", {"lifecycle": "warehouse"})
        self.assertEqual(self.head_end.states(), [])
        await self.call("PATCH", f"meters/{METER['serial']}", {"lifecycle": "active"})
        self.assertEqual(len(self.head_end.states()), 1)
        await self.call("DELETE", f"meters/{METER['serial']}")
        self.assertEqual(self.head_end.states(), [])

    async def test_a_driver_or_a_line_there_is_none_of_is_refused(self) -> None:
        for field in ("driver", "line"):
            refused = await self.call("POST", "meters", {**METER, field: "none"})
            self.assertEqual((refused.status, refused.json["field"]), (422, field))
            self.assertIn(METER[field], refused.json["detail"])
        await self.call("POST", "meters", METER)
        refused = await self.call("PATCH", f"meters/{METER['serial']}", {"line": "bus-9"})
        self.assertEqual(refused.status, 422)

    async def test_one_whose_line_is_gone_says_so_and_cannot_be_asked(self) -> None:
        await self.call("POST", "meters", METER)
        self.app.placement.configure(Config())
        await self.app.placement.renew()
        shown = (await self.call("GET", f"meters/{METER['serial']}")).json
        self.assertEqual(
            (shown["status"], shown["reason"]),
            ("unknown", f"the configuration has no line {METER['line']}"),
        )
        refused = await self.call("POST", f"meters/{METER['serial']}/reads", {})
        self.assertEqual(refused.status, 409)
        self.assertIn("no line", refused.json["detail"])

    async def test_one_that_is_not_all_there_says_what_is_missing(self) -> None:
        added = await self.call("POST", "meters", {"serial": "1", "line": "bus-1"})
        self.assertEqual(added.json["reason"], "it has no driver and no unit id")

    async def test_how_a_dlms_meter_is_spoken_to_is_kept(self) -> None:
        spoken = {
            "client_sap": 1,
            "server_sap": 17,
            "physical_address": 16,
            "authentication": "hls-gmac",
            "ciphering": "both",
            "suite": 0,
            "referencing": "short",
            "via": "DCU-1",
            "system_title": "4858450000000001",
        }
        added = await self.call("POST", "meters", {"serial": "1", **spoken})
        self.assertEqual({field: added.json[field] for field in spoken}, spoken)
        changed = await self.call("PATCH", "meters/1", {"ciphering": None, "relay_status": "connected"})
        self.assertEqual((changed.json["ciphering"], changed.json["relay_status"]), (None, "connected"))

    async def test_who_listens_hears_of_edits(self) -> None:
        start = self.hub.seq
        await self.call("POST", "meters", METER)
        await self.call("PATCH", f"meters/{METER['serial']}", {"name": "Press"})
        await self.call("DELETE", f"meters/{METER['serial']}")
        events = messages_in(self.hub.since(start, ["meters/+"]) or b"")
        self.assertEqual(
            [(event["data"]["name"], event["data"]["status"]) for event in events],
            [("", "unknown"), ("Press", "unknown"), ("Press", "retired")],
        )

    async def test_writing_is_enabled_by_an_admin(self) -> None:
        body = {**METER, "writes_enabled": True}
        refused = await self.call("POST", "meters", body, role="operator")
        self.assert_problem(refused, 403, "forbidden", "writes_enabled")
        self.assertTrue((await self.call("POST", "meters", body)).json["writes_enabled"])
        changed = await self.call(
            "PATCH", f"meters/{METER['serial']}", {"writes_enabled": False}, role="operator"
        )
        self.assertFalse(changed.json["writes_enabled"])

    async def test_what_is_wrong_is_named(self) -> None:
        cases = (
            ({"driver": "x"}, "serial"),
            ({**METER, "serial": "a b"}, "serial"),
            ({**METER, "unit_id": 256}, "unit_id"),
            ({**METER, "unit_id": "7"}, "unit_id"),
            ({**METER, "interval": "soon"}, "interval"),
            ({**METER, "lifecycle": "lost"}, "lifecycle"),
            ({**METER, "area": "nowhere"}, "area"),
            ({**METER, "colour": "red"}, "colour"),
            ({**METER, "latitude": 91}, "latitude"),
            ({**METER, "authentication": "hls"}, "authentication"),
            ({**METER, "ciphering": True}, "ciphering"),
            ({**METER, "suite": 3}, "suite"),
            ({**METER, "client_sap": -1}, "client_sap"),
            ({**METER, "system_title": "none"}, "system_title"),
        )
        for body, field in cases:
            self.assert_problem(await self.call("POST", "meters", body), 422, "invalid", field)
        self.assertEqual((await self.call("GET", "meters")).json["items"], [])

    async def test_what_is_taken_is_a_conflict(self) -> None:
        await self.call("POST", "meters", METER)
        self.assert_problem(await self.call("POST", "meters", METER), 409, "conflict", "serial")
        other = {**METER, "serial": "2"}
        self.assert_problem(await self.call("POST", "meters", other), 409, "conflict", "unit_id")

    async def test_edits_say_which_version_they_were_made_from(self) -> None:
        added = await self.call("POST", "meters", METER)
        path, first = f"meters/{METER['serial']}", added.header("etag") or ""
        edited = await self.call("PATCH", path, {"name": "Press"}, headers={"If-Match": first})
        self.assertEqual((edited.status, edited.json["name"]), (200, "Press"))
        self.assertNotEqual(edited.header("etag"), first)
        stale = await self.call("PATCH", path, {"name": "Lathe"}, headers={"If-Match": first})
        self.assert_problem(stale, 412, "changed")
        self.assert_problem(await self.call("DELETE", path, headers={"If-Match": first}), 412, "changed")
        nonsense = await self.call("PATCH", path, {"name": "Lathe"}, headers={"If-Match": '"x"'})
        self.assert_problem(nonsense, 412, "changed")
        for header in ({"If-Match": edited.header("etag")}, {"If-Match": "*"}, {}):
            again = await self.call("PATCH", path, {"name": "Lathe"}, headers=header)
            self.assertEqual(again.status, 200, again.body)

    async def test_null_takes_away_and_absence_leaves(self) -> None:
        await self.call("POST", "meters", {**METER, "name": "Press", "latitude": 6.6})
        changed = await self.call("PATCH", f"meters/{METER['serial']}", {"latitude": None})
        self.assertEqual((changed.json["latitude"], changed.json["name"]), (None, "Press"))
        renamed = await self.call("PATCH", f"meters/{METER['serial']}", {"serial": "2"})
        self.assert_problem(renamed, 422, "invalid", "serial")

    async def test_a_retired_meter_is_out_of_sight_and_there(self) -> None:
        await self.call("POST", "meters", METER)
        path = f"meters/{METER['serial']}"
        self.assertEqual((await self.call("DELETE", path)).status, 204)
        self.assertEqual((await self.call("GET", "meters")).json["items"], [])
        self.assertEqual((await self.call("GET", path)).json["status"], "retired")
        retired = await self.call("GET", "meters?status=retired")
        self.assertEqual([meter["serial"] for meter in retired.json["items"]], [METER["serial"]])
        self.assertEqual((await self.call("POST", "meters", {**METER, "serial": "2"})).status, 201)

    async def test_lists_are_filtered(self) -> None:
        await self.call("POST", "areas", {"code": "IKD", "name": "Ikorodu"})
        for number in range(1, 5):
            meter = {"serial": f"M{number}", "driver": "eastron-sdm630", "line": "bus-1", "unit_id": number}
            meter |= {"area": "IKD"} if number == 1 else {}
            meter |= {"driver": "eastron-sdm120"} if number == 2 else {}
            meter |= {"lifecycle": "faulty"} if number == 3 else {}
            meter |= {"name": "Große Presse"} if number == 4 else {}
            await self.call("POST", "meters", meter)
        for query, expected in (
            ("", "M1 M2 M3 M4"),
            ("?area=ikd", "M1"),
            ("?driver=eastron-sdm120", "M2"),
            ("?status=faulty", "M3"),
            ("?status=unknown", "M1 M2 M4"),
            ("?status=online", ""),
            ("?line=bus-1&q=gro%C3%9Fe", "M4"),
            ("?line=bus-2", ""),
        ):
            found = await self.call("GET", f"meters{query}")
            self.assertEqual(" ".join(m["serial"] for m in found.json["items"]), expected, query)
        self.assert_problem(await self.call("GET", "meters?status=asleep"), 422, "invalid", "status")

    async def test_long_lists_come_in_pages(self) -> None:
        for number in range(7):
            await self.db.write(meters.create, {"serial": f"M{number}"}, 0)
        found, cursor = [], ""
        while cursor is not None:
            page = (await self.call("GET", f"meters?limit=3{cursor and '&cursor='}{cursor}")).json
            self.assertLessEqual(len(page["items"]), 3)
            found += [meter["serial"] for meter in page["items"]]
            cursor = page["next"]
        self.assertEqual(found, [f"M{number}" for number in range(7)])

    async def test_what_is_not_there_is_not_found(self) -> None:
        for method, path in (
            ("GET", "meters/9"),
            ("DELETE", "meters/9"),
            ("GET", "meters/9/latest"),
            ("GET", "meters/9/readings"),
            ("GET", "jobs/9"),
            ("GET", "lines/9"),
            ("GET", "drivers/9"),
            ("GET", "areas/9"),
            ("GET", "users/9"),
        ):
            self.assert_problem(await self.call(method, path), 404, "not-found")
        self.assert_problem(await self.call("PATCH", "meters/9", {}), 404, "not-found")
        self.assert_problem(await self.call("POST", "meters/9/reads", {}), 404, "not-found")


class AreaTests(WebCase):
    async def test_an_area_is_added_changed_and_removed(self) -> None:
        added = await self.call("POST", "areas", {"code": "ikd", "name": "Ikorodu", "latitude": 6.6})
        self.assertEqual((added.status, added.json["code"], added.json["meter_count"]), (201, "IKD", 0))
        await self.call("POST", "meters", {"serial": "1", "area": "Ikorodu"})
        self.assertEqual((await self.call("GET", "areas/IKD")).json["meter_count"], 1)
        self.assert_problem(await self.call("DELETE", "areas/IKD"), 409, "conflict", "code")
        renamed = await self.call("PATCH", "areas/IKD", {"code": "IK"}, headers={"If-Match": '"1"'})
        self.assertEqual(renamed.json["code"], "IK", renamed.body)
        self.assertEqual((await self.call("GET", "meters/1")).json["area"], "IK")
        await self.call("PATCH", "meters/1", {"area": None})
        self.assertEqual((await self.call("DELETE", "areas/IK")).status, 204)
        self.assertEqual((await self.call("GET", "areas")).json, {"items": [], "next": None})

    async def test_codes_are_taken_once(self) -> None:
        await self.call("POST", "areas", {"code": "A"})
        self.assert_problem(await self.call("POST", "areas", {"code": "a"}), 409, "conflict", "code")


class UserTests(WebCase):
    async def test_a_user_comes_changes_and_goes(self) -> None:
        body = {"username": "Ben", "password": "correct battery", "role": "operator"}
        added = await self.call("POST", "users", body)
        self.assertEqual((added.status, added.json["username"]), (201, "ben"), added.body)
        self.assertNotIn("password", added.body.decode())
        login = {"username": "ben", "password": "correct battery"}
        token = (await self.call("POST", "auth/login", login, role=None)).json["token"]
        self.assertEqual((await self.call("POST", "meters", {"serial": "1"}, token=token)).status, 201)
        await self.call("PATCH", "users/ben", {"role": "viewer"})
        refused = await self.call("POST", "meters", {"serial": "2"}, token=token)
        self.assert_problem(refused, 403, "forbidden")
        await self.call("DELETE", "users/ben")
        self.assertEqual((await self.call("GET", "auth/me", token=token)).status, 401)
        self.assertEqual((await self.call("POST", "auth/login", login, role=None)).status, 401)
        listed = (await self.call("GET", "users")).json["items"]
        self.assertEqual(
            [(user["username"], user["disabled"]) for user in listed], [("admin", False), ("ben", True)]
        )

    async def test_what_is_wrong_is_named(self) -> None:
        good = {"username": "ben", "password": "correct battery", "role": "viewer"}
        for change, field in (
            ({"role": "king"}, "role"),
            ({"password": "x"}, "password"),
            ({"username": "a b"}, "username"),
        ):
            self.assert_problem(await self.call("POST", "users", {**good, **change}), 422, "invalid", field)
        await self.call("POST", "users", good)
        self.assert_problem(await self.call("POST", "users", good), 409, "conflict", "username")

    async def test_somebody_has_to_stay_admin(self) -> None:
        await self.user("admin")
        for change, field in (({"disabled": True}, "disabled"), ({"role": "viewer"}, "role")):
            self.assert_problem(await self.call("PATCH", "users/admin", change), 409, "conflict", field)
        login = {"username": "admin", "password": PASSWORD}
        self.assertEqual((await self.call("POST", "auth/login", login, role=None)).status, 200)


class DriverAndLineTests(WebCase):
    async def test_drivers_are_listed_with_what_they_read(self) -> None:
        listed = (await self.call("GET", "drivers")).json["items"]
        self.assertIn("eastron-sdm630", [driver["name"] for driver in listed])
        one = (await self.call("GET", "drivers/eastron-sdm630")).json
        self.assertEqual((one["vendor"], one["problem"], one["read_limit"]), ("Eastron", None, 80))
        registers = (await self.call("GET", "drivers/eastron-sdm630/registers")).json["items"]
        self.assertEqual(len(registers), one["registers"])
        energy = next(register for register in registers if register["obis"] == "1.0.1.8.0.255")
        self.assertEqual((energy["unit"], energy["function"], energy["address"]), ("kWh", 4, 0x48))
        settings = (await self.call("GET", "drivers/eastron-sdm630/settings")).json["items"]
        baud = next(setting for setting in settings if setting["name"] == "baud rate")
        self.assertEqual(baud["choices"]["9600"], 2)
        self.assertEqual(energy["label"], quantity(OBIS(energy["obis"])).label)

    async def test_a_line_says_how_it_is_doing(self) -> None:
        self.head_end.add_line(self.lines[0])
        self.addCleanup(self.head_end.stop)
        await self.call("POST", "meters", METER)
        (line,) = (await self.call("GET", "lines")).json["items"]
        self.assertEqual((line["name"], line["protocol"], line["up"]), ("bus-1", "modbus-tcp", False))
        self.assertEqual((line["endpoint"], line["meters"], line["online"]), (self.lines[0].endpoint, 1, 0))
        self.assertGreater(line["bound_seconds"], 0)
        self.assertEqual(line["counters"]["requests"], 0)
        self.assertEqual((await self.call("GET", "lines/bus-1")).json["advice"], line["advice"])
