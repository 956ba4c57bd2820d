"""`hesctl keys change` and `check` against a head end with a meter that is ciphered."""

from __future__ import annotations

from pathlib import Path

from tests.ctl.test_daemon_commands import CommandCase
from tests.web.test_key_change import METER, NEW, KeyCase


class KeyChangeCommandTests(KeyCase, CommandCase):
    async def test_a_key_comes_from_a_file_or_is_made_up(self) -> None:
        await self.register()
        path = Path(self.mktemp())
        path.write_text(f"{NEW}\n")  # noqa: ASYNC240
        change = ("keys", "change", METER, "encryption_key")
        result = await self.run_ctl(*change, "--key-file", str(path))
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertIn("the meter has taken the encryption key", result.output)
        self.assertEqual((await self.kept()).encryption_key.hex(), NEW)
        job = await self.json_of(*change, "--generate")
        self.assertEqual((job["state"], job["result"]), ("confirmed", {"taken": True}))
        self.assertNotEqual((await self.kept()).encryption_key.hex(), NEW)
        self.assertNotIn(NEW, result.output.lower())

    async def test_what_cannot_be(self) -> None:
        await self.register()
        self.assertIn("no key is in doubt", await self.refused("keys", "check", METER))
        self.assertIn("no meter M9", await self.refused("keys", "check", "M9"))
        change = ("keys", "change", METER)
        stdin = await self.refused(*change, "master_key", "--key-file", "-", input="geheim\n")
        self.assertIn("key: expected 32 hex digits", stdin)
        for arguments in (
            ("encryption_key",),
            ("encryption_key", "--generate", "--key-file", "-"),
            ("password", "--generate"),
        ):
            self.assertEqual((await self.run_ctl(*change, *arguments)).exit_code, 2)
