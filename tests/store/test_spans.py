from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading
from hesd.store import spans
from hesd.store.reading_insert import ReadingInsert
from hesd.store.spans import Resolution, Span
from tests.store.store_case import ENERGY, NOON, VOLTAGE, StoreCase, energy, reading
from tests.store.test_readings import move_all

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


def _utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


class SpanTests(StoreCase):
    def record(self, *batch: Reading) -> None:
        self.write(ReadingInsert().stage, batch)

    def spans(
        self,
        resolution: Resolution = Resolution.MINUTE,
        from_ms: int = NOON,
        to_ms: int = NOON + 365 * _DAY,
        obis: OBIS = VOLTAGE,
    ) -> list[Span]:
        return list(self.read(spans.history, "M1", obis, resolution, from_ms, to_ms, 1000).items)

    def test_what_is_measured_is_averaged(self) -> None:
        self.record(
            *(reading(NOON + at, value) for at, value in ((0, 230.0), (30_000, 232), (59_999, 231.0)))
        )
        self.record(reading(NOON + 3 * _MINUTE, 229.0))
        first, second = self.spans()
        self.assertEqual(
            (first.start_ms, first.value, first.minimum, first.maximum), (NOON, 231.0, 230.0, 232)
        )
        self.assertEqual((first.count, first.left_out, first.change), (3, 0, None))
        self.assertEqual((second.start_ms, second.value, second.count), (NOON + 3 * _MINUTE, 229.0, 1))

    def test_staged_and_settled_are_one(self) -> None:
        self.record(reading(NOON, 1), reading(NOON + 1000, 2))
        self.write(move_all)
        self.record(reading(NOON + 1000, 8), reading(NOON + 2000, 3))
        (span,) = self.spans()
        self.assertEqual((span.value, span.count), (4.0, 3))

    def test_a_counter_tells_where_it_stood_and_how_far_it_came(self) -> None:
        self.record(energy(NOON - _HOUR - 1, 100))
        self.write(move_all)
        for at, value in ((0, 110), (_HOUR - 1, 150), (_HOUR, 160), (3 * _HOUR, 190)):
            self.record(energy(NOON + at, value))
        found = self.spans(Resolution.HOUR, obis=ENERGY)
        self.assertEqual([span.start_ms - NOON for span in found], [0, _HOUR, 3 * _HOUR])
        self.assertEqual([span.value for span in found], [150, 160, 190])
        self.assertEqual([span.change for span in found], [50, 10, 30])
        self.assertEqual(
            [(span.minimum, span.maximum) for span in found], [(110, 150), (160, 160), (190, 190)]
        )

    def test_changes_add_up_whatever_the_resolution_and_page(self) -> None:
        self.record(*(energy(NOON + minute * 7 * _MINUTE, minute * 13) for minute in range(60)))
        for resolution in Resolution:
            changes: list[int | float] = []
            start: int | None = NOON + 1
            while start is not None:
                page = self.read(spans.history, "M1", ENERGY, resolution, start, NOON + _DAY, 5)
                self.assertLessEqual(len(page.items), 5)
                changes += [span.change for span in page.items]
                start = page.next
            self.assertEqual(sum(changes), 59 * 13)

    def test_a_counter_without_a_past_has_no_change(self) -> None:
        self.record(energy(NOON, 100), energy(NOON + _MINUTE, 101))
        self.assertEqual([span.change for span in self.spans(obis=ENERGY)], [None, 1])

    def test_a_counter_that_fell_was_exchanged(self) -> None:
        self.record(*(energy(NOON + at * _MINUTE, value) for at, value in enumerate((100, 110, 5, 8))))
        self.assertEqual([span.change for span in self.spans(obis=ENERGY)], [None, 10, None, 3])

    def test_counters_stay_exact(self) -> None:
        big = 9_007_199_254_740_993
        self.record(energy(NOON, big), energy(NOON + _MINUTE, big + 1))
        self.assertEqual([span.value for span in self.spans(obis=ENERGY)], [big, big + 1])
        self.assertEqual(self.spans(obis=ENERGY)[1].change, 1)

    def test_what_cannot_be_trusted_is_left_out_and_counted(self) -> None:
        self.record(
            reading(NOON, 230.0),
            reading(NOON + 1, 1e9, quality=Quality.SUSPECT),
            reading(NOON + 2, None, quality=Quality.BAD),
            reading(NOON + 3, "text"),
            reading(NOON + 4, 2**70),
            reading(NOON + 5, float("nan")),
            reading(NOON + 6, 232.0, quality=Quality.ESTIMATED),
            reading(NOON + _MINUTE, 1e9, quality=Quality.SUSPECT),
        )
        first, second = self.spans()
        self.assertEqual((first.value, first.count, first.left_out), (231.0, 2, 5))
        self.assertEqual((second.value, second.minimum, second.count, second.left_out), (None, None, 0, 1))

    def test_a_suspect_counter_does_not_count(self) -> None:
        good = [energy(NOON + at * _MINUTE, 100 + at) for at in range(4)]
        self.record(good[0], replace(good[1], value=7, quality=Quality.SUSPECT), good[2], good[3])
        found = self.spans(obis=ENERGY)
        self.assertEqual([span.value for span in found], [100, None, 102, 103])
        self.assertEqual([span.change for span in found], [None, None, 2, 1])

    def test_days_and_months_begin_in_utc(self) -> None:
        times = [_utc(2026, 1, 31, 23, 59), _utc(2026, 2, 1), _utc(2026, 2, 28, 12), _utc(2026, 3, 1)]
        self.record(*(reading(at, 1) for at in times))
        whole = (_utc(2026, 1, 1), _utc(2027, 1, 1))
        self.assertEqual(
            [span.start_ms for span in self.spans(Resolution.DAY, *whole)],
            [_utc(2026, 1, 31), _utc(2026, 2, 1), _utc(2026, 2, 28), _utc(2026, 3, 1)],
        )
        self.assertEqual(
            [span.start_ms for span in self.spans(Resolution.MONTH, *whole)],
            [_utc(2026, 1, 1), _utc(2026, 2, 1), _utc(2026, 3, 1)],
        )

    def test_the_range_includes_its_beginning_and_not_its_end(self) -> None:
        self.record(*(reading(NOON + at * _MINUTE, at) for at in range(4)))
        self.assertEqual(
            [span.value for span in self.spans(from_ms=NOON + 1, to_ms=NOON + 3 * _MINUTE)], [1, 2]
        )

    def test_what_was_never_read_is_empty(self) -> None:
        self.assertEqual(self.spans(), [])
        self.record(reading(NOON - 1, 1))
        self.assertEqual(self.spans(), [])

    def test_what_cumulates(self) -> None:
        for obis in ("1-0:1.8.0", "1-0:22.8.1", "1-0:3.8.0.101"):
            self.assertTrue(spans.cumulates(OBIS(obis)))
        for obis in ("1-0:1.7.0", "1-0:1.6.0", "0-0:96.1.0", "1-0:1.29.0"):
            self.assertFalse(spans.cumulates(OBIS(obis)))
