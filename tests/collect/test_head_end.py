"""Lines that come and go, and meters that find theirs."""

from __future__ import annotations

from dataclasses import replace

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from hesd.collect.head_end import HeadEnd
from hesd.collect.meter import MeterSpec, MeterState, MeterStatus, NotOffered, UnknownMeter
from hesd.config import Line
from hesd.links.modbus_link import ModbusLink
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading
from hesd.model.units import Unit
from tests.collect.memory_line import DRIVER, MemoryLine, bank


class HeadEndTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.links: dict[str, MemoryLine] = {}
        self.services: dict[str, Service] = {}
        self.readings: list[Reading] = []
        self.told: list[MeterState] = []
        self.known: list[Reading] = []
        self.head_end = HeadEnd(
            self.open_link, self.clock, self.readings.extend, self.told.append, lambda _serial: self.known
        )

    def open_link(self, line: Line) -> tuple[ModbusLink, IService]:
        self.links[line.name] = link = MemoryLine(self.clock)
        self.services[line.name] = service = Service()
        link.banks = {unit: bank(voltage=100.0 + unit) for unit in range(1, 5)}
        return link, service

    def line(self, name: str) -> Line:
        return Line(name=name, endpoint="tcp:127.0.0.1:1", protocol="modbus-rtu")

    def spec(self, serial: str, line: str, unit_id: int = 1) -> MeterSpec:
        return MeterSpec(
            serial=serial,
            line=line,
            driver_name="em",
            driver=DRIVER,
            unit_id=unit_id,
            interval=10,
            slow_interval=60,
        )

    def run_for(self, seconds: float) -> None:
        self.clock.pump([0.01] * round(seconds * 100))

    def removed(self, name: str) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.head_end.remove_line(name)))

    def test_meters_and_lines_find_each_other_in_any_order(self) -> None:
        self.head_end.add_line(self.line("a"))
        self.head_end.place([self.spec("1", "a"), self.spec("2", "b", 2)])
        self.assertIsNone(self.head_end.state("2"))
        self.head_end.add_line(self.line("b"))
        self.run_for(2)
        self.assertEqual([state.serial for state in self.head_end.states()], ["1", "2"])
        self.assertEqual({each.meter for each in self.readings}, {"1", "2"})
        self.assertEqual([(line.name, line.online) for line in self.head_end.lines()], [("a", 1), ("b", 1)])
        self.assertTrue(self.services["a"].running)

    def test_a_line_that_is_removed_stops_and_the_others_go_on(self) -> None:
        for name in ("a", "b"):
            self.head_end.add_line(self.line(name))
        self.head_end.place([self.spec("1", "a"), self.spec("2", "b", 2)])
        self.run_for(2)
        self.removed("a")
        asked = len(self.links["a"].asked)
        self.readings.clear()
        self.run_for(20)
        self.assertFalse(self.services["a"].running)
        self.assertEqual(len(self.links["a"].asked), asked)
        self.assertEqual({each.meter for each in self.readings}, {"2"})
        self.assertIsNone(self.head_end.state("1"))
        self.assertEqual([line.name for line in self.head_end.lines()], ["b"])

    def test_a_line_that_comes_again_finds_its_meters(self) -> None:
        self.head_end.place([self.spec("1", "a")])
        self.head_end.add_line(self.line("a"))
        self.run_for(1)
        self.removed("a")
        self.head_end.add_line(self.line("a"))
        self.run_for(1)
        state = self.head_end.state("1")
        assert state is not None
        self.assertIs(state.status, MeterStatus.ONLINE)

    def test_a_name_is_given_to_one_line_only(self) -> None:
        self.head_end.add_line(self.line("a"))
        self.assertRaises(ValueError, self.head_end.add_line, self.line("a"))

    def test_a_meter_moves_from_one_line_to_another(self) -> None:
        for name in ("a", "b"):
            self.head_end.add_line(self.line(name))
        self.head_end.place([self.spec("1", "a", 1)])
        self.run_for(2)
        self.head_end.place([self.spec("1", "b", 2)])
        self.readings.clear()
        self.run_for(2)
        voltage = next(each.value for each in self.readings if each.unit is Unit.V)
        self.assertEqual(voltage, 102.0)
        self.assertEqual(len(self.head_end.states()), 1)

    def test_what_is_asked_of_a_meter_goes_to_its_line(self) -> None:
        self.head_end.add_line(self.line("a"))
        self.head_end.place([self.spec("1", "a", 3)])
        asked = self.head_end.read_now("1", [OBIS("1-0:32.7.0")])
        self.run_for(2)
        self.assertEqual([each.value for each in self.successResultOf(asked)], [103.0])

    def test_meters_on_no_line_cannot_be_asked(self) -> None:
        self.head_end.place([self.spec("1", "a")])
        for serial in ("1", "9"):
            self.failureResultOf(self.head_end.read_now(serial, []), UnknownMeter)
            self.failureResultOf(self.head_end.write_setting(serial, "baud", 2), UnknownMeter)

    def test_a_modbus_meter_offers_no_session_and_no_frames(self) -> None:
        async def work(_meter: object) -> None:
            raise AssertionError("not to be done")

        self.head_end.add_line(self.line("a"))
        self.head_end.place([self.spec("1", "a")])
        self.failureResultOf(self.head_end.with_meter("1", work), NotOffered)
        self.assertRaises(NotOffered, self.head_end.trace, "1")
        self.failureResultOf(self.head_end.with_meter("9", work), UnknownMeter)
        self.assertRaises(UnknownMeter, self.head_end.trace, "9")

    def test_what_was_known_before_the_start_is_held_against_new_values(self) -> None:
        self.known = [Reading("1", OBIS("1-0:1.8.0"), 0, 9e9, 0, 9e9, Unit.WH)]
        self.head_end.add_line(self.line("a"))
        self.head_end.place([self.spec("1", "a")])
        self.run_for(2)
        energies = [each for each in self.readings if each.unit is Unit.WH]
        self.assertEqual([each.quality for each in energies], [Quality.SUSPECT] * 2)

    def test_stopping_waits_for_what_somebody_waits_for(self) -> None:
        self.head_end.add_line(self.line("a"))
        self.head_end.add_line(self.line("b"))
        self.head_end.place([self.spec("1", "a"), self.spec("2", "b", 2)])
        asked = self.head_end.read_now("1", [])
        stopped = Deferred.fromCoroutine(self.head_end.stop())
        self.assertNoResult(stopped)
        self.run_for(2)
        self.successResultOf(asked)
        self.successResultOf(stopped)
        self.assertEqual([service.running for service in self.services.values()], [False, False])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_placing_the_same_again_asks_nobody_out_of_turn(self) -> None:
        specs = [self.spec("1", "a"), self.spec("2", "a", 2)]
        self.head_end.add_line(self.line("a"))
        self.head_end.place(specs)
        self.run_for(2)
        asked = len(self.links["a"].asked)
        self.head_end.place([replace(spec) for spec in specs])
        self.run_for(2)
        self.assertEqual(len(self.links["a"].asked), asked)
