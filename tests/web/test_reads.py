"""Reading simulated meters on demand, and what becomes of the job."""

from __future__ import annotations

from typing import Any

from hesd.sim.faults import FaultKind
from tests.web.world import PlantCase

VOLTAGE = "1.0.32.7.0.255"


class ReadTests(PlantCase):
    async def register(self) -> None:
        for number in (1, 2):
            meter = {"serial": f"S{number}", "driver": "eastron-sdm630", "line": "house", "unit_id": number}
            self.assertEqual((await self.call("POST", "meters", meter)).status, 201)

    async def read(self, body: Any = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): content for name, content in headers.items()}
        return await self.call("POST", "meters/S1/reads", body or {}, role="operator", headers=sent)

    async def test_a_read_is_a_job_whose_steps_are_kept(self) -> None:
        await self.register()
        accepted = await self.read({"obis": ["1-0:32.7.0"]})
        self.assertEqual(accepted.status, 202, accepted.body)
        job = accepted.json
        self.assertEqual((job["meter"], job["kind"], job["user"]), ("S1", "read", "operator"))
        self.assertEqual(job["arguments"], {"obis": [VOLTAGE]})
        self.assertEqual(accepted.header("location"), f"/api/v1/jobs/{job['id']}")
        await self.jobs.finished(job["id"])
        done = (await self.call("GET", f"jobs/{job['id']}")).json
        self.assertEqual(
            [step["state"] for step in done["steps"]], ["accepted", "queued", "sent", "confirmed"]
        )
        (value,) = done["result"]
        self.assertEqual((value["obis"], value["unit"], value["quality"]), (VOLTAGE, "V", "good"))
        self.assertGreater(value["value"], 200)
        self.assertRegex(value["at"], r"^\d{4}-\d\d-\d\dT.*Z$")
        self.assertEqual((await self.call("GET", "jobs?meter=S1&state=confirmed")).json["items"], [done])

    async def test_who_prefers_to_wait_gets_the_values_at_once(self) -> None:
        await self.register()
        answer = await self.read({"obis": [VOLTAGE]}, Prefer="respond-async, wait=10")
        self.assertEqual((answer.status, answer.json["state"]), (200, "confirmed"), answer.body)
        self.assertEqual(answer.header("preference-applied"), "wait=10")
        await self.writer.flushed()
        latest = (await self.call("GET", "meters/S1/latest")).json["items"]
        self.assertIn(VOLTAGE, [reading["obis"] for reading in latest])

    async def test_waiting_has_an_end(self) -> None:
        await self.register()
        self.simulator.board.switch("S1", FaultKind.DEAD, None)
        answer = await self.read({"obis": [VOLTAGE]}, Prefer="wait=0")
        self.assertEqual(answer.status, 202)
        await self.jobs.finished(answer.json["id"])
        done = (await self.call("GET", f"jobs/{answer.json['id']}")).json
        self.assertEqual(done["state"], "failed")
        self.assertTrue(done["steps"][-1]["detail"])

    async def test_the_same_key_is_the_same_job(self) -> None:
        await self.register()
        first = await self.read({"obis": [VOLTAGE]}, Idempotency_Key="k1", Prefer="wait=10")
        again = await self.read({"obis": [VOLTAGE]}, Idempotency_Key="k1")
        self.assertEqual((again.status, again.json), (200, first.json))
        other = await self.read({"obis": []}, Idempotency_Key="k1")
        self.assert_problem(other, 409, "conflict", "Idempotency-Key")
        self.assertNotEqual((await self.read({}, Idempotency_Key="k2")).json["id"], first.json["id"])
        self.assert_problem(await self.read({}, Idempotency_Key="k" * 201), 422, "invalid", "Idempotency-Key")

    async def test_a_meter_on_no_line_says_so(self) -> None:
        await self.call("POST", "meters", {"serial": "S1"})
        answer = await self.read({}, Prefer="wait=10")
        self.assert_problem(answer, 409, "conflict")
        self.assertIn("S1 is not in service: it has no driver", answer.json["detail"])

    async def test_a_setting_is_written_where_it_is_enabled(self) -> None:
        await self.register()
        body = {"name": "baud rate", "value": 3, "password": "1000"}
        path, wait = "meters/S1/settings", {"Prefer": "wait=10"}
        self.assert_problem(await self.call("POST", path, body, role="operator"), 403, "forbidden")
        closed = await self.call("POST", path, body, headers=wait)
        self.assertEqual((closed.json["state"], closed.status), ("rejected", 200), closed.body)
        await self.call("PATCH", "meters/S1", {"writes_enabled": True})
        done = await self.call("POST", path, body, headers=wait)
        self.assertEqual(done.json["state"], "confirmed", done.body)
        self.assertNotIn("1000", (await self.call("GET", f"jobs/{done.json['id']}")).body.decode())

    async def test_what_was_sent_cannot_be_taken_back(self) -> None:
        await self.register()
        job = (await self.read({}, Prefer="wait=10")).json
        self.assert_problem(await self.call("POST", f"jobs/{job['id']}/cancel", {}), 409, "conflict")

    async def test_codes_that_are_none_are_named(self) -> None:
        await self.register()
        self.assert_problem(await self.read({"obis": ["voltage"]}), 422, "invalid", "obis[0]")

    async def test_what_was_polled_is_seen_in_status_and_metrics(self) -> None:
        await self.register()
        await self.read({}, Prefer="wait=10")
        meter = (await self.call("GET", "meters/S1")).json
        self.assertEqual((meter["status"], meter["reason"]), ("online", None))
        self.assertIsNotNone(meter["last_seen"])
        self.assertEqual(
            [m["serial"] for m in (await self.call("GET", "meters?status=online&q=s1")).json["items"]], ["S1"]
        )
        await self.writer.flushed()
        metrics = (await self.call("GET", "/metrics", role=None)).body.decode().splitlines()
        samples = dict(line.rsplit(" ", 1) for line in metrics if not line.startswith("#"))
        self.assertEqual(float(samples['hesd_line_up{line="house"}']), 1)
        self.assertEqual(float(samples['hesd_line_meters{line="house"}']), 2)
        self.assertGreater(float(samples['hesd_line_replies_total{line="house"}']), 0)
        self.assertGreater(float(samples["hesd_readings_written_total"]), 10)
        self.assertEqual(float(samples['hesd_job_steps_total{kind="read",state="confirmed"}']), 1)
        self.assertGreaterEqual(float(samples['hesd_meters{status="online"}']), 1)
        posts = 'hesd_http_requests_total{code="201",route="POST /api/v1/meters"}'
        self.assertEqual(float(samples[posts]), 2)
        self.assertIn("hesd_line_bound_seconds", "".join(samples))
