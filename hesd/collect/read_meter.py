"""Asking one meter for a plan's blocks, and learning what it refuses.

A meter that refuses a block ("illegal data address", or "illegal data value" where it takes
the number of registers for too many) is asked for the parts of it, so that the rest still
comes. What that teaches about the meter is remembered by the caller: gaps that must not be
read in passing, registers it does not have, and how many it takes at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hesd.collect.plans import Block, compile_block
from hesd.driver.modbus import ModbusDriver
from hesd.driver.register import Register
from hesd.modbus.errors import ILLEGAL_ADDRESS, ILLEGAL_VALUE, MeterException
from hesd.modbus.read_plan import ReadBlock
from hesd.model.errors import HesdError, LinkDown, NoReply, ProtocolError

Ask = Callable[[Any], Awaitable[Any]]

_ILLEGAL: Final = (ILLEGAL_ADDRESS, ILLEGAL_VALUE)
# "Path unavailable" and "target failed to respond" (the application protocol, section 7).
_GATEWAY: Final = (10, 11)
# A meter that has refused this many registers and answered none is not asked for the others.
_PATIENCE: Final = 6


@dataclass(frozen=True, slots=True)
class Learned:
    """What one meter has been found to refuse, beyond what its driver says.

    `holes` must not be read in passing, `missing` registers not at all.
    """

    holes: tuple[range, ...] = ()
    missing: frozenset[Register] = frozenset()
    read_limit: int | None = None

    def fit(self, driver: ModbusDriver, registers: Iterable[Register]) -> ModbusDriver:
        """The driver as it fits this meter when `registers` are read, which are not missing."""
        if self == Learned():
            return driver
        limit = driver.read_limit if self.read_limit is None else self.read_limit
        holes = self.holes
        for register in registers:
            holes = tuple(part for hole in holes for part in _outside(hole, register))
        return replace(driver, holes=driver.holes + holes, read_limit=limit)


@dataclass(slots=True)
class Outcome:
    """What came of asking for some blocks.

    `failure` is what ended it early; blocks after it were not asked for. `refused` are the
    blocks that the meter answered with an exception and that could not be read in parts
    either. `opening` is what was read to get to know the meter first.
    """

    opening: list[tuple[Block, Any]] = field(default_factory=list)
    answers: list[tuple[Block, Any]] = field(default_factory=list)
    refused: list[tuple[Block, MeterException]] = field(default_factory=list)
    failure: HesdError | None = None
    learned: Learned = field(default_factory=Learned)

    @property
    def problem(self) -> HesdError | None:
        """Why there is not all that was asked for; a meter that refuses only a part of it is none."""
        if self.failure is None and self.refused and not self.answers:
            return self.refused[0][1]
        return self.failure


def is_from_gateway(refusal: MeterException) -> bool:
    """Whether a gateway says so because the meter behind it is silent."""
    return refusal.code in _GATEWAY


async def read_blocks(
    ask: Ask, driver: ModbusDriver, blocks: tuple[Block, ...], learned: Learned | None = None
) -> Outcome:
    """Ask for each block in turn; what was `learned` before is carried on in the outcome."""
    outcome = Outcome(learned=learned or Learned())
    try:
        for block in blocks:
            await _read(ask, driver, block, outcome)
    except (NoReply, LinkDown, ProtocolError) as failure:
        outcome.failure = failure
    return outcome


async def _read(ask: Ask, driver: ModbusDriver, block: Block, outcome: Outcome) -> None:
    if not outcome.answers and len(outcome.refused) >= _PATIENCE:
        return
    try:
        outcome.answers.append((block, await ask(block.request)))
    except MeterException as refusal:
        if is_from_gateway(refusal):
            raise
        await _refused(ask, driver, block, refusal, outcome)


async def _refused(
    ask: Ask, driver: ModbusDriver, block: Block, refusal: MeterException, outcome: Outcome
) -> None:
    pieces = block.apart() if refusal.code in _ILLEGAL else []
    if not pieces:
        outcome.refused.append((block, refusal))
        if refusal.code in _ILLEGAL:
            outcome.learned = _without(outcome.learned, block)
        return
    refused_before = len(outcome.refused)
    for registers in pieces:
        await _read(ask, driver, _piece(driver, block, registers), outcome)
    if len(outcome.refused) == refused_before:
        # Every part came, so it was the whole that the meter minded.
        outcome.learned = _not_as_one(outcome.learned, block, pieces)


def _piece(driver: ModbusDriver, block: Block, registers: tuple[Register, ...]) -> Block:
    start = min(register.address for register in registers)
    count = max(register.address + register.length for register in registers) - start
    return compile_block(driver, ReadBlock(block.request.function, start, count, registers))


def _without(learned: Learned, block: Block) -> Learned:
    """The registers are not there, and must not be read over on the way to others either."""
    holes = tuple(range(r.address, r.address + r.length) for r in block.registers)
    return replace(learned, holes=learned.holes + holes, missing=learned.missing | frozenset(block.registers))


def _not_as_one(learned: Learned, block: Block, pieces: list[tuple[Register, ...]]) -> Learned:
    if gaps := block.gaps():
        return replace(learned, holes=learned.holes + gaps)
    largest = max(max(r.address + r.length for r in piece) - piece[0].address for piece in pieces)
    return replace(learned, read_limit=largest)


def _outside(hole: range, register: Register) -> list[range]:
    """What is left of a hole where the register itself is wanted."""
    parts = range(hole.start, register.address), range(register.address + register.length, hole.stop)
    if register.address >= hole.stop or register.address + register.length <= hole.start:
        return [hole]
    return [part for part in parts if part]
