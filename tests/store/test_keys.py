"""Secrets of meters: sealed on disk, opened for sessions, shown to nobody."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text, update
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.security import Suite
from hesd.model.secrets import KeyName, Secrets
from hesd.store import keys, meters, settings, vault
from hesd.store.errors import StoreDown, Unknown
from hesd.store.keys import KeyRefused
from hesd.store.tables import meter_keys
from hesd.store.vault import Sealed, Vault, WrongMasterKey
from tests.dlms.signing_pairs import METER_PAIR, OUR_PAIR
from tests.store.store_case import NOON, StoreCase

MASTER = bytes(range(32))
KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
OWN = b"HSD\0\0\0\0\1"


def opened(master: bytes = MASTER) -> Vault:
    found = Vault()
    found.unlock(master)
    return found


class VaultTests(SynchronousTestCase):
    @given(st.binary(max_size=100), st.text(max_size=20))
    def test_what_is_sealed_comes_back_and_cannot_be_seen(self, secret: bytes, meter: str) -> None:
        sealed = opened().seal(meter, "password", secret)
        self.assertEqual(opened().open(meter, "password", sealed), secret)
        if len(secret) > 3:
            self.assertNotIn(secret, sealed.ciphertext)
        self.assertNotEqual(sealed, opened().seal(meter, "password", secret))

    def test_what_was_sealed_for_another_or_under_another_key_stays_closed(self) -> None:
        sealed = opened().seal("M1", "encryption_key", KEY)
        for attempt in (
            lambda: opened().open("M2", "encryption_key", sealed),
            lambda: opened().open("M1", "authentication_key", sealed),
            lambda: opened(bytes(32)).open("M1", "encryption_key", sealed),
            lambda: opened().open("M1", "encryption_key", Sealed(sealed.nonce, sealed.ciphertext[:-1], 1)),
        ):
            with self.assertRaises(WrongMasterKey) as caught:
                attempt()
            self.assertNotIn(KEY.hex(), str(caught.exception))

    def test_fingerprints_tell_secrets_apart_and_masters_too(self) -> None:
        self.assertEqual(opened().fingerprint(KEY), opened().fingerprint(KEY))
        self.assertNotEqual(opened().fingerprint(KEY), opened().fingerprint(KEY[::-1]))
        self.assertNotEqual(opened().fingerprint(KEY), opened(bytes(32)).fingerprint(KEY))

    def test_a_locked_one_does_nothing(self) -> None:
        for attempt in (lambda: Vault().seal("M1", "password", b"x"), lambda: Vault().fingerprint(b"x")):
            with self.assertRaises(StoreDown):
                attempt()
        with self.assertRaises(ValueError):
            Vault().unlock(bytes(16))


class ReadTests(SynchronousTestCase):
    def test_as_people_write_them(self) -> None:
        digits = "0x00112233 44556677 8899AABB CCDDEEFF"
        read = keys.read({"password": "00000000", "encryption_key": digits, "master_key": "ab" * 32})
        self.assertEqual(read[KeyName.PASSWORD], b"00000000")
        self.assertEqual(read[KeyName.ENCRYPTION_KEY], KEY)
        self.assertEqual(len(read[KeyName.MASTER_KEY]), 32)
        self.assertEqual(keys.read({"password": "0x0011ff"}), {KeyName.PASSWORD: b"\0\x11\xff"})
        ours, theirs = OUR_PAIR[Suite.AES_128_P256], METER_PAIR[Suite.AES_128_P256]
        for private, public in ((ours.pkcs8, theirs.public_pem), (ours.number.hex(), theirs.point.hex())):
            read = keys.read({"signing_key": private, "meter_public_key": public})
            self.assertEqual(read[KeyName.SIGNING_KEY], ours.number)
            self.assertEqual(read[KeyName.METER_PUBLIC_KEY], theirs.point)

    def test_what_is_no_key_is_refused_and_not_repeated(self) -> None:
        for name, content in (
            ("encryption_key", "00112233445566778899aabbccddee"),
            ("authentication_key", "geheim" * 5),
            ("broadcast_key", ""),
            ("password", "geheim" * 11),
            ("password", ""),
            ("password", "0xgeheim"),
            ("signing_key", "geheim"),
            ("signing_key", "-----BEGIN PRIVATE KEY-----\ngeheim\n-----END PRIVATE KEY-----\n"),
            ("signing_key", "00" * 32),
            ("meter_public_key", OUR_PAIR[Suite.AES_128_P256].pkcs8),
            ("meter_public_key", "01" * 64),
        ):
            with self.assertRaises(KeyRefused) as caught:
                keys.read({name: content})
            self.assertEqual(caught.exception.field, name)
            self.assertNotIn("geheim", str(caught.exception))
            if len(content) > 60:
                self.assertNotIn(content[28:60], repr(caught.exception))
        with self.assertRaises(KeyRefused):
            keys.read({"own_title": "00" * 16})


class KeyTests(StoreCase):
    def _put(self, meter: str = "M1", **secrets: bytes) -> None:
        named = {KeyName(name): secret for name, secret in secrets.items()}
        self.write(keys.put, opened(), meter, named, NOON)

    def _secrets(self, meter: str = "M1") -> Secrets:
        found: Secrets = self.read(keys.secrets, opened(), meter, OWN)
        return found

    def test_every_secret_comes_back(self) -> None:
        given = {
            "password": b"00000000",
            "encryption_key": KEY,
            "authentication_key": KEY[::-1],
            "broadcast_key": bytes(16),
            "master_key": bytes(32),
            "signing_key": OUR_PAIR[Suite.AES_256_P384].number,
            "meter_public_key": METER_PAIR[Suite.AES_256_P384].point,
        }
        self.assertEqual(set(given), set(KeyName))
        self._put(**given)
        self.assertEqual(self._secrets(), Secrets(**given, own_title=OWN))
        self.assertEqual(self._secrets("M2"), Secrets(own_title=OWN))

    def test_the_title_of_the_meter_is_with_them(self) -> None:
        self.write(meters.create, {"serial": "M1", "system_title": "4858450000000001"}, NOON)
        self.assertEqual(self._secrets().peer_title, b"HXE\0\0\0\0\1")

    def test_a_new_one_takes_the_place_of_the_old(self) -> None:
        self._put(password=b"1", encryption_key=KEY)
        (old, _) = self.read(keys.listed, "M1")
        self._put(encryption_key=KEY[::-1])
        self.assertEqual((self._secrets().password, self._secrets().encryption_key), (b"1", KEY[::-1]))
        (new, _) = self.read(keys.listed, "M1")
        self.assertEqual((old.name, new.name, new.created_ms), ("encryption_key", "encryption_key", NOON))
        self.assertNotEqual(old.fingerprint, new.fingerprint)
        self.assertRegex(new.fingerprint, "^[0-9a-f]{8}$")

    def test_one_that_was_removed_is_gone(self) -> None:
        self._put(password=b"1", encryption_key=KEY)
        self.write(keys.remove, "M1", "encryption_key")
        self.assertIsNone(self._secrets().encryption_key)
        with self.assertRaises(Unknown):
            self.write(keys.remove, "M1", "encryption_key")

    def test_a_row_that_was_moved_to_another_meter_is_refused(self) -> None:
        self._put(encryption_key=KEY)
        self.write(lambda connection: connection.execute(update(meter_keys).values(meter="M2")).rowcount)
        with self.assertRaises(WrongMasterKey):
            self._secrets("M2")

    def test_no_file_of_the_store_holds_one(self) -> None:
        secret = b"a password that is looked for"
        self._put(password=secret, encryption_key=KEY)
        files = [path.read_bytes() for path in self.state.iterdir()]
        self.assertTrue(any(b"meter_keys" in content for content in files))
        for content in files:
            self.assertNotIn(secret, content)
            self.assertNotIn(KEY, content)

    def test_a_secret_does_not_show_in_a_repr(self) -> None:
        shown = repr(Secrets(password=b"geheim", encryption_key=KEY, signing_key=KEY * 2, own_title=OWN))
        self.assertNotIn("geheim", shown)
        self.assertNotIn(repr(KEY)[2:-1], shown)


class ClaimTests(StoreCase):
    def test_a_store_belongs_to_the_first_key_that_opened_it(self) -> None:
        self.assertFalse(self.read(vault.is_sealed))
        self.write(vault.claim, opened())
        self.write(vault.claim, opened())
        self.assertTrue(self.read(vault.is_sealed))
        with self.assertRaises(WrongMasterKey):
            self.write(vault.claim, opened(bytes(32)))

    def test_what_was_decided_once_stays(self) -> None:
        title = self.write(settings.system_title)
        self.assertEqual((len(title), title[:3]), (8, b"HSD"))
        self.assertEqual(self.write(settings.system_title), title)
        salt = self.write(settings.token_salt)
        self.assertEqual((len(salt), self.write(settings.token_salt)), (32, salt))

    def test_every_store_has_a_title_of_its_own(self) -> None:
        title = self.write(settings.system_title)

        def forget(connection: Connection) -> Any:
            return connection.execute(text("DELETE FROM settings")).rowcount

        self.write(forget)
        self.assertNotEqual(self.write(settings.system_title), title)
