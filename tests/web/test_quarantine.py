"""Strangers over REST: listed, adopted, forgotten."""

from __future__ import annotations

from hesd.store import quarantine
from tests.store.test_quarantine import stranger
from tests.web.frames import messages_in
from tests.web.world import WebCase

AT = 1_767_261_600_000


class QuarantineTests(WebCase):
    async def seen(self, *serials: str) -> list[int]:
        """The numbers of strangers, in the order of their serials here."""
        for serial in serials:
            await self.db.write(quarantine.seen, [stranger(serial, AT, listener="bus-1")])
        found = (await self.call("GET", "quarantine")).json["items"]
        return [each["id"] for each in reversed(found)]

    async def test_they_are_listed_with_what_they_claim(self) -> None:
        (number,) = await self.seen("46000755036")
        listed = await self.call("GET", "quarantine", role="viewer")
        self.assertEqual(
            listed.json,
            {
                "items": [
                    {
                        "id": number,
                        "family": "wrapper",
                        "serial": "46000755036",
                        "address": "10.0.0.1",
                        "listener": "bus-1",
                        "framing": "wrapper",
                        "first_seen": "2026-01-01T10:00:00.000Z",
                        "last_seen": "2026-01-01T10:00:00.000Z",
                        "times": 1,
                    }
                ],
                "next": None,
            },
        )

    async def test_long_lists_come_in_pages(self) -> None:
        await self.seen("11", "12", "13")
        first = (await self.call("GET", "quarantine?limit=2")).json
        rest = (await self.call("GET", f"quarantine?limit=2&cursor={first['next']}")).json
        self.assertEqual([each["serial"] for each in first["items"] + rest["items"]], ["13", "12", "11"])
        self.assertIsNone(rest["next"])
        self.assert_problem(await self.call("GET", f"quarantine?cursor={2**64}"), 422, "invalid", "cursor")

    async def test_one_is_adopted_and_everybody_hears_of_it(self) -> None:
        await self.call("POST", "areas", {"code": "IKD", "name": "Ikorodu"})
        (number,) = await self.seen("46000755036")
        start = self.hub.seq
        body = {"driver": "eastron-sdm630", "area": "Ikorodu", "name": "Shop"}
        adopted = await self.call("POST", f"quarantine/{number}/adopt", body, role="operator")
        self.assertEqual(adopted.status, 201, adopted.body)
        self.assertEqual(adopted.header("location"), "/api/v1/meters/46000755036")
        self.assertEqual((adopted.json["line"], adopted.json["area"]), ("bus-1", "IKD"))
        self.assertEqual((await self.call("GET", "meters/46000755036")).json, adopted.json)
        self.assertEqual((await self.call("GET", "quarantine")).json["items"], [])
        (event,) = messages_in(self.hub.since(start, ["meters/+"]) or b"")
        self.assertEqual(event["data"]["name"], "Shop")
        again = await self.call("POST", f"quarantine/{number}/adopt", body)
        self.assert_problem(again, 404, "not-found")

    async def test_one_that_says_nothing_is_given_its_serial(self) -> None:
        (number,) = await self.seen("")
        path = f"quarantine/{number}/adopt"
        body = {"driver": "eastron-sdm630"}
        self.assert_problem(await self.call("POST", path, body), 422, "invalid", "serial")
        self.assertEqual((await self.call("POST", path, {**body, "serial": "m1"})).json["serial"], "M1")

    async def test_what_is_wrong_is_named_and_changes_nothing(self) -> None:
        (number,) = await self.seen("46000755036")
        path, good = f"quarantine/{number}/adopt", {"driver": "eastron-sdm630"}
        for body, field in (
            ({}, "driver"),
            ({"driver": "none"}, "driver"),
            ({**good, "area": "nowhere"}, "area"),
            ({**good, "authentication": "x"}, "authentication"),
        ):
            self.assert_problem(await self.call("POST", path, body), 422, "invalid", field)
        writing = await self.call("POST", path, {**good, "writes_enabled": True}, role="operator")
        self.assert_problem(writing, 403, "forbidden", "writes_enabled")
        await self.call("POST", "meters", {"serial": "46000755036"})
        self.assert_problem(await self.call("POST", path, good), 409, "conflict", "serial")
        self.assert_problem(await self.call("POST", path, good, role="viewer"), 403, "forbidden")
        self.assertEqual(len((await self.call("GET", "quarantine")).json["items"]), 1)

    async def test_one_is_forgotten(self) -> None:
        (number,) = await self.seen("46000755036")
        self.assert_problem(
            await self.call("DELETE", f"quarantine/{number}", role="viewer"), 403, "forbidden"
        )
        self.assertEqual((await self.call("DELETE", f"quarantine/{number}")).status, 204)
        for wrong in (str(number), "x", "9" * 30, "%C2%B2"):
            self.assert_problem(await self.call("DELETE", f"quarantine/{wrong}"), 404, "not-found")
