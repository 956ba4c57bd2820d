"""Secrets of meters over REST: they go in and never come out."""

from __future__ import annotations

from typing import Any

from twisted.logger import eventAsText, globalLogPublisher

from hesd.dlms.security import Suite
from hesd.model.secrets import KeyName
from hesd.store import keys
from hesd.web.resources.keys import NewKeys
from tests.dlms.signing_pairs import METER_PAIR, OUR_PAIR
from tests.web.world import WebCase

PASSWORD = "geheim-00000000"
KEY = "00112233445566778899aabbccddeeff"
OWN = b"HSD\0\0\0\0\1"
P256 = Suite.AES_128_P256


class KeyTests(WebCase):
    def setUp(self) -> None:
        super().setUp()
        self.logged: list[str] = []
        globalLogPublisher.addObserver(self._log)
        self.addCleanup(globalLogPublisher.removeObserver, self._log)

    def _log(self, event: Any) -> None:
        self.logged.append(eventAsText(event) + repr(event))

    async def put(self, content: Any, **others: Any) -> Any:
        return await self.call("PUT", "meters/m1/keys", content, **others)

    async def test_what_is_put_can_be_used_and_not_be_read(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        answers = [
            await self.put({"password": PASSWORD, "encryption_key": KEY.upper()}),
            await self.put({"authentication_key": "0x" + KEY}),
            await self.call("GET", "meters/M1/keys", role="operator"),
            await self.call("GET", "meters/M1"),
            await self.put({"encryption_key": KEY + "0", "password": PASSWORD}),
            await self.put({"password": PASSWORD * 10}),
            await self.put({"password": [PASSWORD]}),
            await self.put({"colour": PASSWORD}),
            await self.put(
                f'{{"password": "{PASSWORD}'.encode(), headers={"Content-Type": "application/json"}
            ),
        ]
        self.assertEqual([answer.status for answer in answers], [200, 200, 200, 200, 422, 422, 422, 422, 400])
        self.assertEqual([each["name"] for each in answers[2].json["items"]],
                         ["authentication_key", "encryption_key", "password"])  # fmt: skip
        kept = await self.db.read(keys.secrets, self.vault, "M1", OWN)
        self.assertEqual((kept.password, kept.encryption_key), (PASSWORD.encode(), bytes.fromhex(KEY)))
        self.assertEqual(kept.authentication_key, kept.encryption_key)
        everything = "\n".join([*self.logged, *(answer.body.decode() for answer in answers)])
        self.assertIn("M1", everything)
        for secret in (PASSWORD, KEY, repr(bytes.fromhex(KEY))):
            self.assertNotIn(secret.lower(), everything.lower())

    async def test_signing_keys_in_any_form_have_one_fingerprint_and_do_not_come_back(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        ours, theirs = OUR_PAIR[P256], METER_PAIR[P256]
        shown = []
        for private, public in (
            (ours.pkcs8, theirs.public_pem),
            (ours.sec1, theirs.point.hex()),
            (ours.number.hex(), theirs.public_pem),
        ):
            answer = await self.put({"signing_key": private, "meter_public_key": public})
            self.assertEqual(answer.status, 200, answer.body)
            shown.append([(each["name"], each["fingerprint"]) for each in answer.json["items"]])
            everything = "\n".join([answer.body.decode(), *self.logged]).lower()
            for secret in (private[30:60], ours.number.hex(), repr(ours.number)[2:-1]):
                self.assertNotIn(secret.lower(), everything)
        self.assertEqual([name for name, _ in shown[0]], ["meter_public_key", "signing_key"])
        self.assertEqual(shown, [shown[0]] * 3)
        kept = await self.db.read(keys.secrets, self.vault, "M1", OWN)
        self.assertEqual((kept.signing_key, kept.meter_public_key), (ours.number, theirs.point))
        self.assertEqual((await self.call("DELETE", "meters/M1/keys/signing_key")).status, 204)
        change = await self.call("POST", "meters/M1/keys/signing_key/change", {"generate": True})
        self.assert_problem(change, 422, "invalid", "name")

    async def test_one_fingerprint_means_one_key(self) -> None:
        for serial in ("M1", "M2"):
            await self.call("POST", "meters", {"serial": serial})
            await self.call("PUT", f"meters/{serial}/keys", {"encryption_key": KEY, "master_key": KEY[::-1]})
        first = (await self.call("GET", "meters/M1/keys")).json["items"]
        second = (await self.call("GET", "meters/M2/keys")).json["items"]
        self.assertEqual(first, second)
        self.assertNotEqual(first[0]["fingerprint"], first[1]["fingerprint"])
        self.assertRegex(first[0]["fingerprint"], "^[0-9a-f]{8}$")

    async def test_a_removed_one_is_gone(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        await self.put({"password": PASSWORD})
        self.assertEqual((await self.call("DELETE", "meters/m1/keys/password")).status, 204)
        self.assertEqual((await self.call("GET", "meters/M1/keys")).json["items"], [])
        self.assert_problem(await self.call("DELETE", "meters/M1/keys/password"), 404, "not-found")

    async def test_who_may(self) -> None:
        await self.call("POST", "meters", {"serial": "M1"})
        self.assert_problem(await self.put({"password": "x"}, role="operator"), 403, "forbidden")
        self.assert_problem(await self.call("GET", "meters/M1/keys", role="viewer"), 403, "forbidden")
        refused = await self.call("DELETE", "meters/M1/keys/password", role="operator")
        self.assert_problem(refused, 403, "forbidden")

    async def test_refusals_name_the_field(self) -> None:
        self.assert_problem(await self.put({"password": "x"}), 404, "not-found")
        self.assert_problem(await self.call("GET", "meters/m1/keys"), 404, "not-found")
        await self.call("POST", "meters", {"serial": "M1"})
        for body, field in (
            ({"encryption_key": "00"}, "encryption_key"),
            ({"master_key": "x" * 32}, "master_key"),
            ({"password": ""}, "password"),
            ({"own_title": "00" * 8}, "own_title"),
            ({"signing_key": "00" * 32}, "signing_key"),
            ({"signing_key": METER_PAIR[P256].public_pem}, "signing_key"),
            ({"meter_public_key": METER_PAIR[P256].point.hex()[2:] + "00"}, "meter_public_key"),
        ):
            self.assert_problem(await self.put(body), 422, "invalid", field)

    def test_a_request_hides_what_it_holds(self) -> None:
        self.assertEqual(set(NewKeys.__struct_fields__), set(KeyName))
        self.assertEqual(repr(NewKeys(password=PASSWORD)), "NewKeys(password)")
