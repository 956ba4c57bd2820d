"""A simulated Modbus meter: a driver's table laid out over what its metering point measures."""

from __future__ import annotations

import math
from collections.abc import Mapping

from twisted.internet.interfaces import IReactorTime

from hesd.driver import Coding, DataType, ModbusDriver, Register, Setting
from hesd.driver.codec import RegisterCodec
from hesd.driver.meaning import scaler_of
from hesd.modbus.errors import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, MeterException
from hesd.modbus.server import serve
from hesd.model.obis import OBIS
from hesd.model.reading import Raw, shift
from hesd.sim.faults import FaultKind, Faults
from hesd.sim.point import MeteringPoint
from hesd.sim.register_map import RegisterMap

# Data sheets of the SDM630 give both, in the table and in the text.
_PASSWORDS = (0, 1000)
_UNLOCKED_SECONDS = 60.0
# Most of what they make answers function 43/14; Eastron and the older Conzerv meters do not.
_IDENTIFYING_VENDOR = "Schneider"
_FLOATS = (DataType.FLOAT32, DataType.FLOAT64)
_SERIAL = OBIS("0-0:96.1.0")


class SimulatedMeter:
    """Answers requests as the meter that `driver` describes would; times by `clock`.

    `installed` are settings by name and the choice they stand at: "unit id", "baud rate".
    """

    def __init__(
        self,
        driver: ModbusDriver,
        registers: RegisterMap,
        point: MeteringPoint,
        faults: Faults,
        clock: IReactorTime,
        *,
        serial: str,
        installed: Mapping[str, str],
        turnaround: float,
    ) -> None:
        self.faults = faults
        self._driver = driver
        self._registers = registers
        self._point = point
        self._clock = clock
        self._serial = serial
        self._turnaround = turnaround
        self._fixed = _fixed_values(driver, installed)
        self._prefix_scaler = min((scaler for _, scaler in driver.prefix_scalers), default=0)
        self._unlocked_until = -math.inf

    @property
    def turnaround(self) -> float:
        """Seconds from the end of a request to the start of the answer, faults included."""
        return self._turnaround + self.faults.get(FaultKind.SLOW, 0) + self.faults.get(FaultKind.LATE, 0)

    def answer(self, pdu: bytes) -> bytes | None:
        """The PDU that answers `pdu`; None for no answer at all."""
        if FaultKind.DEAD in self.faults:
            return None
        if code := self.faults.get(FaultKind.EXCEPTION):
            return bytes((pdu[0] | 0x80, int(code)))
        return serve(pdu, self)

    def read_registers(self, function: int, address: int, count: int) -> bytes:
        segment = self._registers.segment(function, address, count)
        at = self._clock.seconds()
        return segment.cut(segment.codec.encode([self._raw(each, at) for each in segment.registers]))

    def read_bits(self, function: int, address: int, count: int) -> tuple[bool, ...]:
        segment = self._registers.segment(function, address, count)
        at, base = self._clock.seconds(), address + self._driver.address_base
        set_bits = {each.address - base for each in segment.registers if self._raw(each, at)}
        return tuple(offset in set_bits for offset in range(count))

    def write_registers(self, address: int, data: bytes) -> None:
        """One parameter a message, between its limits, after the password where there is one."""
        password = self._driver.password
        if password is not None and address == self._driver.wire_address(password):
            if self._decoded(password, data) not in _PASSWORDS:
                raise MeterException(ILLEGAL_VALUE)
            self._unlocked_until = self._clock.seconds() + _UNLOCKED_SECONDS
            return
        setting = self._setting_at(address)
        locked = password is not None and self._clock.seconds() > self._unlocked_until
        if setting is None or locked:
            raise MeterException(ILLEGAL_ADDRESS)
        raw = self._decoded(setting.register, data)
        if not _allows(setting, raw):
            raise MeterException(ILLEGAL_VALUE)
        self._fixed[setting.register] = raw

    def write_coils(self, address: int, values: tuple[bool, ...]) -> None:  # noqa: ARG002
        raise MeterException(ILLEGAL_ADDRESS)

    def identification(self) -> Mapping[int, bytes]:
        if not self._driver.vendor.startswith(_IDENTIFYING_VENDOR):
            raise MeterException(ILLEGAL_FUNCTION)
        texts = (self._driver.vendor, self._driver.models[0], "1.0")
        return {number: text.encode() for number, text in enumerate(texts)}

    def _setting_at(self, address: int) -> Setting | None:
        wire_address = self._driver.wire_address
        return next((each for each in self._driver.settings if wire_address(each.register) == address), None)

    def _decoded(self, register: Register, data: bytes) -> Raw:
        if len(data) != 2 * register.length:
            raise MeterException(ILLEGAL_VALUE)
        return RegisterCodec((register,), register.address, self._driver.order).decode(data)[0]

    def _raw(self, register: Register, at: float) -> Raw:
        if register in self._fixed:
            return self._fixed[register]
        if FaultKind.UNAVAILABLE in self.faults:
            return None
        if register.type is DataType.STRING:
            return self._serial if register.obis == _SERIAL else self._driver.models[0]
        if register.obis == _SERIAL:
            return int("".join(filter(str.isdigit, self._serial)) or 0)
        if register.coding is Coding.FOUR_QUADRANT_PF:
            return self._coded_power_factor(register, at)
        value = self._point.value(register.obis, at)
        return to_raw(register, value, self._prefix_scaler)

    def _coded_power_factor(self, register: Register, at: float) -> float:
        """Beyond 1 where the current leads, that is where the reactive power is capacitive."""
        a, b, c, d, e, f = register.obis.groups
        factor = self._point.value(register.obis, at)
        reactive = self._point.value(OBIS(f"{a}.{b}.{c - 10}.{d}.{e}.{f}"), at)
        return factor if reactive >= 0 else math.copysign(2, factor) - factor


def to_raw(register: Register, value: float, prefix_scaler: int = 0) -> Raw:
    """The number the meter holds for `value` in the register's unit, within what its type can say."""
    number = shift(value, -scaler_of(register, prefix_scaler))
    if register.type in _FLOATS:
        return float(number)
    low, high = _span(register)
    return max(low, min(high, round(number)))


def _span(register: Register) -> tuple[int, int]:
    """Least and greatest number; the lowest of a signed type means "not available"."""
    bits = 16 * register.length
    match register.type:
        case DataType.INT16 | DataType.INT32 | DataType.INT64:
            return 1 - (1 << bits - 1), (1 << bits - 1) - 1
        case DataType.BCD:
            return 0, 10 ** (bits // 4) - 1
        case DataType.BITS:
            return 0, (1 << (register.mask.bit_count() or bits)) - 1
    return 0, (1 << bits) - 1


def _fixed_values(driver: ModbusDriver, installed: Mapping[str, str]) -> dict[Register, Raw]:
    """What stands in the registers that measure nothing."""
    fixed: dict[Register, Raw] = {}
    for setting in driver.settings:
        fixed[setting.register] = _as_installed(setting, installed.get(setting.name))
    for identity in driver.identity:
        raw = identity.expected[0]
        fixed[identity.register] = to_raw(identity.register, raw) if isinstance(raw, (int, float)) else raw
    if driver.prefix is not None:
        fixed[driver.prefix] = min(driver.prefix_scalers, key=lambda pair: pair[1])[0]
    return fixed


def _as_installed(setting: Setting, wanted: str | None) -> Raw:
    """The choice or number that was wanted, else the first one there is."""
    if setting.choices:
        number = next((number for number, text in setting.choices if text == wanted), setting.choices[0][0])
    else:
        number = float(wanted) if wanted is not None else (setting.limits or (0, 0))[0]
    return float(number) if setting.register.type in _FLOATS else round(number)


def _allows(setting: Setting, raw: Raw) -> bool:
    if not isinstance(raw, (int, float)):
        return False
    if setting.choices:
        return raw in [number for number, _ in setting.choices]
    low, high = setting.limits or (-math.inf, math.inf)
    return low <= raw <= high
