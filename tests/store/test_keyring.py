"""Counters that never come twice, and the keyring that hands them out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock

from hesd.model.secrets import Secrets
from hesd.store import counters, keys, meters
from hesd.store.counters import CountersSpent
from hesd.store.keyring import StoredKeyring
from tests.store.store_case import NOON, StoreCase
from tests.store.test_keys import KEY, opened

_KILLED = """
import os, pathlib, signal, sys
from twisted.internet import reactor
from hesd.store import counters
from hesd.store.database import Database
database = Database("sqlite:///hesd.db", pathlib.Path(sys.argv[1]), reactor)
print(database.write_blocking(counters.reserve, "M1", b"k", 200), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class CounterTests(StoreCase):
    def test_each_is_given_once(self) -> None:
        self.assertEqual(self.write(counters.reserve, "M1", b"k", 200), (1, 201))
        self.assertEqual(self.write(counters.reserve, "M1", b"k", 10), (201, 211))
        self.assertEqual(self.write(counters.reserve, "M1", b"k", 10, 1000), (1000, 1010))
        self.assertEqual(self.write(counters.reserve, "M1", b"k", 10, 5), (1010, 1020))

    def test_meters_and_keys_count_for_themselves(self) -> None:
        self.write(counters.reserve, "M1", b"k", 200)
        self.assertEqual(self.write(counters.reserve, "M2", b"k", 1), (1, 2))
        self.assertEqual(self.write(counters.reserve, "M1", b"other", 1), (1, 2))
        self.assertEqual(self.write(counters.reserve, "M1", b"k", 1), (201, 202))

    def test_they_end_at_32_bits(self) -> None:
        self.assertEqual(self.write(counters.reserve, "M1", b"k", 10, 2**32 - 10), (2**32 - 10, 2**32))
        for count, at_least in ((1, 0), (1, 2**32), (0, 0), (-5, 0)):
            with self.assertRaises(CountersSpent):
                self.write(counters.reserve, "M1", b"k", count, at_least)

    def test_the_highest_received_stays(self) -> None:
        self.assertEqual(self.read(counters.received, "M1", b"k"), -1)
        for counter, highest in ((0, 0), (7, 7), (3, 7), (8, 8)):
            self.write(counters.set_received, "M1", b"k", counter)
            self.assertEqual(self.read(counters.received, "M1", b"k"), highest)
        self.assertEqual(self.write(counters.reserve, "M1", b"k", 1), (1, 2))
        self.assertEqual(self.read(counters.received, "M1", b"k"), 8)

    @given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 400)), max_size=20), st.uuids())
    def test_no_two_overlap(self, wishes: list[tuple[int, int]], meter: object) -> None:
        limit = 0
        for count, at_least in wishes:
            first, end = self.write(counters.reserve, str(meter), b"k", count, at_least)
            self.assertGreaterEqual(first, max(limit, at_least))
            self.assertEqual(end - first, count)
            limit = end

    def test_a_kill_between_reserving_and_using_loses_them_and_gives_none_twice(self) -> None:
        for expected in ("(1, 201)", "(201, 401)"):
            killed = subprocess.run(
                [sys.executable, "-c", _KILLED, str(Path(self.state).resolve())],
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual((killed.returncode, killed.stdout.strip()), (-9, expected), killed.stderr)
        self.assertEqual(self.write(counters.reserve, "M1", b"k", 1), (401, 402))


class KeyringTests(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock: Any = Clock()
        self.keyring = StoredKeyring(self.database, opened(), self.clock)

    async def test_keys_titles_and_counters(self) -> None:
        self.write(meters.create, {"serial": "M1"}, NOON)
        nothing = await self.keyring.secrets("M1")
        self.assertEqual(nothing, Secrets(own_title=nothing.own_title))
        self.assertEqual(nothing.own_title[:3], b"HSD")
        await self.keyring.replace_keys("M1", password=b"00000000", encryption_key=KEY)
        await self.keyring.set_peer_title("M1", b"HXE\0\0\0\0\1")
        found = await self.keyring.secrets("M1")
        self.assertEqual((found.password, found.encryption_key), (b"00000000", KEY))
        self.assertEqual((found.own_title, found.peer_title), (nothing.own_title, b"HXE\0\0\0\0\1"))

    async def test_a_new_encryption_key_counts_anew_and_an_old_one_goes_on(self) -> None:
        await self.keyring.replace_keys("M1", encryption_key=KEY)
        self.assertEqual(await self.keyring.reserve("M1", 200), (1, 201))
        await self.keyring.set_received("M1", 70)
        await self.keyring.replace_keys("M1", encryption_key=KEY[::-1])
        self.assertEqual(await self.keyring.received("M1"), -1)
        self.assertEqual(await self.keyring.reserve("M1", 10, 5), (5, 15))
        await self.keyring.replace_keys("M1", encryption_key=KEY, password=b"1")
        self.assertEqual(await self.keyring.received("M1"), 70)
        self.assertEqual(await self.keyring.reserve("M1", 10), (201, 211))

    async def test_many_at_once_get_none_twice(self) -> None:
        wanted = [Deferred.fromCoroutine(self.keyring.reserve("M1", 5)) for _ in range(20)]
        found = await gatherResults(wanted)
        given_out = [counter for first, limit in found for counter in range(first, limit)]
        self.assertEqual(sorted(given_out), list(range(1, 101)))

    async def test_a_key_that_was_sent_waits_until_the_meter_has_taken_it(self) -> None:
        await self.keyring.replace_keys("M1", password=b"1", encryption_key=KEY)
        await self.keyring.reserve("M1", 200)
        for taken in (False, True):
            await self.keyring.keep_pending("M1", encryption_key=KEY[::-1])
            self.assertEqual(await self.keyring.pending("M1"), {"encryption_key": KEY[::-1]})
            self.assertEqual((await self.keyring.secrets("M1")).encryption_key, KEY)
            self.assertEqual([entry.pending for entry in self.read(keys.listed, "M1")], [False, True, False])
            await self.keyring.settle_pending("M1", taken=taken)
            self.assertEqual(await self.keyring.pending("M1"), {})
        found = await self.keyring.secrets("M1")
        self.assertEqual((found.password, found.encryption_key), (b"1", KEY[::-1]))
        self.assertEqual(await self.keyring.reserve("M1", 1), (1, 2))

    async def test_only_secrets_can_be_replaced(self) -> None:
        with self.assertRaises(ValueError):
            await self.keyring.replace_keys("M1", own_title=b"HSD\0\0\0\0\1")
