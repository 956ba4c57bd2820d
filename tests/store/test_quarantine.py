"""Strangers: counted, bounded, adopted, forgotten."""

from __future__ import annotations

from hesd.model.stranger import Stranger
from hesd.store import meters, quarantine
from hesd.store.errors import Unknown
from hesd.store.meters import MeterRefused
from hesd.store.quarantine import Quarantined
from tests.store.store_case import NOON, StoreCase


def stranger(serial: str = "46000755036", at_ms: int = NOON, **others: str) -> Stranger:
    fields = {"family": "wrapper", "address": "10.0.0.1", "listener": "gprs", "framing": "wrapper", **others}
    return Stranger(serial=serial, at_ms=at_ms, **fields)


class QuarantineTests(StoreCase):
    def _seen(self, *strangers: Stranger) -> None:
        self.write(quarantine.seen, strangers)

    def _listed(self) -> list[Quarantined]:
        return list(self.read(quarantine.listed, quarantine.MOST).items)

    def test_one_that_comes_again_is_counted(self) -> None:
        self._seen(stranger(), stranger(at_ms=NOON + 5, address="10.0.0.9"))
        self._seen(stranger("0046000755036", NOON + 7, framing="hdlc"))
        (found,) = self._listed()
        self.assertEqual((found.first_seen_ms, found.last_seen_ms, found.times), (NOON, NOON + 7, 3))
        self.assertEqual((found.serial, found.address, found.framing), ("0046000755036", "10.0.0.1", "hdlc"))

    def test_without_a_number_it_is_where_it_comes_from(self) -> None:
        self._seen(stranger(""), stranger("", address="10.0.0.2"), stranger("", listener="other"))
        self._seen(stranger("", at_ms=NOON + 1))
        self.assertEqual([found.times for found in self._listed()], [1, 1, 2])

    def test_those_seen_longest_ago_make_room(self) -> None:
        crowd = [stranger(f"1{number:06}", NOON + number) for number in range(quarantine.MOST + 50)]
        self._seen(*crowd[: quarantine.MOST])
        self._seen(*crowd[quarantine.MOST :], stranger("1000003", NOON + 9999))
        found = {each.serial for each in self._listed()}
        self.assertEqual(len(found), quarantine.MOST)
        self.assertIn("1000003", found)
        self.assertNotIn("1000004", found)

    def test_pages_join(self) -> None:
        self._seen(*(stranger(f"1{number}") for number in range(5)))
        first = self.read(quarantine.listed, 3)
        rest = self.read(quarantine.listed, 3, first.next)
        self.assertEqual([each.serial for each in first.items + rest.items], ["14", "13", "12", "11", "10"])
        self.assertIsNone(rest.next)

    def test_an_adopted_one_is_a_meter_on_its_listener(self) -> None:
        self._seen(stranger())
        (found,) = self._listed()
        meter = self.write(quarantine.adopt, found.id, {"driver": "hexcell-ddsy1088", "name": "Shop"}, NOON)
        self.assertEqual((meter.serial, meter.line, meter.name), ("46000755036", "gprs", "Shop"))
        self.assertEqual([each.serial for each in self.read(meters.in_service)], ["46000755036"])
        self.assertEqual(self._listed(), [])
        with self.assertRaises(Unknown):
            self.write(quarantine.adopt, found.id, {}, NOON)

    def test_zeros_that_fill_a_login_up_are_not_part_of_the_number(self) -> None:
        self._seen(stranger("046000999111"))
        meter = self.write(quarantine.adopt, self._listed()[0].id, {}, NOON)
        self.assertEqual(meter.serial, "46000999111")

    def test_it_waits_again_where_it_is_still_a_stranger(self) -> None:
        self._seen(stranger())
        self.write(quarantine.adopt, self._listed()[0].id, {"serial": "OTHER"}, NOON)
        self._seen(stranger(at_ms=NOON + 1))
        self.assertEqual([each.times for each in self._listed()], [2])

    def test_one_that_cannot_be_registered_stays_a_stranger(self) -> None:
        self._seen(stranger(), stranger(""), stranger("no serial!"))
        self.write(meters.create, {"serial": "46000755036"}, NOON)
        for found, words in zip(self._listed(), ("letters", "somebody else", "already"), strict=True):
            with self.assertRaises(MeterRefused) as caught:
                self.write(quarantine.adopt, found.id, {}, NOON)
            self.assertEqual(caught.exception.field, "serial")
            self.assertIn(words, caught.exception.reason)
        self.assertEqual(len(self._listed()), 3)

    def test_a_forgotten_one_comes_back_as_new(self) -> None:
        self._seen(stranger(), stranger(at_ms=NOON + 1))
        self.write(quarantine.forget, self._listed()[0].id)
        self.assertEqual(self._listed(), [])
        self._seen(stranger(at_ms=NOON + 2))
        self.assertEqual([(each.times, each.first_seen_ms) for each in self._listed()], [(1, NOON + 2)])
        with self.assertRaises(Unknown):
            self.write(quarantine.forget, 99)
