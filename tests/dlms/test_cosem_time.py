from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.cosem_time import DAYLIGHT_SAVING_ACTIVE, Date, DateTime, Time, epoch_ms
from hesd.dlms.errors import DataError
from hesd.dlms.profile_buffer import complete_rows
from hesd.dlms.value import Delta

zones = st.integers(-840, 840).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
moments = st.datetimes(dt.datetime(1990, 1, 2), dt.datetime(2098, 12, 30), timezones=zones).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 10_000 * 10_000)
)
LAGOS = bytes.fromhex("07E90B130311103BFFFFC400")


class OctetTests(SynchronousTestCase):
    @given(st.binary(min_size=12, max_size=12))
    def test_any_12_octets_come_back(self, octets: bytes) -> None:
        stamp = DateTime.from_octets(octets)
        self.assertEqual(stamp.octets, octets)
        self.assertIsInstance(str(stamp), str)
        moment, instant = stamp.moment(dt.UTC), epoch_ms(octets)
        if instant is None or stamp.time.second is None:
            return
        if moment is not None:
            self.assertEqual(round(moment.timestamp() * 1000), instant)

    @given(st.binary(min_size=5, max_size=5), st.binary(min_size=4, max_size=4))
    def test_dates_and_times_come_back(self, date: bytes, time: bytes) -> None:
        self.assertEqual(Date.from_octets(date).octets, date)
        self.assertEqual(Time.from_octets(time).octets, time)

    @given(moments, st.booleans())
    def test_a_moment_comes_back(self, moment: dt.datetime, summer: bool) -> None:
        stamp = DateTime.of(moment, daylight_saving=summer)
        self.assertEqual(DateTime.from_octets(stamp.octets).moment(), moment)
        self.assertEqual(epoch_ms(stamp.octets), round(moment.timestamp() * 1000))
        self.assertEqual(stamp.status, DAYLIGHT_SAVING_ACTIVE if summer else 0)
        self.assertEqual(dt.datetime.fromisoformat(str(stamp)), moment)

    def test_wrong_lengths_and_values(self) -> None:
        for broken in (
            lambda: DateTime.from_octets(bytes(11)),
            lambda: Date.from_octets(bytes(4)),
            lambda: Time.from_octets(bytes(5)),
            lambda: Date(70000, 1, 1).octets,
            lambda: Time(256, 0, 0).octets,
            lambda: DateTime.of(dt.datetime(2025, 1, 1)),
        ):
            with self.assertRaises(DataError):
                broken()


class FieldTests(SynchronousTestCase):
    def test_a_real_clock(self) -> None:
        stamp = DateTime.from_octets(LAGOS)
        self.assertEqual(str(stamp), "2025-11-19T17:16:59+01:00")
        utc = dt.datetime(2025, 11, 19, 16, 16, 59, tzinfo=dt.UTC)
        self.assertEqual(stamp.moment(), utc)
        self.assertEqual(epoch_ms(LAGOS), int(utc.timestamp() * 1000))
        self.assertEqual(stamp.moment(reversed_sign=True), utc + dt.timedelta(hours=2))
        self.assertEqual(epoch_ms(LAGOS, sign=-1), int(utc.timestamp() * 1000) + 7_200_000)

    def test_without_a_deviation(self) -> None:
        octets = bytes.fromhex("07ea0101040c0000ff8000ff")
        stamp = DateTime.from_octets(octets)
        self.assertEqual((stamp.deviation, stamp.status), (None, None))
        self.assertEqual(stamp.moment(), dt.datetime(2026, 1, 1, 12))
        zone = dt.timezone(dt.timedelta(hours=1))
        self.assertEqual(stamp.moment(zone), dt.datetime(2026, 1, 1, 12, tzinfo=zone))
        self.assertEqual(epoch_ms(octets, -60), int(stamp.moment(zone).timestamp() * 1000))
        self.assertEqual(str(stamp), "2026-01-01T12:00:00")

    def test_patterns_are_no_moments(self) -> None:
        for octets in (
            "ffff0101040c0000ff800000",
            "07eaff01040c0000ff800000",
            "07ea0101ffff0000ff800000",
            "07ea0000ff000000ff000000",
            "07ea021eff000000ff000000",
            "0000000000000000000000ff",
        ):
            self.assertIsNone(DateTime.from_octets(bytes.fromhex(octets)).moment())
            self.assertIsNone(epoch_ms(bytes.fromhex(octets)))
        self.assertEqual(str(DateTime.from_octets(b"\xff" * 12)), "????-??-??T??:??:??+00:01")
        self.assertIsNone(epoch_ms(b""))

    def test_an_unspecified_second_is_the_full_minute(self) -> None:
        octets = bytes.fromhex("07ea0101ff0c00ffff000000")
        self.assertEqual(DateTime.from_octets(octets).moment(), dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC))
        self.assertEqual(str(DateTime.from_octets(octets)), "2026-01-01T12:00:??+00:00")


class CompletionTests(SynchronousTestCase):
    def test_null_clock_is_one_period_later(self) -> None:
        start = bytes.fromhex("07e90c1f03173b00ffffc400")  # 31 December, 23:59
        rows = complete_rows([(start, 5), (None, 6), (None, None)], frozenset({0}), 900)
        self.assertEqual(rows[1], (bytes.fromhex("07ea010104000e00ffffc400"), 6))
        self.assertEqual(rows[2], (bytes.fromhex("07ea010104001d00ffffc400"), 6))

    def test_deltas_add_up(self) -> None:
        rows = complete_rows([(100,), (Delta(5),), (Delta(-3),), (None,), (7,)])
        self.assertEqual(rows, [(100,), (105,), (102,), (102,), (7,)])

    def test_what_cannot_be_known_stays_unknown(self) -> None:
        clock = bytes.fromhex("ffff0101040c0000ff800000")
        self.assertEqual(complete_rows([(None, None)], frozenset({0}), 60), [(None, None)])
        self.assertEqual(complete_rows([(clock,), (None,)], frozenset({0}), 60)[1], (None,))
        self.assertEqual(complete_rows([(LAGOS,), (None,)], frozenset({0}), 0)[1], (None,))
        self.assertEqual(complete_rows([(b"x",), (None,)], frozenset({0}), 60)[1], (None,))
        self.assertEqual(complete_rows([(b"x",), (Delta(1),)]), [(b"x",), (None,)])
        self.assertEqual(complete_rows([(1,), (2, None)]), [(1,), (2, None)])
