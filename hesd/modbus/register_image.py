"""What a meter holds, as plain bytes: a register bank without a meter behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hesd.modbus.errors import ILLEGAL_FUNCTION, MeterException
from hesd.modbus.read_plan import BIT_FUNCTIONS

_ADDRESSES: Final = 0x10000


class RegisterImage:
    """All 65536 addresses of each function, zero where nothing was loaded.

    With a `refusal` every request is answered by that exception code. Addresses are those
    on the wire. A `hesd.modbus.server.Bank`.
    """

    def __init__(self) -> None:
        self.refusal = 0
        self._registers = {function: bytearray(2 * _ADDRESSES) for function in (3, 4)}
        self._bits = {function: bytearray(_ADDRESSES) for function in BIT_FUNCTIONS}

    def load(self, function: int, address: int, data: bytes) -> None:
        """Put register bytes, or bits packed as Modbus packs them, from an address on."""
        if function in BIT_FUNCTIONS:
            bits = (byte >> place & 1 for byte in data for place in range(8))
            self._bits[function][address : address + 8 * len(data)] = bytes(bits)
        else:
            self._registers[function][2 * address : 2 * address + len(data)] = data

    def read_registers(self, function: int, address: int, count: int) -> bytes:
        self._refuse(function)
        return bytes(self._registers[function][2 * address : 2 * (address + count)])

    def read_bits(self, function: int, address: int, count: int) -> tuple[bool, ...]:
        self._refuse(function)
        return tuple(map(bool, self._bits[function][address : address + count]))

    def write_registers(self, address: int, data: bytes) -> None:
        self._refuse(16)
        self.load(3, address, data)

    def write_coils(self, address: int, values: tuple[bool, ...]) -> None:
        self._refuse(15)
        self._bits[1][address : address + len(values)] = bytes(values)

    def identification(self) -> Mapping[int, bytes]:
        raise MeterException(ILLEGAL_FUNCTION, 43)

    def _refuse(self, function: int) -> None:
        if self.refusal:
            raise MeterException(self.refusal, function)
