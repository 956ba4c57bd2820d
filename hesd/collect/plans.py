"""Reads that are ready to be sent: planned and compiled once, before the line needs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from hesd.driver.codec import RegisterCodec
from hesd.driver.modbus import ModbusDriver
from hesd.driver.register import Register
from hesd.modbus.pdu import ReadBits, ReadRegisters
from hesd.modbus.read_plan import BusTiming, ReadBlock, Timing, plan, plan_seconds


@dataclass(frozen=True, slots=True)
class Block:
    """One read: its request, and the codec that decodes the reply to one raw a register."""

    request: ReadRegisters | ReadBits
    codec: RegisterCodec
    registers: tuple[Register, ...]

    def gaps(self) -> tuple[range, ...]:
        """Addresses (data sheet) that are read only because they lie between registers."""
        registers = sorted(self.registers, key=lambda register: register.address)
        end, gaps = registers[0].address, []
        for register in registers:
            if register.address > end:
                gaps.append(range(end, register.address))
            end = max(end, register.address + register.length)
        return tuple(gaps)

    def apart(self) -> list[tuple[Register, ...]]:
        """What to read instead where the meter refuses the whole: the runs between the gaps,
        or else the two halves; nothing for a single register."""
        registers = sorted(self.registers, key=lambda register: register.address)
        addresses = sorted({register.address for register in registers})
        if len(addresses) == 1:
            return []
        borders = {gap.stop for gap in self.gaps()} or {addresses[len(addresses) // 2]}
        pieces = [[registers[0]]]
        for before, register in pairwise(registers):
            if register.address in borders and register.address != before.address:
                pieces.append([])
            pieces[-1].append(register)
        return [tuple(piece) for piece in pieces]


@dataclass(frozen=True, slots=True)
class Plan:
    """The blocks of one turn, and how long they keep the line (seconds)."""

    blocks: tuple[Block, ...]
    seconds: float


class PlanBook:
    """The plans of one line's meters; meters of one driver share them.

    `turnaround` (seconds) is the line's own, None where each driver's counts.
    """

    def __init__(self, timing: Timing, turnaround: float | None) -> None:
        self.link_timing = timing
        self._turnaround = turnaround
        # Bounded, because reads on demand may ask for any set of registers.
        self._plan = lru_cache(maxsize=512)(self._make)

    def plan(
        self, driver: ModbusDriver, registers: Iterable[Register], turnaround: float | None = None
    ) -> Plan:
        """The cheapest reads of `registers` on this line, for a meter of this `turnaround` where
        that is known (seconds)."""
        return self._plan(driver, tuple(registers), turnaround)

    def _make(self, driver: ModbusDriver, registers: tuple[Register, ...], turnaround: float | None) -> Plan:
        timing = self.timing(driver)
        if isinstance(timing, BusTiming) and turnaround is not None and self._turnaround is None:
            timing = replace(timing, turnaround=turnaround)
        blocks = plan(driver, registers, timing)
        return Plan(tuple(compile_block(driver, block) for block in blocks), plan_seconds(blocks, timing))

    def timing(self, driver: ModbusDriver) -> Timing:
        """The line's timing with the turnaround of this driver's meters."""
        if isinstance(self.link_timing, BusTiming) and self._turnaround is None:
            return replace(self.link_timing, turnaround=driver.turnaround)
        return self.link_timing

    def at(self, timing: Timing) -> PlanBook:
        """The same meters on a line with another timing."""
        return PlanBook(timing, self._turnaround)


def compile_block(driver: ModbusDriver, block: ReadBlock) -> Block:
    """The request of a planned block and the codec of its reply."""
    codec = RegisterCodec(block.registers, block.address, driver.order)
    return Block(block.request(driver), codec, block.registers)
