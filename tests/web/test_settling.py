"""A job whose end is unknown is settled by a person, who is named, and only such a one."""

from __future__ import annotations

from typing import Any

from hesd.sim.faults import FaultKind
from tests.web.test_commands import CREDIT, METER, TokenCase
from tests.web.world import Reply


class SettlingTests(TokenCase):
    timeout_s = 0.3

    async def settle(self, job: str, outcome: str = "rejected", role: str = "admin", **more: Any) -> Reply:
        body = {"outcome": outcome, "reason": "not in its log of tokens", **more}
        return await self.call("POST", f"jobs/{job}/settle", body, role=role)

    async def in_doubt(self) -> str:
        """The job of a token whose answer was lost."""
        await self.register()
        self.simulator.board.switch(METER, FaultKind.LOST_REPLY, None)
        job = (await self.command(f"{METER}/tokens", {"token": CREDIT})).json
        self.assertEqual(job["state"], "unknown")
        self.simulator.board.clear(METER, FaultKind.LOST_REPLY)
        found: str = job["id"]
        return found

    async def test_a_token_in_doubt_can_be_given_again_once_somebody_knows(self) -> None:
        job = await self.in_doubt()
        self.assert_problem(await self.command(f"{METER}/tokens", {"token": CREDIT}), 409, "conflict")
        settled = await self.settle(job)
        self.assertEqual((settled.status, settled.json["state"]), (200, "rejected"), settled.body)
        last = settled.json["steps"][-1]
        self.assertEqual(last["detail"], "settled by admin: not in its log of tokens")
        self.assertEqual((await self.call("GET", f"jobs/{job}")).json, settled.json)
        again = await self.command(f"{METER}/tokens", {"token": CREDIT})
        self.assertEqual(again.status, 200, again.body)
        self.assertNotEqual(again.json["id"], job)
        self.assert_nowhere(CREDIT)

    async def test_it_is_settled_once_and_with_a_reason(self) -> None:
        job = await self.in_doubt()
        for body, field in (
            ({"outcome": "failed"}, "outcome"),
            ({"reason": " "}, "reason"),
            ({"state": "confirmed"}, "state"),
        ):
            self.assert_problem(await self.settle(job, **body), 422, "invalid", field)
        self.assert_problem(await self.settle(job, role="operator"), 403, "forbidden")
        self.assertEqual((await self.settle(job, "confirmed")).json["state"], "confirmed")
        self.assert_problem(await self.settle(job, "rejected"), 409, "conflict")
        self.assert_problem(await self.settle("j9"), 404, "not-found")

    async def test_nothing_else_is_settled(self) -> None:
        await self.register()
        read = await self.command(f"{METER}/reads", {})
        self.assert_problem(await self.settle(read.json["id"]), 409, "conflict")
