"""Whether a driver's table can be true: what every driver is checked for before it is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from hesd.driver.expected_unit import expected_unit
from hesd.driver.modbus import ModbusDriver, Setting
from hesd.driver.register import Coding, DataType, Register
from hesd.model.quantities import quantity

_MAX_REGISTERS: Final = {1: 2000, 2: 2000, 3: 125, 4: 125}  # Modbus application protocol, 6.1-6.4
_MAX_LENGTH: Final = {DataType.BCD: 16, DataType.BITS: 16, DataType.STRING: 125}
MAX_SCALER: Final = 15


def check_table(driver: ModbusDriver) -> list[str]:
    """What is wrong with the table, one sentence each; empty for a sound one."""
    return [*_head(driver), *_registers(driver), *_overlaps(driver), *_names(driver), *_settings(driver)]


def _head(driver: ModbusDriver) -> Iterator[str]:
    if not driver.registers and not driver.template:
        yield "the table has no registers"
    if not driver.vendor or not driver.source:
        yield "vendor and source have to be named"
    if not 1 <= driver.read_limit <= _MAX_REGISTERS[3]:
        yield f"read_limit {driver.read_limit} is outside 1..125"
    if driver.address_base not in (0, 1):
        yield f"address_base {driver.address_base} is neither 0 nor 1"
    if driver.in_flight < 1:
        yield f"in_flight {driver.in_flight} is below 1"
    if not 0 <= driver.turnaround <= 1:
        yield f"turnaround {driver.turnaround} s is outside 0..1 s"


def _registers(driver: ModbusDriver) -> Iterator[str]:
    for register in driver.known_registers:
        for problem in _register(driver, register):
            yield f"register {register.address} ({register.obis}): {problem}"


def _register(driver: ModbusDriver, register: Register) -> Iterator[str]:
    first, last = driver.wire_address(register), driver.wire_address(register) + register.length - 1
    if first < 0 or last > 0xFFFF:
        yield f"lies at {first}..{last} on the wire, outside 0..65535"
    if (register.type is DataType.BIT) != (register.function in (1, 2)):
        yield f"function {register.function} does not read a {register.type.name}"
    if not 1 <= register.length <= min(_MAX_LENGTH.get(register.type, 4), driver.read_limit):
        yield f"a {register.type.name} of {register.length} registers cannot be read"
    if abs(register.scaler) > MAX_SCALER:
        yield f"scaler {register.scaler} is outside -{MAX_SCALER}..{MAX_SCALER}"
    if register.mask and register.type is not DataType.BITS:
        yield "only BITS have a mask"
    if register.bounds and register.bounds[0] >= register.bounds[1]:
        yield f"bounds {register.bounds} hold nothing"
    if register.coding is Coding.SCALED_BY_PREFIX and not (driver.prefix and driver.prefix_scalers):
        yield "is scaled by a prefix register, and the driver names none"
    if any(
        register.address < hole.stop and hole.start < register.address + register.length
        for hole in driver.holes
    ):
        yield "lies in a hole"
    if (unit := expected_unit(register.obis)) is not None and unit is not register.unit:
        yield f"is measured in {unit.name}, not in {register.unit.name}"


def _overlaps(driver: ModbusDriver) -> Iterator[str]:
    for function in sorted({register.function for register in driver.registers}):
        table = sorted((r for r in driver.registers if r.function == function), key=lambda r: r.address)
        for one, other in pairwise(table):
            if other.address < one.address + one.length and not _share_bits(one, other):
                yield f"registers {one.address} ({one.obis}) and {other.address} ({other.obis}) overlap"


def _share_bits(one: Register, other: Register) -> bool:
    """Whether two bit fields live side by side in the same registers."""
    same = (one.address, one.length) == (other.address, other.length)
    return same and bool(one.mask and other.mask) and not one.mask & other.mask


def _names(driver: ModbusDriver) -> Iterator[str]:
    for kind, names in (
        ("OBIS code", [register.obis for register in driver.registers]),
        ("quantity", [quantity(register.obis).name for register in driver.registers]),
        ("setting", [setting.name for setting in driver.settings]),
        ("OBIS code of a setting", [setting.register.obis for setting in driver.settings]),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield f"the {kind} {name} stands {count} times in the table"


def _settings(driver: ModbusDriver) -> Iterator[str]:
    for setting in driver.settings:
        for problem in _setting(setting):
            yield f"setting {setting.name!r}: {problem}"


def _setting(setting: Setting) -> Iterator[str]:
    if setting.register.function not in (1, 3):
        yield "only coils and holding registers can be written"
    if setting.limits and setting.limits[0] >= setting.limits[1]:
        yield f"limits {setting.limits} hold nothing"
    if len({number for number, _ in setting.choices}) != len(setting.choices):
        yield "a number stands for two choices"
