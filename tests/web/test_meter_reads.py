"""Profiles, logs, objects and attributes of simulated meters, read on demand over REST."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.web.dlms_world import SERIALS
from tests.web.test_commands import CommandCase
from tests.web.test_feed import FeedCase
from tests.web.world import PlantCase

METER = SERIALS[0]
LOAD, RELAY_OFF = "1.0.99.1.0.255", "1.0.99.98.46.255"


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


class ProfileReadTests(CommandCase):
    async def test_rows_come_from_the_meter_and_stay(self) -> None:
        await self.register()
        span = {"from": hours_ago(3), "to": hours_ago(0)}
        done = await self.command(f"{METER}/profiles/1-0:99.1.0/reads", span)
        self.assertEqual((done.status, done.json["state"]), (200, "confirmed"), done.body)
        self.assertEqual(done.json["arguments"]["obis"], LOAD)
        self.assertGreater(done.json["result"]["rows"], 1)
        kept = (await self.call("GET", f"meters/{METER}/profiles/{LOAD}")).json
        self.assertEqual(len(kept["rows"]), done.json["result"]["rows"])
        self.assertGreater(len(kept["columns"]), 2)

    async def test_the_newest_rows(self) -> None:
        await self.register()
        done = await self.command(f"{METER}/profiles/1-0:99.1.0/reads", {"newest": 5})
        self.assertEqual((done.status, done.json["state"]), (200, "confirmed"), done.body)
        self.assertEqual(done.json["arguments"], {"obis": LOAD, "newest": 5})
        self.assertEqual((done.json["result"]["rows"], done.json["result"]["warning"]), (5, None))
        kept = (await self.call("GET", f"meters/{METER}/profiles/{LOAD}")).json
        self.assertEqual(len(kept["rows"]), 5)
        age = datetime.now(UTC) - datetime.fromisoformat(kept["rows"][-1]["at"])
        self.assertLess(age, timedelta(minutes=16))
        self.assertIsNone((await self.call("GET", f"meters/{METER}")).json["warning"])

    async def test_the_newest_rows_of_a_log(self) -> None:
        await self.register()
        for action in ("disconnect", "connect", "disconnect"):
            await self.command(f"{METER}/relay", {"action": action, "reason": "to have an event"})
        done = await self.command(f"{METER}/profiles/{RELAY_OFF}/reads", {"newest": 1})
        self.assertEqual((done.json["state"], done.json["result"]["rows"]), ("confirmed", 1), done.body)
        self.assertEqual(done.json["result"]["entries_in_use"], 2)
        kept = (await self.call("GET", f"meters/{METER}/profiles/{RELAY_OFF}")).json
        self.assertEqual(len(kept["rows"]), 1)

    async def test_spans_that_are_none(self) -> None:
        await self.register()
        for body, field in (
            ({"from": hours_ago(1)}, "to"),
            ({"to": hours_ago(1)}, "from"),
            ({}, "from"),
            ({"newest": None}, "from"),
            ({"newest": 0}, "newest"),
            ({"newest": 10_001}, "newest"),
            ({"newest": "5"}, "newest"),
            ({"newest": 5, "from": hours_ago(1), "to": hours_ago(0)}, "newest"),
            ({"newest": 5, "to": hours_ago(0)}, "newest"),
            ({"from": hours_ago(1), "to": hours_ago(2)}, "from"),
            ({"from": "yesterday", "to": hours_ago(0)}, "from"),
            ({"from": hours_ago(1), "to": hours_ago(0), "entries": 3}, "entries"),
        ):
            refused = await self.command(f"{METER}/profiles/{LOAD}/reads", body)
            self.assert_problem(refused, 422, "invalid", field)
        refused = await self.command(
            f"{METER}/profiles/load/reads", {"from": hours_ago(1), "to": hours_ago(0)}
        )
        self.assert_problem(refused, 422, "invalid", "obis")


class RangeOnlyTests(CommandCase):
    """A meter that gives no entries by number."""

    furnished: Mapping[str, Any] = {"selective_access": ("range",)}

    async def test_the_newest_rows_come_by_time_or_not_at_all(self) -> None:
        await self.register()
        done = await self.command(f"{METER}/profiles/{LOAD}/reads", {"newest": 5})
        self.assertEqual((done.json["state"], done.json["result"]["rows"]), ("confirmed", 5), done.body)
        await self.command(f"{METER}/relay", {"action": "disconnect", "reason": "to have an event"})
        refused = await self.command(f"{METER}/profiles/{RELAY_OFF}/reads", {"newest": 5})
        self.assertEqual((refused.json["state"], refused.json["result"]), ("rejected", None), refused.body)
        self.assertIn("ask for a range of time", refused.json["steps"][-1]["detail"])


class OtherColumnsTests(CommandCase):
    """A three-phase meter that is registered as the single-phase one."""

    furnished: Mapping[str, Any] = {"driver": "hexcell-dtsy1088", "phases": 3}

    async def test_columns_that_are_not_those_of_the_driver_are_told(self) -> None:
        await self.register()
        done = await self.command(f"{METER}/profiles/{LOAD}/reads", {"newest": 2})
        self.assertEqual((done.json["state"], done.json["result"]["rows"]), ("confirmed", 2), done.body)
        warning = done.json["result"]["warning"]
        self.assertIn(f"captures other columns in {LOAD} than its driver's table says", warning)
        self.assertIn(warning, done.json["steps"][-1]["detail"])
        shown = (await self.call("GET", f"meters/{METER}")).json
        self.assertIn(warning, shown["warning"])
        (listed,) = (await self.call("GET", f"meters?q={METER}")).json["items"]
        self.assertIn(warning, listed["warning"])


class EventReadTests(CommandCase, FeedCase):
    async def test_logs_are_read_kept_and_told(self) -> None:
        await self.register()
        await self.command(f"{METER}/relay", {"action": "disconnect", "reason": "to have an event"})
        client = await self.signed_in("viewer")
        await client.ask(id=1, type="subscribe", topics=["events/+"])
        done = await self.command(f"{METER}/events/reads", {"log": "1-0:99.98.46"})
        self.assertEqual(done.json["state"], "confirmed", done.body)
        self.assertGreater(done.json["result"]["new"], 0)
        told = await client.next()
        self.assertEqual((told["topic"], told["data"]["log"]), (f"events/{METER}", "1.0.99.98.46.255"))
        listed = (await self.call("GET", f"events?meter={METER}")).json["items"]
        self.assertEqual(len(listed), done.json["result"]["new"])
        for body, field in (({"log": "x"}, "log"), ({"newest": 0}, "newest"), ({"newest": 10_001}, "newest")):
            refused = await self.command(f"{METER}/events/reads", body)
            self.assert_problem(refused, 422, "invalid", field)

    async def test_the_newest_of_each_log(self) -> None:
        await self.register()
        await self.command(f"{METER}/events/reads", {})
        done = await self.command(f"{METER}/events/reads", {"newest": 1})
        self.assertEqual(done.json["state"], "confirmed", done.body)
        brought = [log["events"] for log in done.json["result"]["logs"].values()]
        self.assertEqual(max(brought), 1)
        self.assertEqual(done.json["result"]["events"], sum(brought))


class ObjectTests(CommandCase):
    async def objects(self) -> list[Any]:
        found: list[Any] = (await self.call("GET", f"meters/{METER}/objects", role="viewer")).json["items"]
        return found

    async def test_what_a_meter_lists_is_kept(self) -> None:
        await self.register()
        self.assertEqual(await self.objects(), [])
        done = await self.command(f"{METER}/objects/reads", {})
        self.assertEqual(done.json["state"], "confirmed", done.body)
        listed = await self.objects()
        self.assertEqual(len(listed), done.json["result"]["objects"])
        (clock,) = [each for each in listed if each["obis"] == "0.0.1.0.0.255"]
        self.assertEqual((clock["class_id"], clock["class_name"]), (8, "Clock"))
        time = clock["attributes"][1]
        self.assertEqual((time["number"], time["readable"]), (2, True))
        self.assertTrue(time["name"])

    async def test_any_attribute_can_be_read_but_secrets(self) -> None:
        await self.register()
        relay = {"class_id": 70, "obis": "0-0:96.3.10", "attribute": 3}
        done = await self.command(f"{METER}/attributes/reads", relay)
        self.assertEqual(done.json["state"], "confirmed", done.body)
        self.assertEqual(done.json["arguments"], {**relay, "obis": "0.0.96.3.10.255"})
        self.assertIn("connected", repr(done.json["result"]))
        secret = {"class_id": 15, "obis": "0-0:40.0.0", "attribute": 7}
        self.assert_problem(await self.command(f"{METER}/attributes/reads", secret), 409, "conflict")
        for field, wrong in (("class_id", 0), ("attribute", 128), ("obis", "x")):
            refused = await self.command(f"{METER}/attributes/reads", {**relay, field: wrong})
            self.assert_problem(refused, 422, "invalid", field)


class ModbusTests(PlantCase):
    async def test_they_list_no_objects(self) -> None:
        meter = {"serial": "S1", "driver": "eastron-sdm630", "line": "house", "unit_id": 1}
        await self.call("POST", "meters", meter)
        self.assert_problem(await self.call("GET", "meters/S1/objects"), 409, "conflict")
        done = await self.call("POST", "meters/S1/objects/reads", {}, headers={"Prefer": "wait=10"})
        self.assert_problem(done, 409, "conflict")
