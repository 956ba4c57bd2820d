"""`hesctl keys`, `quarantine`, `meters adopt` and `events` against a running head end."""

from __future__ import annotations

from pathlib import Path

from hesd.dlms.security import Suite
from hesd.store import events, keys, quarantine
from tests.ctl.test_daemon_commands import CommandCase
from tests.dlms.signing_pairs import METER_PAIR, OUR_PAIR
from tests.store.test_events import event
from tests.store.test_quarantine import stranger

KEY = "00112233445566778899aabbccddeeff"
OWN = b"HSD\0\0\0\0\1"
OURS, THEIRS = OUR_PAIR[Suite.AES_128_P256], METER_PAIR[Suite.AES_128_P256]
# What openssl puts in front of a key.
PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


class KeyCommandTests(CommandCase):
    def file(self, content: str) -> str:
        path = Path(self.mktemp())
        path.write_text(content)
        return str(path)

    async def test_secrets_come_from_files_and_standard_input(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        said = await self.done(
            "keys", "set", "m1", "--password-stdin", "--encryption-key-file", self.file(f"{KEY}\n# mine\n"),
            "--authentication-key-file", "-", input=f"geheim\n{KEY[::-1]}\n",
        )  # fmt: skip
        self.assertIn("m1: password, encryption_key, authentication_key set", said)
        kept = await self.db.read(keys.secrets, self.vault, "M1", OWN)
        self.assertEqual((kept.password, kept.encryption_key), (b"geheim", bytes.fromhex(KEY)))
        self.assertEqual(kept.authentication_key, bytes.fromhex(KEY[::-1]))
        shown = await self.done("keys", "show", "M1")
        for secret in (KEY, "geheim"):
            self.assertNotIn(secret, said + shown)
        names = [key["name"] for key in await self.json_of("keys", "show", "M1")]
        self.assertEqual(names, ["authentication_key", "encryption_key", "password"])
        await self.done("keys", "remove", "M1", "password")
        self.assertEqual(len(await self.json_of("keys", "show", "M1")), 2)

    async def test_signing_keys_are_whole_pem_blocks_or_lines(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        for private, public in (
            (self.file(OURS.pkcs8), self.file(f"{THEIRS.public_pem}# the meter's\n")),
            (self.file(PARAMETERS + OURS.sec1), self.file(THEIRS.point.hex() + "\n")),
            (self.file(OURS.number.hex()), self.file(THEIRS.public_pem)),
        ):
            said = await self.done(
                "keys", "set", "M1", "--signing-key-file", private, "--meter-public-key-file", public
            )
            self.assertIn("signing_key, meter_public_key set", said)
            kept = await self.db.read(keys.secrets, self.vault, "M1", OWN)
            self.assertEqual((kept.signing_key, kept.meter_public_key), (OURS.number, THEIRS.point))
            await self.done("keys", "remove", "M1", "signing_key")
        await self.done(
            "keys", "set", "M1", "--password-stdin", "--signing-key-file", "-",
            "--meter-public-key-file", "-", input=f"geheim\n{OURS.pkcs8}{THEIRS.point.hex()}\n",
        )  # fmt: skip
        kept = await self.db.read(keys.secrets, self.vault, "M1", OWN)
        self.assertEqual((kept.password, kept.signing_key), (b"geheim", OURS.number))
        self.assertEqual(kept.meter_public_key, THEIRS.point)
        shown = await self.done("keys", "show", "M1")
        self.assertIn("signing_key", shown)
        self.assertIn("meter_public_key", shown)
        refusal = await self.refused("keys", "set", "M1", "--signing-key-file", self.file(OURS.pkcs8[:90]))
        self.assertIn("signing_key: expected a private key", refusal)
        for secret in (OURS.number.hex(), OURS.pkcs8[30:60]):
            self.assertNotIn(secret, shown + refusal)
        change = ("keys", "change", "M1", "signing_key", "--generate")
        self.assertEqual((await self.run_ctl(*change)).exit_code, 2)

    async def test_what_is_wrong_is_said_without_the_secret(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        refusal = await self.refused("keys", "set", "M1", "--master-key-file", self.file("geheim"))
        self.assertIn("master_key: expected 32 hex digits", refusal)
        self.assertNotIn("geheim", refusal)
        self.assertIn("no meter M9", await self.refused("keys", "set", "M9", "--password-stdin", input="x\n"))
        self.assertIn("no key password", await self.refused("keys", "remove", "M1", "password"))
        for arguments in (
            ("keys", "set", "M1"),
            ("keys", "set", "M1", "--password-stdin", "--password-file", self.file("x")),
            ("keys", "set", "M1", "--password", "geheim"),
            ("keys", "remove", "M1", "own_title"),
        ):
            self.assertEqual((await self.run_ctl(*arguments)).exit_code, 2)


class QuarantineCommandTests(CommandCase):
    async def test_one_is_adopted_and_one_forgotten(self) -> None:
        seen = [stranger(serial, listener="bus-1") for serial in ("46000755036", "46000777832", "")]
        await self.db.write(quarantine.seen, seen)
        self.assertIn("46000755036", await self.done("quarantine"))
        waiting = await self.json_of("quarantine")
        numbers = {each["serial"]: str(each["id"]) for each in waiting}
        said = await self.done("meters", "adopt", numbers["46000755036"], "--driver", "eastron-sdm630")
        self.assertIn("46000755036 is registered on bus-1", said)
        nameless = ("meters", "adopt", numbers[""], "--driver", "eastron-sdm630")
        self.assertIn("serial: ", await self.refused(*nameless))
        self.assertEqual((await self.json_of(*nameless, "--serial", "x1"))["serial"], "X1")
        self.assertIn("is forgotten", await self.done("quarantine", "forget", numbers["46000777832"]))
        self.assertEqual(await self.json_of("quarantine", "list"), [])
        self.assertIn("no meter in quarantine 99", await self.refused("quarantine", "forget", "99"))
        self.assertEqual((await self.run_ctl("meters", "adopt", "1")).exit_code, 2)


class EventCommandTests(CommandCase):
    async def test_events_are_shown_for_one_meter_or_all(self) -> None:
        happened = [event(0, detail={"count": 3}), event(1, meter="M2"), event(2)]
        await self.db.write(events.put, happened)
        shown = await self.done("events", "M1")
        self.assertIn("Power down", shown)
        self.assertIn("count 3", shown)
        self.assertEqual([each["meter"] for each in await self.json_of("events")], ["M1", "M2", "M1"])
        self.assertEqual(len(await self.json_of("events", "m1", "--limit", "1")), 1)
        self.assertEqual(len(await self.json_of("events", "--from", "2026-06-01T12:00:01Z")), 2)
        self.assertIn("from: ", await self.refused("events", "--from", "yesterday"))
