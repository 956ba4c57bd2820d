"""Profiles, logs, objects and attributes of simulated meters, read on demand over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.web.dlms_world import SERIALS
from tests.web.test_commands import CommandCase
from tests.web.test_feed import FeedCase
from tests.web.world import PlantCase

METER = SERIALS[0]
LOAD = "1.0.99.1.0.255"


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

    async def test_spans_that_are_none(self) -> None:
        await self.register()
        for body, field in (
            ({"from": hours_ago(1)}, "to"),
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
        self.assert_problem(await self.command(f"{METER}/events/reads", {"log": "x"}), 422, "invalid", "log")


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
