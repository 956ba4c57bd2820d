"""HLS-ECDSA from the API to the socket: keys are put in, the vault keeps them, a meter is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.logger import eventAsText, globalLogPublisher

from hesd.dlms.security import Suite
from hesd.store import settings
from tests.dlms.signing_pairs import METER_PAIR, OTHER_PAIR, OUR_PAIR
from tests.web.dlms_world import HEXCELL, SERIALS, DLMSWorld

ENERGY = "1-0:1.8.0"


class SigningWorld(DLMSWorld):
    suite = Suite.AES_128_P256
    more: ClassVar[Mapping[str, Any]] = {}

    def setUp(self) -> None:
        own, peer = METER_PAIR[self.suite], OUR_PAIR[self.suite]
        self.known = {"authentication": "hls-ecdsa", "suite": int(self.suite), **self.more}
        self.furnished = {
            **self.known,
            **self.ciphered,
            "meter_signing_key": own.pkcs8,
            "client_public_key": peer.point.hex(),
        }
        super().setUp()
        self.logged: list[str] = []
        globalLogPublisher.addObserver(self._log)
        self.addCleanup(globalLogPublisher.removeObserver, self._log)

    @property
    def ciphered(self) -> Mapping[str, str]:
        """The keys that ciphering takes, where there is some."""
        if "ciphering" not in self.more:
            return {}
        return {
            "encryption_key": "11" * self.suite.key_length,
            "authentication_key": "22" * self.suite.key_length,
        }

    def _log(self, event: Any) -> None:
        self.logged.append(eventAsText(event) + repr(event))

    async def put(self, **secrets: str) -> None:
        done = await self.call("PUT", f"meters/{SERIALS[0]}/keys", secrets)
        self.assertEqual(done.status, 200, done.body)
        self.logged.append(done.body.decode())

    async def read(self) -> str:
        """Why it cannot be read, empty where it can."""
        reply = await self.call(
            "POST", f"meters/{SERIALS[0]}/reads", {"obis": [ENERGY]}, headers={"Prefer": "wait=15"}
        )
        self.logged.append(reply.body.decode())
        job = reply.json
        return "" if job["state"] == "confirmed" else f"{job['state']}: {job['steps'][-1]}"

    def check_nothing_shows(self) -> None:
        everything = "\n".join(self.logged).lower()
        self.assertIn(SERIALS[0], everything)
        for pair in (OUR_PAIR[self.suite], METER_PAIR[self.suite], OTHER_PAIR[self.suite]):
            number = int.from_bytes(pair.number, "big")
            for secret in (pair.number.hex(), str(number), repr(pair.number)[2:-1], pair.pkcs8[40:80]):
                self.assertNotIn(secret.lower(), everything)


class SigningTests(SigningWorld):
    async def test_the_right_keys_and_every_wrong_one(self) -> None:
        ours, theirs, other = OUR_PAIR[self.suite], METER_PAIR[self.suite], OTHER_PAIR[self.suite]
        wrong_curve = OUR_PAIR[Suite.AES_256_P384]
        await self.register()
        self.assertIn("needs our signing key, and none is kept", await self.read())
        await self.put(signing_key=ours.pkcs8)
        self.assertIn("needs its public key, and none is kept", await self.read())
        for secrets, said in (
            ({"meter_public_key": other.public_pem}, "proof is wrong: the signature is not the other side's"),
            ({"meter_public_key": theirs.public_pem}, ""),
            ({"signing_key": other.sec1}, "does not take our proof: read-write-denied"),
            ({"signing_key": wrong_curve.number.hex()}, "a private key of suite 1 has 32 octets"),
            ({"signing_key": ours.number.hex(), "meter_public_key": theirs.point.hex()}, ""),
        ):
            await self.put(**secrets)
            found = await self.read()
            self.assertIn(said, found)
            self.assertEqual(bool(said), bool(found), found)
        shown = await self.call("GET", f"meters/{SERIALS[0]}")
        self.assertEqual((shown.json["authentication"], shown.json["suite"]), ("hls-ecdsa", 1))
        self.check_nothing_shows()

    async def test_a_refusal_is_shown_with_the_meter(self) -> None:
        entry = {"serial": SERIALS[0], "driver": HEXCELL, **self.known}
        made = await self.call("POST", "meters", entry)
        self.assertEqual(made.status, 201, made.body)
        await self.put(
            signing_key=OUR_PAIR[self.suite].pkcs8, meter_public_key=OTHER_PAIR[self.suite].public_pem
        )
        headers = {"If-Match": made.header("etag") or ""}
        placed = await self.call("PATCH", f"meters/{SERIALS[0]}", {"line": "house"}, headers=headers)
        self.assertEqual(placed.status, 200, placed.body)
        shown = placed.json
        for _ in range(100):
            if shown["reason"]:
                break
            await deferLater(reactor, 0.05)
            shown = (await self.call("GET", f"meters/{SERIALS[0]}")).json
        self.assertEqual(shown["status"], "online")  # it does answer
        self.assertIn("proof is wrong: the signature is not the other side's", shown["reason"])
        self.check_nothing_shows()

    async def test_a_trace_tells_under_which_title_we_sign_and_hides_the_proofs(self) -> None:
        await self.register()
        await self.put(
            signing_key=OUR_PAIR[self.suite].pkcs8, meter_public_key=METER_PAIR[self.suite].public_pem
        )
        self.assertEqual(await self.read(), "")
        trace = await self.call("GET", f"meters/{SERIALS[0]}/trace")
        aarq, aare, proof = (frame["explained"]["frames"][0] for frame in trace.json["frames"][:3])
        title = await self.db.write(settings.system_title)
        self.assertEqual((aarq["mechanism_name"], aarq["calling_ap_title"]), ("hls-ecdsa", title.hex()))
        self.assertEqual((aare["result_name"], proof["data"]), ("accepted", "(hidden)"))
        self.logged.append(trace.body.decode())
        self.check_nothing_shows()

    async def test_without_a_suite_it_is_not_placed(self) -> None:
        entry = {"serial": "M9", "driver": HEXCELL, "line": "house", "authentication": "hls-ecdsa"}
        made = await self.call("POST", "meters", entry)
        self.assertIn("nothing without security suite 1 or 2", made.json["reason"])


class CipheredSigningTests(SigningWorld):
    suite = Suite.AES_256_P384
    more: ClassVar[Mapping[str, Any]] = {"ciphering": "both"}

    async def test_suite_2_ciphered(self) -> None:
        await self.register()
        await self.put(
            signing_key=OUR_PAIR[self.suite].pkcs8,
            meter_public_key=METER_PAIR[self.suite].public_pem,
            **self.ciphered,
        )
        self.assertEqual(await self.read(), "")
        self.check_nothing_shows()
