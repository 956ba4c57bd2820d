"""New secrets count from the next request on, not from whenever an old association ends."""

from __future__ import annotations

from tests.web.dlms_world import PASSWORD, SERIALS, DLMSWorld


class KeysInUseTests(DLMSWorld):
    async def test_a_session_does_not_outlive_the_password_it_began_with(self) -> None:
        await self.register()
        self.assertEqual(await self.read(), "confirmed")
        await self.put("12345678")
        self.assertEqual(await self.read(), "failed")
        await self.put(PASSWORD)
        self.assertEqual(await self.read(), "confirmed")

    async def put(self, password: str) -> None:
        done = await self.call("PUT", f"meters/{SERIALS[0]}/keys", {"password": password})
        self.assertEqual(done.status, 200, done.body)

    async def read(self) -> str:
        reply = await self.call(
            "POST", f"meters/{SERIALS[0]}/reads", {"obis": ["1-0:1.8.0"]}, headers={"Prefer": "wait=15"}
        )
        state: str = reply.json["state"]
        return state
