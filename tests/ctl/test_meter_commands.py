"""`hesctl relay`, `token`, `clock`, `trace` and `profile` against a running head end."""

from __future__ import annotations

import json

from hesd.sim.faults import FaultKind
from tests.ctl.test_daemon_commands import CommandCase
from tests.web.dlms_world import SERIALS, DLMSWorld
from tests.web.test_commands import CREDIT, NO_TOKENS

METER = SERIALS[0]


class CommandTests(DLMSWorld, CommandCase):
    timeout_s = 0.5

    async def test_a_relay_is_switched_with_a_reason(self) -> None:
        await self.register()
        command = ("relay", METER.lower(), "disconnect", "--reason", "unpaid")
        result = await self.run_ctl(*command)
        self.assertEqual((result.exit_code, result.stdout), (0, ""), result.output)
        for state in ("accepted", "queued", "sent", "confirmed"):
            self.assertIn(f"{METER}  {state}", result.stderr)
        self.assertIn("the relay is disconnected", result.stderr)
        job = await self.json_of("relay", METER, "connect", "--reason", "paid", "--yes")
        self.assertEqual((job["state"], job["arguments"]["reason"]), ("confirmed", "paid"))
        self.assertEqual((await self.run_ctl(*command[:3])).exit_code, 2)
        self.assertEqual((await self.run_ctl("relay", METER, "explode", "--reason", "x")).exit_code, 2)
        self.assertIn("no meter M9", await self.refused("relay", "M9", "connect", "--reason", "x"))

    async def test_a_token_is_read_from_standard_input_and_not_shown(self) -> None:
        await self.register()
        result = await self.run_ctl("token", METER, "--amount", "5000", input=f"{CREDIT}\n")
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertRegex(result.stdout, r"credit before  [\d.]+ kWh\ncredit after  [\d.]+ kWh\n")
        self.assertNotIn(CREDIT, result.output)
        await self.json_of("clock", METER)  # what follows a command is read before it
        self.assertRegex(await self.done("meters", "show", METER), r"\ncredit +[\d.]+ kWh\n")
        used = await self.run_ctl("token", METER, CREDIT, "--json")
        self.assertEqual((used.exit_code, json.loads(used.stdout)["state"]), (1, "rejected"))
        self.assertNotIn(CREDIT, used.output)
        for digits in NO_TOKENS:
            refusal = await self.refused("token", METER, "--", digits)
            self.assertIn("token: ", refusal)
            self.assertNotIn(digits, refusal)

    async def test_without_an_answer_it_is_unknown(self) -> None:
        await self.register()
        self.simulator.board.switch(METER, FaultKind.LOST_REPLY, None)
        self.assertIn("unknown: ", await self.refused("token", METER, CREDIT))
        self.assertIn("is not done twice", await self.refused("token", METER, CREDIT))
        (job,) = await self.json_of("jobs", "list", "--reached", "unknown")
        settle = ("jobs", "settle", job["id"], "--reason", "not in its log")
        self.assertEqual((await self.run_ctl(*settle, "failed")).exit_code, 2)
        self.assertIn("is rejected", await self.done(*settle, "rejected"))
        self.assertIn("nothing to be settled", await self.refused(*settle, "confirmed"))

    async def test_clock_and_trace(self) -> None:
        await self.register()
        self.simulator.board.switch(METER, FaultKind.CLOCK, 60)
        self.assertRegex(await self.done("clock", METER), r"before  \d{4}-.* \+(59|60|61)")
        self.assertEqual((await self.run_ctl("clock", METER, "--force")).exit_code, 2)
        shown = await self.done("trace", METER)
        self.assertIn("->", shown)
        self.assertIn("GET request", shown)
        frames = await self.json_of("trace", METER)
        self.assertEqual(frames[0]["explained"]["layer"], "wrapper")

    async def test_rows_of_a_profile_and_the_objects(self) -> None:
        await self.register()
        self.assertIn("--read does", await self.refused("objects", METER))
        listed = await self.done("objects", METER, "--read")
        self.assertRegex(listed, r"0\.0\.1\.0\.0\.255 +8 Clock")
        self.assertEqual(len(await self.json_of("objects", METER)), len(listed.splitlines()) - 1)
        shown = await self.done("profile", METER, "1-0:99.1.0")
        self.assertRegex(shown, r"\n\d{4}-\d\d-\d\dT[\d:.]+Z ")
        kept = await self.json_of("profile", METER, "1-0:99.1.0", "--kept")
        self.assertEqual(len(kept["rows"]), len(shown.splitlines()) - 1)
        self.assertIn("from: ", await self.refused("profile", METER, "1-0:99.1.0", "--from", "yesterday"))
        self.assertIn("object-undefined", await self.refused("profile", METER, "1-0:99.77.0"))

    async def test_the_newest_rows_of_a_profile(self) -> None:
        await self.register()
        shown = await self.done("profile", METER, "1-0:99.1.0", "--newest", "300")
        self.assertEqual(len(shown.splitlines()), 301)
        rows = (await self.json_of("profile", METER, "1-0:99.1.0", "--newest", "3"))["rows"]
        self.assertEqual([row["at"] for row in rows], [line.split()[0] for line in shown.splitlines()[-3:]])
        empty = await self.json_of("profile", METER, "1-0:99.98.46", "--newest", "3")
        self.assertEqual(empty, {"columns": [], "rows": []})
        self.assertIn(
            "object-undefined", await self.refused("profile", METER, "1-0:99.77.0", "--newest", "3")
        )
        for more in (("--from", "2026-06-01T00:00:00Z"), ("--kept",), ("--newest", "0")):
            wrong = await self.run_ctl("profile", METER, "1-0:99.1.0", "--newest", "3", *more)
            self.assertEqual(wrong.exit_code, 2, wrong.output)
