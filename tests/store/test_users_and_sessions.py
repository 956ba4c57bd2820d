from __future__ import annotations

from hashlib import sha256
from typing import Any

from sqlalchemy import select

from hesd.store import sessions, users
from hesd.store.errors import Changed, Unknown
from hesd.store.tables import sessions as table
from hesd.store.users import Role, User, UserRefused
from tests.store.store_case import NOON, StoreCase

_HOUR = 3_600_000


class _People(StoreCase):
    def _add(self, username: str = "ada", role: str = "admin") -> User:
        return self.write(users.create, username, "$argon2id$hash", role, NOON)

    def _change(self, username: str, **what: Any) -> User:
        return self.write(users.change, username, NOON + 1, **what)


class UserTests(_People):
    def test_a_user_comes_back(self) -> None:
        added = self._add(" Ada ", "operator")
        self.assertEqual((added.username, added.role, added.disabled), ("ada", Role.OPERATOR, False))
        self.assertEqual(self.read(users.get, "ADA"), added)
        self.assertEqual(self.read(users.listed), [added])
        self.assertNotIn("argon2", repr(added))
        self.assertIsNone(self.read(users.find, "bob"))

    def test_a_refusal_names_the_field(self) -> None:
        self._add("ada")
        for username, role, field in (
            ("ADA", "viewer", "username"),
            ("", "viewer", "username"),
            ("a b", "viewer", "username"),
            ("bob", "king", "role"),
        ):
            with self.assertRaises(UserRefused) as caught:
                self._add(username, role)
            self.assertEqual(caught.exception.field, field)

    def test_changes(self) -> None:
        self._add("ada")
        self._add("bob", "viewer")
        changed = self._change("bob", role="operator", version=1)
        self.assertEqual((changed.role, changed.version, changed.updated_ms), (Role.OPERATOR, 2, NOON + 1))
        with self.assertRaises(Changed):
            self._change("bob", role="viewer", version=1)
        with self.assertRaises(Unknown):
            self._change("eve", disabled=True)
        self.assertEqual(self._change("bob", password_hash="$new").password_hash, "$new")

    def test_somebody_stays_admin(self) -> None:
        self._add("ada")
        for what in ({"disabled": True}, {"role": "viewer"}):
            with self.assertRaises(UserRefused):
                self._change("ada", **what)
        self.assertEqual(self.read(users.get, "ada").version, 1)
        self._add("bob")
        self.assertTrue(self._change("ada", disabled=True).disabled)


class SessionTests(_People):
    def setUp(self) -> None:
        super().setUp()
        self._add("ada")
        self.write(sessions.create, "token", "ada", NOON, NOON + _HOUR)

    def _find(self, token: str = "token", now_ms: int = NOON) -> sessions.Session | None:
        return self.read(sessions.find, token, now_ms)

    def test_a_token_leads_to_its_user_until_it_is_over(self) -> None:
        found = self._find()
        assert found is not None
        self.assertEqual((found.user.username, found.expires_ms), ("ada", NOON + _HOUR))
        self.assertIsNotNone(self._find(now_ms=NOON + _HOUR - 1))
        self.assertIsNone(self._find(now_ms=NOON + _HOUR))
        for other in ("", "Token", "token ", "\ud800"):
            self.assertIsNone(self._find(other))

    def test_only_the_digest_is_kept(self) -> None:
        kept = self.read(lambda connection: connection.execute(select(table)).one().token_sha256)
        self.assertEqual(kept, sha256(b"token").digest())
        self.assertNotIn(b"token", self.database.path.read_bytes())

    def test_revoked_is_over(self) -> None:
        self.assertTrue(self.write(sessions.revoke, "token"))
        self.assertFalse(self.write(sessions.revoke, "token"))
        self.assertIsNone(self._find())

    def test_all_sessions_of_a_user_end_together(self) -> None:
        self._add("bob")
        self.write(sessions.create, "second", "ada", NOON, NOON + _HOUR)
        self.write(sessions.create, "bobs", "bob", NOON, NOON + _HOUR)
        self.assertEqual(self.write(sessions.revoke_all, "ada"), 2)
        self.assertIsNone(self._find("second"))
        self.assertIsNotNone(self._find("bobs"))

    def test_a_disabled_user_or_a_new_password_signs_out(self) -> None:
        self._add("bob")
        self._change("ada", role="operator")
        self.assertIsNotNone(self._find())
        self._change("ada", password_hash="$new")
        self.assertIsNone(self._find())
        self.write(sessions.create, "again", "ada", NOON, NOON + _HOUR)
        self._change("ada", disabled=True)
        self.assertIsNone(self._find("again"))
        self._change("ada", disabled=False)
        self.assertIsNone(self._find("again"))

    def test_what_is_over_is_swept_out(self) -> None:
        self.write(sessions.create, "later", "ada", NOON + 2 * _HOUR, NOON + 3 * _HOUR)
        kept = self.read(lambda connection: len(connection.execute(select(table)).all()))
        self.assertEqual(kept, 1)

    def test_nobody_has_no_session(self) -> None:
        with self.assertRaises(Unknown):
            self.write(sessions.create, "x", "eve", NOON, NOON + 1)
