"""`hesctl read`: a meter read once, without a daemon."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import time_ns
from typing import Any, Final

import click

from hesd.collect.meter import MeterSpec
from hesd.collect.plans import PlanBook
from hesd.collect.polled_meter import PolledMeter
from hesd.collect.read_meter import Outcome
from hesd.ctl.conversation import LineOptions, converse, line_options
from hesd.ctl.driver_choice import modbus_driver_option
from hesd.ctl.printing import json_option, print_json, print_table
from hesd.driver.meaning import reading_of
from hesd.driver.modbus import ModbusDriver
from hesd.driver.register import Coding, Register, Tier
from hesd.links.modbus_link import ModbusLink, Priority
from hesd.model.errors import HesdError, NoReply
from hesd.model.obis import OBIS, InvalidOBIS
from hesd.model.quantities import quantity
from hesd.model.reading import Reading, Source

_PLACE: Final = re.compile(r"(?P<endpoint>.+)#(?P<unit>\d{1,3})")
_NS_PER_MS: Final = 1_000_000
_POLLED: Final = (Tier.FAST, Tier.SLOW)
_DAY: Final = 86_400.0  # an interval, which somebody who reads once has no use for


@dataclass(frozen=True, slots=True)
class Result:
    """What a meter said: a reading of every register asked for, and what is to be said about it.

    `failure` is what ended the conversation early, `refused` what the meter would not
    give, `warning` what is odd about the meter.
    """

    readings: list[Reading]
    failure: str
    refused: str
    warning: str


@click.command()
@modbus_driver_option
@line_options
@click.option("--timeout", metavar="MS", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--retries", type=click.IntRange(0, 10), default=2, show_default=True)
@click.option("--settings", is_flag=True, help="Instead of measurements: settings and serial numbers.")
@click.argument("place", metavar="ENDPOINT[#UNIT]")
@click.argument("names", metavar="[OBIS]...", nargs=-1)
@json_option
def command(
    driver: ModbusDriver,
    place: str,
    names: tuple[str, ...],
    timeout: int,
    retries: int,
    settings: bool,
    as_json: bool,
    **line: Any,
) -> None:
    """Read a meter: the quantities given by OBIS code or name, or all that are measured.

    \b
    ENDPOINT  tcp:HOST:PORT                Modbus TCP (or RTU over TCP, with --protocol)
              serial:PATH:baudrate=9600    a serial port
              /dev/...                     the same, as --baud and --parity say
    UNIT      the unit id, 1 if it is left out
    """
    match = _PLACE.fullmatch(place)
    endpoint, unit = (match["endpoint"], int(match["unit"])) if match else (place, 1)
    if not 0 <= unit <= 255:
        raise click.BadParameter(f"a unit id is 0 to 255, not {unit}", param_hint="UNIT")
    registers = _wanted(driver, names, settings)

    async def talk(link: ModbusLink, _reactor: Any) -> Result:
        meter = _meter(driver, registers, unit, link)
        return await _read(meter, registers, link, timeout / 1000, retries)

    result = converse(endpoint, LineOptions(**line), talk)
    if result.warning:
        click.echo(f"Warning: {result.warning}", err=True)
    if as_json:
        print_json([_described(reading) for reading in result.readings])
    else:
        print_table(map(_described, result.readings), _COLUMNS)
    if result.failure:
        raise click.ClickException(result.failure)
    # A meter may lack some of its family's registers, but not those that were asked for by name.
    if result.refused and (names or all(reading.raw is None for reading in result.readings)):
        raise click.ClickException(result.refused)


def _wanted(driver: ModbusDriver, names: Sequence[str], settings: bool) -> tuple[Register, ...]:
    """Which registers to read, each once. Raises `BadParameter` and `HesdError`."""
    known = _known(driver)
    if names:
        return tuple({(register := _named(known, name)).obis: register for name in names}.values())
    if settings:
        return tuple(register for register in known.values() if register not in _measured(driver))
    return _measured(driver)


def _measured(driver: ModbusDriver) -> tuple[Register, ...]:
    return tuple(register for register in driver.registers if register.tier in _POLLED)


def _known(driver: ModbusDriver) -> dict[str, Register]:
    """Every register that can be asked for, by what it is called."""
    known = {quantity(register.obis).name: register for register in driver.registers}
    return known | {setting.name.replace(" ", "_"): setting.register for setting in driver.settings}


def _named(known: Mapping[str, Register], name: str) -> Register:
    if name in known:
        return known[name]
    try:
        obis = OBIS(name)
    except InvalidOBIS as error:
        raise click.BadParameter(f"{name!r} is neither an OBIS code nor one of {', '.join(known)}") from error
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


async def _read(
    meter: PolledMeter, registers: tuple[Register, ...], link: ModbusLink, patience: float, retries: int
) -> Result:
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


def _refused(outcome: Outcome) -> str:
    return "; ".join(
        f"{', '.join(register.obis for register in block.registers)}: {refusal}"
        for block, refusal in outcome.refused
    )


def _described(reading: Reading) -> dict[str, Any]:
    """A reading in the unit people use: `raw` times ten to the `scaler` is the `value`."""
    return {
        "obis": reading.obis,
        "quantity": quantity(reading.obis).name,
        "raw": reading.raw,
        "scaler": reading.scaler - reading.unit.exponent,
        "value": reading.shown if isinstance(reading.value, (int, float)) else reading.value,
        "unit": reading.unit.sign,
        "quality": reading.quality.label,
        "at": datetime.fromtimestamp(reading.at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
    }


_COLUMNS: Final = (
    ("OBIS", "obis"),
    ("QUANTITY", "quantity"),
    ("VALUE", lambda reading: _digits(reading["value"])),
    ("UNIT", "unit"),
    ("QUALITY", lambda reading: "" if reading["quality"] == "good" else reading["quality"]),
)


def _digits(value: Any) -> str:
    """Seven digits: more are not in a float32. Counters have them all."""
    if value is None:
        return "-"
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _now_ms() -> int:
    return time_ns() // _NS_PER_MS
