from __future__ import annotations

from collections.abc import Iterator
from math import inf, nextafter

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.driver import Coil, DataType, DiscreteInput, Holding, Input, ModbusDriver, Register
from hesd.modbus.errors import BadRequest
from hesd.modbus.read_plan import BusTiming, ReadBlock, TCPTiming, Timing, plan, plan_seconds

# The twelve values of the plant of field-systems, as the field note gives their addresses.
TWELVE = (3000, 3002, 3004, 3028, 3030, 3032, 3054, 3068, 3076, 3084, 3110, 3204)


def driver(*registers: Register, read_limit: int = 125, holes: tuple[range, ...] = ()) -> ModbusDriver:
    return ModbusDriver(
        vendor="any", models=("any",), source="here", registers=registers, read_limit=read_limit, holes=holes
    )


def holding(*addresses: int) -> tuple[Register, ...]:
    return tuple(Holding(address, "1-0:1.7.0.255") for address in addresses)


def spans(blocks: tuple[ReadBlock, ...]) -> list[tuple[int, int]]:
    return [(block.address, block.count) for block in blocks]


class Timings(SynchronousTestCase):
    def test_a_transaction_at_9600_even(self) -> None:
        timing = BusTiming(9600, turnaround=0.0125)
        self.assertAlmostEqual(timing.character, 11 / 9600)
        self.assertAlmostEqual(timing.silence, 3.5 * 11 / 9600)
        self.assertAlmostEqual(timing.transaction(8, 9), 17 * 11 / 9600 + 0.0125 + 3.5 * 11 / 9600)

    def test_above_19200_the_silence_is_fixed(self) -> None:
        self.assertAlmostEqual(BusTiming(19200).silence, 3.5 * 11 / 19200)
        self.assertEqual(BusTiming(38400).silence, 0.00175)
        self.assertEqual(BusTiming(115200, bits_per_character=10).silence, 0.00175)

    def test_no_meter_answers_before_the_silence_is_over(self) -> None:
        instant = BusTiming(9600, turnaround=0.0)
        self.assertAlmostEqual(instant.transaction(8, 9), 17 * instant.character + 2 * instant.silence)


class FieldPlans(SynchronousTestCase):
    def planned(self, timing: Timing) -> list[tuple[int, int]]:
        registers = holding(*TWELVE)
        return spans(plan(driver(*registers), registers, timing))

    def test_five_reads_at_9600_and_19200(self) -> None:
        five = [(3000, 6), (3028, 6), (3054, 32), (3110, 2), (3204, 2)]
        self.assertEqual(self.planned(BusTiming(9600)), five)
        self.assertEqual(self.planned(BusTiming(19200)), five)

    def test_two_reads_at_38400(self) -> None:
        self.assertEqual(self.planned(BusTiming(38400)), [(3000, 112), (3204, 2)])

    def test_a_cycle_of_79_meters(self) -> None:
        registers = holding(*TWELVE)
        turnarounds = [0.005 + 0.015 * (n + 0.5) / 79 for n in range(79)]
        for baud, seconds in ((9600, 21.06), (19200, 12.85), (38400, 7.96)):
            timings = [BusTiming(baud, turnaround=turnaround) for turnaround in turnarounds]
            cycle = sum(plan_seconds(plan(driver(*registers), registers, t), t) for t in timings)
            self.assertAlmostEqual(cycle, seconds, places=2)

    def test_few_requests_on_tcp(self) -> None:
        self.assertEqual(self.planned(TCPTiming(0.01)), [(3000, 112), (3204, 2)])


class Rules(SynchronousTestCase):
    timing = BusTiming(115200)

    def test_functions_do_not_mix_and_bits_are_counted_as_bits(self) -> None:
        registers = (
            Input(0, "1-0:1.7.0.255"),
            Holding(2, "1-0:1.7.0.255"),
            Coil(0, "1-0:1.7.0.255", type=DataType.BIT),
            Coil(1000, "1-0:1.7.0.255", type=DataType.BIT),
            DiscreteInput(3, "1-0:1.7.0.255", type=DataType.BIT),
        )
        blocks = plan(driver(*registers), registers, self.timing)
        self.assertEqual(
            [(block.function, block.address, block.count) for block in blocks],
            [(1, 0, 1001), (2, 3, 1), (3, 2, 2), (4, 0, 2)],
        )
        self.assertEqual([len(block.registers) for block in blocks], [2, 1, 1, 1])

    def test_the_meter_sets_the_limit(self) -> None:
        registers = tuple(Input(2 * n, "1-0:1.7.0.255") for n in range(90))
        blocks = plan(driver(*registers, read_limit=80), registers, self.timing)
        self.assertEqual(len(blocks), 3)
        self.assertLessEqual(max(block.count for block in blocks), 80)

    def test_no_read_touches_a_hole(self) -> None:
        registers = holding(10, 12, 16, 20)
        blocks = plan(driver(*registers, holes=(range(14, 15), range(5))), registers, self.timing)
        self.assertEqual(spans(blocks), [(10, 4), (16, 6)])

    def test_wide_registers_are_read_whole(self) -> None:
        registers = (
            Holding(0, "1-0:1.8.0.255", type=DataType.INT64),
            Holding(2, "1-0:1.7.0.255", type=DataType.UINT16),
            Holding(4, "0-0:96.1.0.255", type=DataType.STRING, length=20),
        )
        self.assertEqual(spans(plan(driver(*registers), registers, self.timing)), [(0, 24)])

    def test_a_register_that_cannot_be_read_is_named(self) -> None:
        for bad in (
            driver(*holding(100), holes=(range(101, 102),)),
            driver(*holding(100), holes=(range(90, 110),)),
            driver(*holding(100), read_limit=1),
        ):
            with self.assertRaisesRegex(BadRequest, "100"):
                plan(bad, (*holding(10, 100, 200),) if bad.read_limit > 1 else holding(100), self.timing)

    def test_nothing_wanted_is_nothing_planned(self) -> None:
        self.assertEqual(plan(driver(), (), self.timing), ())
        self.assertEqual(plan_seconds((), self.timing), 0)

    def test_a_register_named_twice_is_read_once(self) -> None:
        registers = holding(10, 10)
        (block,) = plan(driver(*registers), registers, self.timing)
        self.assertEqual(len(block.registers), 1)


def partitions(registers: tuple[Register, ...]) -> Iterator[list[list[Register]]]:
    """Every way to share registers out over requests, in any order and however silly."""
    if not registers:
        yield []
        return
    first, rest = registers[0], registers[1:]
    for shared in partitions(rest):
        yield [[first], *shared]
        for n, group in enumerate(shared):
            yield [*shared[:n], [first, *group], *shared[n + 1 :]]


def cheapest(meter: ModbusDriver, timing: Timing) -> float:
    best = inf
    for shared in partitions(meter.registers):
        total = 0.0
        for group in shared:
            start = min(r.address for r in group)
            end = max(r.address + r.length for r in group)
            if end - start > meter.read_limit or any(h.start < end and start < h.stop for h in meter.holes):
                break
            total += timing.transaction(5 + timing.framing, 2 + 2 * (end - start) + timing.framing)
        else:
            best = min(best, total)
    return best


WIDTHS = (DataType.UINT16, DataType.FLOAT32, DataType.INT64)
tables = st.lists(
    st.tuples(st.integers(0, 160), st.sampled_from(WIDTHS)), min_size=1, max_size=6, unique=True
)
timings = st.builds(
    BusTiming,
    st.sampled_from((1200, 9600, 19200, 38400, 115200)),
    st.sampled_from((10, 11)),
    st.floats(0, 0.07),
)


class Optimum(SynchronousTestCase):
    @given(
        tables,
        st.integers(4, 125),
        st.lists(
            st.builds(lambda at, n: range(at, at + n), st.integers(0, 170), st.integers(1, 20)), max_size=2
        ),
        st.one_of(timings, st.builds(TCPTiming, st.floats(0.001, 1))),
    )
    def test_no_other_plan_is_cheaper(
        self, table: list[tuple[int, DataType]], limit: int, holes: list[range], timing: Timing
    ) -> None:
        registers = tuple(Holding(at, "1-0:1.7.0.255", type=width) for at, width in table)
        meter = driver(*registers, read_limit=limit, holes=tuple(holes))
        best = cheapest(meter, timing)
        if best == inf:
            with self.assertRaises(BadRequest):
                plan(meter, registers, timing)
            return
        blocks = plan(meter, registers, timing)
        self.assertAlmostEqual(plan_seconds(blocks, timing), best, delta=1e3 * (nextafter(best, inf) - best))
        self.assertEqual(
            sorted(r.address for b in blocks for r in b.registers), sorted(at for at, _ in table)
        )
        for block in blocks:
            self.assertLessEqual(block.count, limit)
            for register in block.registers:
                self.assertLessEqual(block.address, register.address)
                self.assertLessEqual(register.address + register.length, block.address + block.count)
