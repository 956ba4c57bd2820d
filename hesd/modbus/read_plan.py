"""Which requests read a set of registers in the least time on a line.

Reading over a gap costs the characters of the registers in it; another request costs its
own characters, the meter's turnaround and two silences. Which is cheaper depends on the
baud rate, so the best blocks are found by dynamic programming over their borders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import inf
from typing import Final

from hesd.driver.modbus import ModbusDriver
from hesd.driver.register import Register
from hesd.modbus import mbap, rtu
from hesd.modbus.errors import BadRequest
from hesd.modbus.pdu import BITS_LIMIT, REGISTERS_LIMIT, ReadBits, ReadRegisters

BIT_FUNCTIONS: Final = (1, 2)
_REQUEST = 5  # bytes of the PDU of a read
_REPLY = 2  # bytes of the PDU of its reply before the data


@dataclass(frozen=True, slots=True)
class BusTiming:
    """An RTU line. `turnaround` is a meter's time from request to answer, in seconds.

    3.5 characters of silence stand before every frame, and above 19200 baud 1.75 ms
    (the serial line specification, section 2.5.1.1).
    """

    baud: int
    bits_per_character: int = 11
    turnaround: float = 0.0125

    @property
    def character(self) -> float:
        """Seconds a character takes."""
        return self.bits_per_character / self.baud

    @property
    def silence(self) -> float:
        """Seconds of silence before a frame."""
        return 3.5 * self.character if self.baud <= 19200 else 0.00175

    @property
    def framing(self) -> int:
        """Bytes of a frame beside its PDU."""
        return rtu.OVERHEAD

    def transaction(self, request_bytes: int, reply_bytes: int) -> float:
        """Seconds from the start of a request to the earliest start of the next."""
        silence = self.silence
        wire = (request_bytes + reply_bytes) * self.character
        return wire + max(self.turnaround, silence) + silence


@dataclass(frozen=True, slots=True)
class TCPTiming:
    """A Modbus TCP connection; `round_trip` is the usual time to an answer, in seconds."""

    round_trip: float
    # Next to nothing, but it keeps a plan from reading what nobody wants.
    byte: float = 1e-7

    @property
    def framing(self) -> int:
        """Bytes of a frame beside its PDU."""
        return mbap.OVERHEAD

    def transaction(self, request_bytes: int, reply_bytes: int) -> float:
        """Seconds one request takes."""
        return self.round_trip + (request_bytes + reply_bytes) * self.byte


Timing = BusTiming | TCPTiming


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """One request: `count` registers (or bits) from data-sheet `address`, and what lies in it."""

    function: int
    address: int
    count: int
    registers: tuple[Register, ...]

    def seconds(self, timing: Timing) -> float:
        return _seconds(self.function, self.count, timing)

    def request(self, driver: ModbusDriver) -> ReadRegisters | ReadBits:
        """What is sent for it: the address is the one on the wire."""
        kind = ReadBits if self.function in BIT_FUNCTIONS else ReadRegisters
        return kind(self.function, self.address - driver.address_base, self.count)


def plan(driver: ModbusDriver, registers: Sequence[Register], timing: Timing) -> tuple[ReadBlock, ...]:
    """The blocks that read `registers` in the least time, by function and address.

    No block is longer than the driver's read limit, touches one of its holes or cuts a
    register. Raises `BadRequest` for a register that cannot be read under these terms.
    """
    wanted = sorted(set(registers), key=lambda r: (r.function, r.address, r.length))
    blocks: list[ReadBlock] = []
    for function, group in groupby(wanted, key=lambda r: r.function):
        blocks.extend(_plan_function(driver, function, tuple(group), timing))
    return tuple(blocks)


def plan_seconds(blocks: Iterable[ReadBlock], timing: Timing) -> float:
    """Seconds the line is taken by these reads."""
    return sum(block.seconds(timing) for block in blocks)


def _plan_function(
    driver: ModbusDriver, function: int, registers: tuple[Register, ...], timing: Timing
) -> list[ReadBlock]:
    """The cheapest way to cut registers, in order of their address, into runs.

    Blocks that are no such runs gain nothing: of two blocks that take turns in that order
    one spans a register of the other, which can change over for free.
    """
    cost = [0.0] + [inf] * len(registers)
    first_of = [0] * (len(registers) + 1)
    for first in range(len(registers)):
        for last, count in _reachable(driver, function, registers[first:]):
            through = cost[first] + _seconds(function, count, timing)
            if through < cost[first + last]:
                cost[first + last], first_of[first + last] = through, first
        if cost[first + 1] == inf:
            raise BadRequest(f"register {registers[first].address} lies in a hole or is too long to be read")
    blocks: list[ReadBlock] = []
    end = len(registers)
    while end:
        run = registers[first_of[end] : end]
        blocks.append(ReadBlock(function, run[0].address, _span(run), run))
        end = first_of[end]
    return blocks[::-1]


def _reachable(
    driver: ModbusDriver, function: int, registers: tuple[Register, ...]
) -> Iterable[tuple[int, int]]:
    """(registers taken, count asked for) of every block that may start at the first of these."""
    start = registers[0].address
    limit = min(driver.read_limit, REGISTERS_LIMIT)
    if function in BIT_FUNCTIONS:
        limit = min(16 * driver.read_limit, BITS_LIMIT)
    limit = min([limit, *(hole.start - start for hole in driver.holes if hole and hole.stop > start)])
    ends = accumulate((register.address + register.length for register in registers), max)
    for taken, end in enumerate(ends, 1):
        if end - start > limit:
            return
        yield taken, end - start


def _span(registers: tuple[Register, ...]) -> int:
    return max(register.address + register.length for register in registers) - registers[0].address


def _seconds(function: int, count: int, timing: Timing) -> float:
    data = (count + 7) // 8 if function in BIT_FUNCTIONS else 2 * count
    return timing.transaction(_REQUEST + timing.framing, _REPLY + data + timing.framing)
