"""A meter's registers in memory, for tests of both ends of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hesd.modbus.errors import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, MeterException


@dataclass
class MemoryBank:
    """Holding and input registers share `registers`, coils and inputs share `bits`."""

    registers: dict[int, int] = field(default_factory=dict)
    bits: dict[int, bool] = field(default_factory=dict)
    objects: Mapping[int, bytes] = field(default_factory=dict)

    def read_registers(self, function: int, address: int, count: int) -> bytes:
        self._check(self.registers, address, count)
        return b"".join(self.registers[n].to_bytes(2) for n in range(address, address + count))

    def read_bits(self, function: int, address: int, count: int) -> tuple[bool, ...]:
        self._check(self.bits, address, count)
        return tuple(self.bits[n] for n in range(address, address + count))

    def write_registers(self, address: int, data: bytes) -> None:
        self._check(self.registers, address, len(data) // 2)
        for n in range(len(data) // 2):
            self.registers[address + n] = int.from_bytes(data[2 * n : 2 * n + 2])

    def write_coils(self, address: int, values: tuple[bool, ...]) -> None:
        self._check(self.bits, address, len(values))
        self.bits.update(enumerate(values, address))

    def identification(self) -> Mapping[int, bytes]:
        if not self.objects:
            raise MeterException(ILLEGAL_FUNCTION)
        return self.objects

    @staticmethod
    def _check(held: Mapping[int, object], address: int, count: int) -> None:
        if not all(n in held for n in range(address, address + count)):
            raise MeterException(ILLEGAL_ADDRESS)
