"""Writing one setting of a meter: password, value, and what the meter then says it is.

Nothing is sent twice. A write without a reply may have been done; only the meter itself
can say, so it is asked, and what it does not say stays unknown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from hesd.collect.meter import MeterSpec
from hesd.collect.read_meter import Ask
from hesd.driver.codec import RegisterCodec
from hesd.driver.meaning import value_of
from hesd.driver.modbus import ModbusDriver, Setting
from hesd.driver.register import DataType, Register
from hesd.modbus.errors import MeterException
from hesd.modbus.pdu import ReadRegisters, WriteRegisters
from hesd.model.errors import HesdError, LinkDown, NoReply, ProtocolError
from hesd.model.job import JobState
from hesd.model.reading import Raw, Value, shift

_FLOATS: Final = (DataType.FLOAT32, DataType.FLOAT64)


class SettingRefused(HesdError):
    """A setting was not sent: it is not allowed, does not exist, or cannot have this value."""


@dataclass(frozen=True, slots=True)
class SettingOutcome:
    """`state` is confirmed, rejected, unknown or failed; `value` is what the meter says afterwards."""

    state: JobState
    detail: str
    value: Value = None


async def write_setting(
    spec: MeterSpec, ask: Ask, name: str, value: float, password: str | None = None
) -> SettingOutcome:
    """Write the setting `name` and read it back.

    `password` is written first where the driver says that the meter wants one. Raises
    `SettingRefused` before anything is sent.
    """
    setting = _allowed(spec, name, value)
    data = _encode(spec.driver, setting.register, shift(value, -setting.register.scaler))
    unlock = _unlocking(spec.driver, password)
    if unlock is not None:
        try:
            await ask(unlock)
        except MeterException as refusal:
            return SettingOutcome(JobState.REJECTED, f"the password: {refusal}")
        except (NoReply, LinkDown, ProtocolError) as failure:
            return SettingOutcome(JobState.FAILED, f"the password was not taken, nothing was set: {failure}")
    return await _write(spec.driver, ask, setting, data)


async def _write(driver: ModbusDriver, ask: Ask, setting: Setting, data: bytes) -> SettingOutcome:
    doubt = ""
    try:
        await ask(WriteRegisters(driver.wire_address(setting.register), data))
    except MeterException as refusal:
        return SettingOutcome(JobState.REJECTED, str(refusal))
    except LinkDown as failure:
        return SettingOutcome(JobState.FAILED, str(failure))
    except (NoReply, ProtocolError) as failure:
        doubt = str(failure)
    wanted = _decode(driver, setting.register, data)
    try:
        found = _decode(driver, setting.register, await ask(_reading(driver, setting.register)))
    except (NoReply, LinkDown, ProtocolError) as failure:
        return SettingOutcome(JobState.UNKNOWN, f"{doubt or 'written'}, but not read back: {failure}")
    value = value_of(setting.register, found)
    if found == wanted:
        restart = "; it counts after the meter restarts" if setting.needs_restart else ""
        return SettingOutcome(JobState.CONFIRMED, f"the meter says {value}{restart}", value)
    if doubt:
        # Not there yet: a gateway may still hold the write.
        return SettingOutcome(JobState.UNKNOWN, f"{doubt}; the meter says {value}", value)
    return SettingOutcome(JobState.REJECTED, f"written, but the meter says {value}", value)


def _allowed(spec: MeterSpec, name: str, value: float) -> Setting:
    if not spec.writes_enabled:
        raise SettingRefused(f"writing to meter {spec.serial} is not enabled")
    setting = next((each for each in spec.driver.settings if each.name == name), None)
    if setting is None:
        names = ", ".join(each.name for each in spec.driver.settings) or "none"
        raise SettingRefused(f"{spec.driver_name} has no setting {name!r}; it has {names}")
    if setting.choices and value not in (number for number, _ in setting.choices):
        choices = ", ".join(f"{number:g} ({meaning})" for number, meaning in setting.choices)
        raise SettingRefused(f"{name} is one of {choices}, not {value:g}")
    if setting.limits and not setting.limits[0] <= value <= setting.limits[1]:
        raise SettingRefused(f"{name} is {setting.limits[0]:g} to {setting.limits[1]:g}, not {value:g}")
    return setting


def _unlocking(driver: ModbusDriver, password: str | None) -> WriteRegisters | None:
    if driver.password is None or password is None:
        return None
    try:
        raw: Raw = password if driver.password.type is DataType.STRING else float(password)
        return WriteRegisters(driver.wire_address(driver.password), _encode(driver, driver.password, raw))
    except (ValueError, SettingRefused):
        # Said without the password: this text is kept.
        raise SettingRefused("the password is not of the kind this meter takes") from None


def _encode(driver: ModbusDriver, register: Register, raw: Raw) -> bytes:
    # 1.15 in hundredths is 114.99999999999999 to a computer.
    if isinstance(raw, float) and register.type not in _FLOATS and math.isclose(raw, round(raw)):
        raw = round(raw)
    try:
        return RegisterCodec([register], register.address, driver.order).encode([raw])
    except ValueError as error:
        raise SettingRefused(str(error)) from error


def _decode(driver: ModbusDriver, register: Register, data: bytes) -> Raw:
    return RegisterCodec([register], register.address, driver.order).decode(data)[0]


def _reading(driver: ModbusDriver, register: Register) -> ReadRegisters:
    return ReadRegisters(register.function, driver.wire_address(register), register.length)
