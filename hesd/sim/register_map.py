"""Where a driver's registers lie on the wire, seen from the meter."""

from __future__ import annotations

from dataclasses import dataclass

from hesd.driver import ModbusDriver, Register
from hesd.driver.codec import RegisterCodec
from hesd.modbus.errors import ILLEGAL_ADDRESS, ILLEGAL_VALUE, MeterException
from hesd.modbus.read_plan import BIT_FUNCTIONS

# Meters keep their registers in tables: what lies between two of one table can be read and
# is zero, the space between tables cannot.
_GAP_IN_TABLE = 125
_REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class Segment:
    """What a request for `count` registers touches: whole registers, from `base` on."""

    registers: tuple[Register, ...]
    codec: RegisterCodec
    skipped: int  # registers between `base` and the first one asked for
    count: int

    def cut(self, encoded: bytes) -> bytes:
        """The bytes that were asked for, of what the codec has encoded."""
        size = 2 * (self.skipped + self.count)
        return encoded.ljust(size, b"\0")[2 * self.skipped : size]


class RegisterMap:
    """All registers of a driver: its table, identity, settings, password and prefix."""

    def __init__(self, driver: ModbusDriver) -> None:
        self._driver = driver
        self._registers = _by_function(driver)
        self._tables = {function: _tables(each) for function, each in self._registers.items()}
        self._segments: dict[tuple[int, int, int], Segment] = {}

    def segment(self, function: int, wire_address: int, count: int) -> Segment:
        """What lies there. Raises `MeterException` as the meter would refuse it."""
        key = function, wire_address, count
        segment = self._segments.get(key)
        if segment is None:
            segment = self._found(function, wire_address + self._driver.address_base, count)
            if len(self._segments) < _REMEMBERED:
                self._segments[key] = segment
        return segment

    def _found(self, function: int, address: int, count: int) -> Segment:
        if function not in BIT_FUNCTIONS and count > self._driver.read_limit:
            raise MeterException(ILLEGAL_VALUE, function)
        end = address + count
        inside = any(table.start <= address and end <= table.stop for table in self._tables.get(function, ()))
        holed = any(hole.start < end and address < hole.stop for hole in self._driver.holes)
        if holed or not inside:
            raise MeterException(ILLEGAL_ADDRESS, function)
        touched = tuple(
            each
            for each in self._registers[function]
            if each.address < end and address < each.address + each.length
        )
        base = min([address, *(each.address for each in touched)])
        return Segment(touched, RegisterCodec(touched, base, self._driver.order), address - base, count)


def _by_function(driver: ModbusDriver) -> dict[int, list[Register]]:
    by_place = {(each.function, each.address, each.type): each for each in driver.known_registers}
    found: dict[int, list[Register]] = {}
    for (function, _, _), register in sorted(by_place.items(), key=lambda item: item[0][:2]):
        found.setdefault(function, []).append(register)
    return found


def _tables(registers: list[Register]) -> list[range]:
    """Runs of addresses, of registers in order of their address."""
    tables: list[range] = []
    for register in registers:
        end = register.address + register.length
        if tables and register.address - tables[-1].stop <= _GAP_IN_TABLE:
            tables[-1] = range(tables[-1].start, max(tables[-1].stop, end))
        else:
            tables.append(range(register.address, end))
    return tables
