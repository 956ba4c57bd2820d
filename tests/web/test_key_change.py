"""Other keys for a simulated meter that is ciphered, over REST: sent once, kept, shown to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hesd.sim.faults import FaultKind
from hesd.store import keys
from hesd.store.keyring import StoredKeyring
from tests.web.dlms_world import SERIALS
from tests.web.test_commands import CommandCase
from tests.web.world import Reply

METER = SERIALS[0]
EK, AK, MASTER, NEW = (bytes(range(first, first + 16)).hex() for first in (0x00, 0xD0, 0x30, 0x50))
OWN = b"HSD\0\0\0\0\1"
KEYS = {"encryption_key": EK, "authentication_key": AK, "master_key": MASTER}
WAYS = {"authentication": "hls-gmac", "ciphering": "both"}


class KeyCase(CommandCase):
    timeout_s = 0.3
    furnished: Mapping[str, Any] = {**KEYS, **WAYS}
    known = WAYS

    async def register(self) -> None:
        await super().register()
        await self.call("PUT", f"meters/{METER}/keys", KEYS)

    async def change(self, name: str, body: Any, **others: Any) -> Reply:
        return await self.command(f"{METER}/keys/{name}/change", body, **{"role": "admin", **others})

    async def check(self) -> Reply:
        return await self.command(f"{METER}/keys/check", {}, role="admin")

    async def kept(self) -> Any:
        return await self.db.read(keys.secrets, self.vault, METER, OWN)

    async def read(self) -> str:
        state: str = (await self.command(f"{METER}/reads", {"obis": ["1-0:32.7.0"]})).json["state"]
        return state


class KeyChangeTests(KeyCase):
    async def test_a_meter_is_given_a_key_and_spoken_to_under_it(self) -> None:
        await self.register()
        done = await self.change("encryption_key", {"key": NEW})
        self.assertEqual((done.status, done.json["state"]), (200, "confirmed"), done.body)
        self.assertEqual(done.json["result"], {"taken": True})
        shown = (await self.call("GET", f"meters/{METER}/keys")).json["items"]
        fingerprints = {each["name"]: each["fingerprint"] for each in shown}
        self.assertEqual(done.json["arguments"]["new_key"], fingerprints["encryption_key"])
        self.assertEqual((await self.kept()).encryption_key.hex(), NEW)
        self.assertEqual(await self.read(), "confirmed")
        trace = await self.call("GET", f"meters/{METER}/trace")
        for reply in (done, trace, await self.call("GET", "jobs")):
            self.assertNotIn(NEW, reply.body.decode().lower())

    async def test_one_that_is_made_up_stays_in_the_vault(self) -> None:
        await self.register()
        before = await self.kept()
        for name in ("authentication_key", "master_key", "encryption_key"):
            done = await self.change(name, {"generate": True})
            self.assertEqual(done.json["state"], "confirmed", done.body)
            self.assertEqual(done.json["arguments"], {"key": name, "generate": True})
            new = getattr(await self.kept(), name)
            self.assertNotEqual(new, getattr(before, name))
            self.assertNotIn(new.hex(), done.body.decode())
            self.assertEqual(await self.read(), "confirmed")

    async def test_without_an_answer_the_next_association_tells(self) -> None:
        await self.register()
        self.simulator.board.switch(METER, FaultKind.LOST_REPLY, None)
        done = await self.change("encryption_key", {"key": NEW})
        self.assertEqual(done.json["state"], "confirmed", done.body)
        self.assertEqual((await self.kept()).encryption_key.hex(), NEW)

    async def test_a_meter_that_fell_silent_is_asked_again_later(self) -> None:
        await self.register()
        await self.read()
        board, keep = self.simulator.board, StoredKeyring.keep_pending

        async def fall_silent(keyring: StoredKeyring, serial: str, **new: bytes) -> None:
            await keep(keyring, serial, **new)
            board.switch(METER, FaultKind.DEAD, None)

        self.patch(StoredKeyring, "keep_pending", fall_silent)
        done = await self.change("encryption_key", {"generate": True})
        self.assertEqual((done.json["state"], done.json["result"]), ("unknown", {"taken": None}), done.body)
        board.clear(METER, FaultKind.DEAD)
        checked = await self.check()
        self.assertEqual((checked.json["state"], checked.json["result"]), ("confirmed", {"taken": False}))
        self.assertEqual((await self.kept()).encryption_key.hex(), EK)
        self.assertEqual(await self.read(), "confirmed")

    async def test_what_cannot_be_is_refused_before_anything_is_sent(self) -> None:
        await self.register()
        await self.read()
        before = self.sent_to_meters()
        for name, body, field in (
            ("encryption_key", {}, "key"),
            ("encryption_key", {"key": NEW, "generate": True}, "key"),
            ("encryption_key", {"key": NEW[1:]}, "key"),
            ("encryption_key", {"key": NEW, "force": True}, "force"),
            ("password", {"key": NEW}, "name"),
            ("colour", {"generate": True}, "name"),
        ):
            refused = await self.change(name, body)
            self.assert_problem(refused, 422, "invalid", field)
            self.assertNotIn(NEW[1:], refused.body.decode())
        for body in ({"key": NEW}, {"generate": True}):
            refused = await self.change("encryption_key", body, role="operator")
            self.assert_problem(refused, 403, "forbidden")
        self.assertEqual((await self.call("GET", "jobs?kind=key-change")).json["items"], [])
        self.assertEqual((await self.change("encryption_key", {"key": EK})).json["state"], "rejected")
        self.assertEqual((await self.check()).json["state"], "rejected")
        self.assertEqual(self.sent_to_meters(), before)
