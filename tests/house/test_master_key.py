"""Where the master key comes from, and what is refused."""

from __future__ import annotations

import stat
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import TestCase

from hesd import master_key
from hesd.config import Config, Keys
from hesd.master_key import MasterKeyUnusable
from hesd.store.database import Database
from hesd.store.vault import Vault, WrongMasterKey

DIGITS = "ab" * 32


class MasterKeyTests(TestCase):
    def setUp(self) -> None:
        self.state = Path(self.mktemp()).resolve()
        self.database = Database("sqlite:///hesd.db", self.state, reactor)  # type: ignore[arg-type]
        self.database.migrate()
        self.addCleanup(lambda: ensureDeferred(self.database.close()))
        self.config = Config(state=str(self.state))
        self.file = self.state / "master.key"

    def unlock(self, config: Config | None = None, **environment: str) -> Vault:
        vault = Vault()
        master_key.unlock(vault, self.database, config or self.config, environment)
        return vault

    def put(self, path: Path, content: str | bytes, mode: int = 0o600) -> Path:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def test_it_is_made_once_for_nobody_else_to_read(self) -> None:
        first = self.unlock()
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertRegex(self.file.read_text(), r"\A[0-9a-f]{64}\n\Z")
        sealed = first.seal("M1", "password", b"secret")
        self.assertEqual(self.unlock().open("M1", "password", sealed), b"secret")
        self.assertEqual([path.name for path in self.state.glob("*.key*")], ["master.key"])

    def test_one_that_was_cut_short_while_it_was_made_is_made_anew(self) -> None:
        self.put(self.state / "master.new", "abcd")
        self.unlock()
        self.assertEqual(len(self.file.read_text()), 65)

    def test_a_credential_counts_first_then_the_named_file(self) -> None:
        named = self.put(self.state / "elsewhere" / "key", bytes(range(32)))
        credential = self.put(self.state / "run" / "hesd-master-key", DIGITS, 0o400)
        config = Config(state=str(self.state), keys=Keys(master_key_file=str(named)))
        by_credential = self.unlock(config, CREDENTIALS_DIRECTORY=str(credential.parent))
        expected = Vault()
        expected.unlock(bytes.fromhex(DIGITS))
        self.assertEqual(by_credential.fingerprint(b"x"), expected.fingerprint(b"x"))
        self.assertFalse(self.file.exists())
        with self.assertRaises(WrongMasterKey) as caught:
            self.unlock(config, CREDENTIALS_DIRECTORY=str(named.parent))
        self.assertIn(str(named), str(caught.exception))

    def test_another_key_than_the_stores_is_refused(self) -> None:
        self.unlock()
        self.put(self.file, DIGITS)
        with self.assertRaises(WrongMasterKey) as caught:
            self.unlock()
        self.assertNotIn(DIGITS, str(caught.exception))

    def test_a_lost_one_is_not_made_anew(self) -> None:
        self.unlock()
        self.file.unlink()
        with self.assertRaises(MasterKeyUnusable) as caught:
            self.unlock()
        self.assertIn("missing", str(caught.exception))
        self.assertFalse(self.file.exists())

    def test_what_is_no_key_is_refused(self) -> None:
        for content, mode, words in (
            ("", 0o600, "64 hex digits"),
            (DIGITS[:-2], 0o600, "64 hex digits"),
            (DIGITS + "\nmore", 0o600, "64 hex digits"),
            (b"x" * 5000, 0o600, "64 hex digits"),
            (DIGITS, 0o644, "everybody"),
        ):
            self.put(self.file, content, mode)
            with self.assertRaises(MasterKeyUnusable) as caught:
                self.unlock()
            self.assertIn(words, str(caught.exception))
            self.assertNotIn(DIGITS[:-2], str(caught.exception))
        missing = Config(state=str(self.state), keys=Keys(master_key_file=str(self.state / "none")))
        with self.assertRaises(MasterKeyUnusable):
            self.unlock(missing)
