"""Relays, tokens and clocks of simulated meters over REST and the feed, and what was said on the way."""

from __future__ import annotations

import io
from typing import Any

from twisted.logger import globalLogPublisher, textFileLogObserver

from hesd.sim.faults import FaultKind
from tests.web.dlms_world import HEXCELL, PASSWORD, SERIALS, DLMSWorld
from tests.web.test_feed import FeedCase
from tests.web.world import PlantCase, Reply

CREDIT, OTHER_CREDIT, MANAGEMENT = "57515448340910453820", "14151560559444937123", "57071635982607948077"
NO_TOKENS = ("5751544834091045382", "73786976294838206464", "00000000000402653184", "5751544834091045382x")
METER = SERIALS[0]


class CommandCase(DLMSWorld):
    async def command(self, path: str, body: Any, *, role: str = "operator", **headers: str) -> Reply:
        sent = {"Prefer": "wait=15", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return await self.call("POST", f"meters/{path}", body, role=role, headers=sent)

    async def page(self) -> Any:
        """What the meter's page shows once what follows a command is over."""
        await self.command(f"{METER}/reads", {"obis": ["1-0:32.7.0"]})
        return (await self.call("GET", f"meters/{METER}")).json

    def sent_to_meters(self) -> int:
        return sum(line.counters.bytes_out for line in self.head_end.lines())


class RelayTests(CommandCase):
    async def test_a_disconnection_is_confirmed_by_reading_back_and_seen_on_the_page(self) -> None:
        await self.register()
        body = {"action": "disconnect", "reason": "unpaid since May"}
        done = await self.command(f"{METER}/relay", body)
        self.assertEqual((done.status, done.json["state"]), (200, "confirmed"), done.body)
        self.assertEqual(done.json["arguments"], body)
        steps = [step["state"] for step in done.json["steps"]]
        self.assertEqual(steps, ["accepted", "queued", "sent", "confirmed"])
        self.assertEqual(done.json["result"]["relay_status"], "disconnected")
        self.assertEqual((await self.page())["relay_status"], "disconnected")
        back = await self.command(f"{METER}/relay", {"action": "connect", "reason": "paid"})
        self.assertEqual(back.json["result"]["relay_status"], "connected", back.body)
        self.assertEqual((await self.page())["relay_status"], "connected")

    async def test_what_cannot_be_meant_is_refused(self) -> None:
        await self.register()
        for body, field in (
            ({"action": "explode", "reason": "x"}, "action"),
            ({"action": "connect"}, "reason"),
            ({"action": "connect", "reason": "  "}, "reason"),
            ({"action": "connect", "reason": "x" * 201}, "reason"),
            ({"action": "connect", "reason": "x", "force": True}, "force"),
        ):
            self.assert_problem(await self.command(f"{METER}/relay", body), 422, "invalid", field)
        good = {"action": "connect", "reason": "x"}
        for path in ("relay", "tokens", "clock", "events/reads", "profiles/1.0.99.1.0.255/reads"):
            refused = await self.command(f"{METER}/{path}", good, role="viewer")
            self.assert_problem(refused, 403, "forbidden")
        self.assert_problem(await self.command("M9/relay", good), 404, "not-found")
        self.assertEqual((await self.call("GET", "jobs")).json["items"], [])

    async def test_the_same_key_is_the_same_command(self) -> None:
        await self.register()
        body = {"action": "disconnect", "reason": "unpaid"}
        first = await self.command(f"{METER}/relay", body, Idempotency_Key="k1")
        again = await self.command(f"{METER}/relay", body, Idempotency_Key="k1")
        self.assertEqual(again.json, first.json)
        other = await self.command(f"{METER}/relay", {**body, "action": "connect"}, Idempotency_Key="k1")
        self.assert_problem(other, 409, "conflict", "Idempotency-Key")


class TokenCase(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = io.StringIO()
        observer = textFileLogObserver(self.log)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.replies: list[bytes] = []

    async def call(self, *arguments: Any, **others: Any) -> Reply:
        reply = await super().call(*arguments, **others)
        self.replies.append(reply.body)
        return reply

    def assert_nowhere(self, *tokens: str) -> None:
        said = self.log.getvalue() + b"".join(self.replies).decode()
        for digits in tokens:
            for spelling in (digits, "-".join(digits[at : at + 4] for at in range(0, len(digits), 4))):
                self.assertNotIn(spelling, said)


class TokenTests(TokenCase):
    async def test_a_token_is_taken_once_and_its_digits_are_nowhere(self) -> None:
        await self.register()
        spelled = "-".join(CREDIT[at : at + 4] for at in range(0, 20, 4))
        done = await self.command(f"{METER}/tokens", {"token": spelled, "amount": 5000})
        self.assertEqual((done.status, done.json["state"]), (200, "confirmed"), done.body)
        arguments = done.json["arguments"]
        self.assertEqual((arguments["token"], arguments["amount"]), ("*" * 16 + CREDIT[-4:], 5000))
        credit = done.json["result"]
        self.assertGreater(credit["credit_after"]["value"], credit["credit_before"]["value"])
        shown = (await self.page())["credit"]
        self.assertEqual((shown["value"], shown["unit"]), (credit["credit_after"]["value"], "kWh"))
        again = await self.command(f"{METER}/tokens", {"token": CREDIT})
        self.assertEqual(again.json["state"], "rejected", "the meter says that it is used")
        await self.call("GET", "jobs")
        trace = await self.call("GET", f"meters/{METER}/trace")
        self.assertNotIn(CREDIT, trace.body.decode())
        self.assertTrue(any("SET" in frame["summary"] for frame in trace.json["frames"]), trace.body)
        self.assert_nowhere(CREDIT)

    async def test_what_is_no_token_is_refused_before_anything_is_sent(self) -> None:
        await self.register()
        await self.command(f"{METER}/reads", {})
        before = self.sent_to_meters()
        for digits in NO_TOKENS:
            refused = await self.command(f"{METER}/tokens", {"token": digits}, role="admin")
            self.assert_problem(refused, 422, "invalid", "token")
        refused = await self.command(f"{METER}/tokens", {"token": MANAGEMENT})
        self.assert_problem(refused, 403, "forbidden", "token")
        for body in ({"token": CREDIT, "amount": -1}, {"token": CREDIT, "amount": "x"}):
            self.assert_problem(await self.command(f"{METER}/tokens", body), 422, "invalid", "amount")
        self.assertEqual(self.sent_to_meters(), before)
        self.assertEqual((await self.call("GET", "jobs?kind=token")).json["items"], [])
        self.assert_nowhere(CREDIT, MANAGEMENT, *NO_TOKENS)

    async def test_an_admin_may_load_management_tokens(self) -> None:
        await self.register()
        done = await self.command(f"{METER}/tokens", {"token": MANAGEMENT}, role="admin")
        self.assertEqual(done.json["state"], "confirmed", done.body)
        self.assert_nowhere(MANAGEMENT)


class LostReplyTests(TokenCase):
    timeout_s = 0.3

    async def test_a_token_without_an_answer_is_unknown_and_not_sent_again(self) -> None:
        await self.register()
        self.simulator.board.switch(METER, FaultKind.LOST_REPLY, None)
        done = await self.command(f"{METER}/tokens", {"token": CREDIT}, Idempotency_Key="k1")
        self.assertEqual((done.status, done.json["state"]), (200, "unknown"), done.body)
        again = await self.command(f"{METER}/tokens", {"token": CREDIT}, Idempotency_Key="k1")
        self.assertEqual(again.json["id"], done.json["id"])
        twin = await self.command(f"{METER}/tokens", {"token": CREDIT})
        self.assert_problem(twin, 409, "conflict")
        other = await self.command(f"{METER}/tokens", {"token": OTHER_CREDIT}, Idempotency_Key="k1")
        self.assert_problem(other, 409, "conflict", "Idempotency-Key")
        self.assert_nowhere(CREDIT, OTHER_CREDIT)


class MetricsTests(CommandCase):
    async def test_associations_are_counted_and_why_there_is_none(self) -> None:
        for serial, driver, line in ((METER, HEXCELL, "house"), (SERIALS[1], "momas", "other")):
            await self.call("POST", "meters", {"serial": serial, "driver": driver, "line": line})
        await self.call("PUT", f"meters/{METER}/keys", {"password": PASSWORD})
        done = await self.command(f"{METER}/reads", {"obis": ["1-0:32.7.0"]})
        self.assertEqual(done.json["state"], "confirmed", done.body)
        failed = await self.command(f"{SERIALS[1]}/reads", {})
        self.assertEqual(failed.json["state"], "failed", failed.body)
        metrics = (await self.call("GET", "/metrics", role=None)).body.decode().splitlines()
        samples = dict(line.rsplit(" ", 1) for line in metrics if not line.startswith("#"))
        self.assertGreaterEqual(float(samples["hesd_associations_total"]), 1)
        self.assertGreaterEqual(float(samples['hesd_association_failures_total{reason="refused"}']), 1)
        self.assertEqual(float(samples['hesd_job_steps_total{kind="read",state="confirmed"}']), 1)


class ModbusTests(PlantCase):
    async def test_their_frames_are_not_kept(self) -> None:
        meter = {"serial": "S1", "driver": "eastron-sdm630", "line": "house", "unit_id": 1}
        await self.call("POST", "meters", meter)
        self.assert_problem(await self.call("GET", "meters/S1/trace"), 409, "conflict")
        self.assert_problem(await self.call("GET", "meters/S9/trace"), 404, "not-found")


class ClockAndTraceTests(CommandCase):
    async def test_a_clock_is_read_and_set_within_limits(self) -> None:
        await self.register()
        self.simulator.board.switch(METER, FaultKind.CLOCK, 60)
        read = await self.command(f"{METER}/clock", {})
        self.assertApproximates(read.json["result"]["before"]["offset"], 60, 3)
        self.simulator.board.switch(METER, FaultKind.CLOCK, 7200)
        refused = await self.command(f"{METER}/clock", {"set": True})
        self.assertEqual(refused.json["state"], "rejected", refused.body)
        self.assert_problem(await self.command(f"{METER}/clock", {"set": 1}), 422, "invalid", "set")

    async def test_the_last_frames_are_explained_without_secrets(self) -> None:
        await self.register()
        await self.command(f"{METER}/reads", {"obis": ["1-0:32.7.0"]})
        trace = await self.call("GET", f"meters/{METER}/trace", role="operator")
        frames = trace.json["frames"]
        self.assertEqual({frame["direction"] for frame in frames}, {"sent", "received"})
        self.assertEqual([frame["at"] for frame in frames], sorted(frame["at"] for frame in frames))
        self.assertEqual(frames[0]["explained"]["layer"], "wrapper")
        self.assertTrue(frames[0]["octets"].startswith("0001"))
        self.assertNotIn(b"00000000".hex(), trace.body.decode())
        self.assertTrue(any("1-0:32.7.0" in frame["summary"] for frame in frames), trace.body)
        refused = await self.call("GET", f"meters/{METER}/trace", role="viewer")
        self.assert_problem(refused, 403, "forbidden")


class RemoteCallTests(CommandCase, FeedCase):
    async def test_the_field_gateways_commands_give_jobs(self) -> None:
        await self.register()
        client = await self.signed_in("operator")
        for name, data, kind in (
            ("remote-control", {"action": "disconnect"}, "relay"),
            ("remote-load", {"token": CREDIT, "amount": 100}, "token"),
        ):
            client.say(id=name, type="call", name=name, data={"meterSerialNumber": METER, **data})
            job = (await client.until("result"))[-1]["job"]
            self.assertEqual((job["kind"], job["meter"]), (kind, METER))
            said = ""
            while '"state": "confirmed"' not in said:
                said = repr(event := await client.next()).replace("'", '"')
                self.assertEqual(event["topic"], f"jobs/{job['id']}")
                self.assertNotIn(event["data"]["state"], ("failed", "rejected", "unknown"), event)
                self.assertNotIn(CREDIT, said)

    async def test_their_mistakes_name_the_field(self) -> None:
        await self.register()
        client = await self.signed_in("operator")
        whose = {"meterSerialNumber": METER}
        for name, data, kind, field in (
            ("remote-control", {**whose, "action": "explode"}, "invalid", "action"),
            ("remote-control", {"action": "connect"}, "invalid", "meterSerialNumber"),
            ("remote-load", {**whose, "token": NO_TOKENS[0]}, "invalid", "token"),
            ("remote-load", {**whose, "token": MANAGEMENT}, "forbidden", "token"),
        ):
            answer = await client.ask(id=2, type="call", name=name, data=data)
            self.assert_error(answer, kind, 2, field)
