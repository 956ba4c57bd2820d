"""`hesctl read` of a Modbus meter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import time_ns
from typing import Any, Final

from hesd.collect.meter import MeterSpec
from hesd.collect.plans import PlanBook
from hesd.collect.polled_meter import PolledMeter
from hesd.collect.read_meter import Outcome
from hesd.ctl.read_result import Result, code_of
from hesd.driver.meaning import reading_of
from hesd.driver.modbus import ModbusDriver
from hesd.driver.register import Coding, Register, Tier
from hesd.links.modbus_link import ModbusLink, Priority
from hesd.model.errors import HesdError, NoReply
from hesd.model.quantities import quantity
from hesd.model.reading import Source

_NS_PER_MS: Final = 1_000_000
_POLLED: Final = (Tier.FAST, Tier.SLOW)
_DAY: Final = 86_400.0  # an interval, which somebody who reads once has no use for


def wanted(driver: ModbusDriver, names: Sequence[str], settings: bool) -> tuple[Register, ...]:
    """Which registers to read, each once. Raises `BadParameter` and `HesdError`."""
    known = _known(driver)
    if names:
        return tuple({(register := _named(known, name)).obis: register for name in names}.values())
    if settings:
        return tuple(register for register in known.values() if register not in _measured(driver))
    return _measured(driver)


async def read(
    driver: ModbusDriver,
    registers: tuple[Register, ...],
    unit: int,
    link: ModbusLink,
    patience: float,
    retries: int,
) -> Result:
    """These registers of one meter; `patience` is in seconds, for one reply."""
    meter = _meter(driver, registers, unit, link)

    async def ask(request: Any) -> Any:
        return await link.exchange(meter.spec.unit_id, request, timeout=patience, priority=Priority.READ)

    codes = [register.obis for register in registers]
    outcome = Outcome()
    for _ in range(1 + retries):
        outcome = await meter.read(lambda: meter.plan_of(codes), ask)
        if not isinstance(outcome.failure, NoReply):
            break
    if outcome.failure and not outcome.answers:
        raise outcome.failure
    at_ms = _now_ms()
    came = {reading.obis: reading for reading in meter.readings(outcome, at_ms, Source.READ)}
    absent = (reading_of(each, None, meter=meter.spec.serial, at_ms=at_ms) for each in registers)
    readings = [came.get(reading.obis, reading) for reading in absent]
    return Result(readings, str(outcome.failure or ""), _refused(outcome), meter.warning)


def _measured(driver: ModbusDriver) -> tuple[Register, ...]:
    return tuple(register for register in driver.registers if register.tier in _POLLED)


def _known(driver: ModbusDriver) -> dict[str, Register]:
    """Every register that can be asked for, by what it is called."""
    known = {quantity(register.obis).name: register for register in driver.registers}
    return known | {setting.name.replace(" ", "_"): setting.register for setting in driver.settings}


def _named(known: Mapping[str, Register], name: str) -> Register:
    obis = code_of(known, name)
    for register in known.values():
        if register.obis == obis:
            return register
    raise HesdError(f"the driver has no register for {obis}")


def _meter(driver: ModbusDriver, registers: tuple[Register, ...], unit: int, link: ModbusLink) -> PolledMeter:
    """The meter, with nothing in its table but what is asked for."""
    scaled = any(register.coding is Coding.SCALED_BY_PREFIX for register in registers)
    spec = MeterSpec(
        serial=f"{link.name}#{unit}",
        line=link.name,
        driver_name="",
        driver=replace(driver, registers=registers, prefix=driver.prefix if scaled else None),
        unit_id=unit,
        interval=_DAY,
        slow_interval=_DAY,
    )
    return PolledMeter(spec, PlanBook(link.timing, None), _now_ms())


def _refused(outcome: Outcome) -> str:
    return "; ".join(
        f"{', '.join(register.obis for register in block.registers)}: {refusal}"
        for block, refusal in outcome.refused
    )


def _now_ms() -> int:
    return time_ns() // _NS_PER_MS
