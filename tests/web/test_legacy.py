"""Clients of older field systems find what they call."""

from __future__ import annotations

from hesd.model.units import Unit
from hesd.store import events, profiles, users
from tests.store.test_events import event
from tests.store.test_profiles import profile
from tests.web.world import HASH, PASSWORD, WebCase, reading

AT = 1_767_261_600_000


class LegacyTests(WebCase):
    async def test_sign_in_as_they_do(self) -> None:
        await self.db.write(users.create, "anna", HASH, "operator", 0)
        body = {"username": "anna", "password": PASSWORD}
        answer = await self.call("POST", "/api/auth/login", body, role=None)
        self.assertEqual(answer.json["user"], {"username": "anna", "role": "operator"})
        listed = await self.call("GET", "/api/meters", token=answer.json["token"])
        self.assertEqual(listed.json, [])

    async def test_meters_in_camel_case(self) -> None:
        await self.call("POST", "areas", {"code": "IKD", "name": "Ikorodu"})
        body = {
            "meterNumber": "46000755036",
            "brand": "Hexcell",
            "model": "DDSY1088",
            "meterType": "single-phase prepaid",
            "firmware": "1.0",
            "area": "Ikorodu",
        }
        added = await self.call("POST", "/api/meters", body)
        self.assertEqual(added.status, 201, added.body)
        self.latest.update(
            [
                reading("46000755036", "1.0.32.7.0.255", AT, 231.5),
                reading("46000755036", "1.0.1.8.0.255", AT - 1000, 45_600, Unit.WH),
                reading("46000755036", "1.0.1.7.0.255", AT, 1_500, Unit.W),
            ]
        )
        (meter,) = (await self.call("GET", "/api/meters")).json
        self.assertEqual(
            meter,
            {
                **body,
                "area": "IKD",
                "status": "unknown",
                "lastSeen": None,
                "currentReading": {
                    "totalEnergy": 45.6,
                    "voltage": 231.5,
                    "power": 1.5,
                    "timestamp": "2026-01-01T10:00:00.000Z",
                },
            },
        )
        self.assertEqual((await self.call("GET", "meters/46000755036")).json["payment"], "prepaid")
        self.assert_problem(await self.call("POST", "/api/meters", body), 409, "conflict", "serial")

    async def test_instantaneous_values(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        self.latest.update([reading("M1", "1.0.32.7.0.255", AT, 231.5)])
        expected = {
            "obis": "1.0.32.7.0.255",
            "value": 231.5,
            "unit": "V",
            "quality": "good",
            "timestamp": "2026-01-01T10:00:00.000Z",
        }
        one = await self.call("GET", "/api/instantaneous?meter=M1&obis=1.0.32.7.0.255")
        self.assertEqual(one.json, expected)
        every = await self.call("GET", "/api/instantaneous?meter=M1")
        self.assertEqual(every.json, {"1.0.32.7.0.255": expected})
        self.assert_problem(
            await self.call("GET", "/api/instantaneous?meter=M1&obis=1.0.1.8.0"), 404, "not-found"
        )
        self.assert_problem(await self.call("GET", "/api/instantaneous"), 422, "invalid", "meter")

    async def test_a_profile_as_series_by_code(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        await self.db.write(profiles.put, profile(0, 1))
        query = "meter=m1&obis=1.0.99.1.0.255&from=2026-06-01T12:00:00Z&to=2026-06-02T00:00:00Z"
        answer = await self.call("GET", f"/api/profile/read?{query}", role="viewer")
        self.assertEqual(
            answer.json["1.0.1.8.0.255"],
            [
                {"value": 10, "unit": "kWh", "timestamp": "2026-06-01T12:00:00.000Z"},
                {"value": 10.01, "unit": "kWh", "timestamp": "2026-06-01T12:15:00.000Z"},
            ],
        )
        self.assertEqual(list(answer.json), ["0.0.1.0.0.255", "1.0.1.8.0.255", "1.0.32.7.0.255"])
        nothing = await self.call("GET", "/api/profile/read?meter=M1&obis=1.0.99.2.0.255")
        self.assertEqual(nothing.json, {})
        for query, field in (("meter=M1", "obis"), ("meter=M1&obis=load", "obis")):
            refused = await self.call("GET", f"/api/profile/read?{query}")
            self.assert_problem(refused, 422, "invalid", field)

    async def test_events_of_a_meter(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        await self.db.write(events.put, [event(0), event(1, meter="M2")])
        self.assertEqual(
            (await self.call("GET", "/api/event?meter=m1")).json,
            [
                {
                    "obis": "0.0.99.98.0.255",
                    "eventCode": 1,
                    "eventName": "Power down",
                    "timestamp": "2026-06-01T12:00:00.000Z",
                    "endTimestamp": None,
                }
            ],
        )
        self.assert_problem(await self.call("GET", "/api/event?meter=M9"), 404, "not-found")
