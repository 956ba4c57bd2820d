"""`hesctl plan`: the reads a driver makes, and what they cost on a bus."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import click

from hesd.ctl.driver_choice import modbus_driver_option
from hesd.ctl.printing import json_option, print_json, print_table
from hesd.driver.modbus import ModbusDriver
from hesd.driver.register import Tier
from hesd.modbus.read_plan import BusTiming, ReadBlock, plan, plan_seconds

BAUDS: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_BITS: Final = {"8N1": 10, "8E1": 11, "8O1": 11, "8N2": 11}


@dataclass(frozen=True, slots=True)
class BusNeed:
    """What a baud rate can do. Times are in seconds; buses are None where no number of them would do."""

    baud: int
    cycle: float
    fast_cycle: float
    buses: int | None
    fast_buses: int | None


@click.command()
@modbus_driver_option
@click.option("--baud", type=click.IntRange(min=300), default=9600, show_default=True)
@click.option("--format", "characters", type=click.Choice(list(_BITS)), default="8E1", show_default=True)
@click.option(
    "--meters", type=click.IntRange(min=1), default=1, show_default=True, help="How many on the bus."
)
@click.option(
    "--turnaround",
    metavar="MS",
    type=click.FloatRange(0, 1000),
    help="From the end of a request to the answer; the driver's own where it is left out.",
)
@click.option(
    "--cycle",
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    default=10,
    show_default=True,
    help="How often every meter shall be read.",
)
@json_option
def command(
    driver: ModbusDriver,
    baud: int,
    characters: str,
    meters: int,
    turnaround: float | None,
    cycle: float,
    as_json: bool,
) -> None:
    """Show the reads, the bus time and the cycle time, and what a wanted cycle takes."""
    bits = _BITS[characters]
    delay = driver.turnaround if turnaround is None else turnaround / 1000
    timing = BusTiming(baud, bits, delay)
    blocks = _blocks(driver, timing)
    needs = [_need(driver, BusTiming(each, bits, delay), meters, cycle) for each in sorted({*BAUDS, baud})]
    here = next(need for need in needs if need.baud == baud)
    result = {
        "baud": baud,
        "format": characters,
        "turnaround_ms": delay * 1000,
        "meters": meters,
        "wanted_cycle": cycle,
        "reads": [_read(driver, block, timing) for block in blocks],
        "meter_seconds": plan_seconds(blocks, timing),
        **asdict(here),
        "met": here.cycle <= cycle,
        "bauds": [asdict(need) for need in needs],
        "advice": list(_advice(here, needs, meters, cycle)),
    }
    if as_json:
        print_json(result)
    else:
        _print(result)


def _blocks(driver: ModbusDriver, timing: BusTiming, *tiers: Tier) -> tuple[ReadBlock, ...]:
    wanted = tiers or (Tier.FAST, Tier.SLOW)
    return plan(driver, [register for register in driver.registers if register.tier in wanted], timing)


def _need(driver: ModbusDriver, timing: BusTiming, meters: int, cycle: float) -> BusNeed:
    one = plan_seconds(_blocks(driver, timing), timing)
    fast = plan_seconds(_blocks(driver, timing, Tier.FAST), timing)
    return BusNeed(
        timing.baud, one * meters, fast * meters, _buses(one, meters, cycle), _buses(fast, meters, cycle)
    )


def _buses(seconds: float, meters: int, cycle: float) -> int | None:
    """How many buses it takes to read each of the meters within the cycle."""
    at_once = math.floor(cycle / seconds) if seconds else meters
    return math.ceil(meters / at_once) if at_once else None


def _read(driver: ModbusDriver, block: ReadBlock, timing: BusTiming) -> dict[str, Any]:
    return {
        "function": block.function,
        "address": block.address,
        "wire_address": block.address - driver.address_base,
        "count": block.count,
        "obis": [register.obis for register in block.registers],
        "milliseconds": round(1000 * block.seconds(timing), 3),
    }


def _advice(here: BusNeed, needs: list[BusNeed], meters: int, cycle: float) -> Iterator[str]:
    """What it would take to meet the cycle, one way a line."""
    if here.cycle <= cycle:
        yield f"{here.baud} baud does it: a cycle takes {here.cycle:.2f} s of {cycle:g} s."
        return
    yield f"{here.baud} baud on one bus cannot do it: {meters} meters take {here.cycle:.2f} s."
    if faster := next((need for need in needs if need.baud > here.baud and need.cycle <= cycle), None):
        yield f"{faster.baud} baud would do: {faster.cycle:.2f} s."
    if here.buses:
        yield f"{here.buses} buses at {here.baud} baud would do."
    if here.fast_cycle < here.cycle:
        within = "within it" if here.fast_cycle <= cycle else f"in {here.fast_cycle:.2f} s"
        yield f"V, A and kW alone (the fast tier) are read {within}; the rest can be read less often."


def _print(result: Mapping[str, Any]) -> None:
    reads = (
        ("FUNCTION", "function"),
        ("ADDRESS", lambda read: f"{read['address']}..{read['address'] + read['count'] - 1}"),
        ("ON THE WIRE", "wire_address"),
        ("REGISTERS", "count"),
        ("VALUES", lambda read: len(read["obis"])),
        ("TIME", lambda read: f"{read['milliseconds']:.1f} ms"),
    )
    print_table(result["reads"], reads)
    click.echo(
        f"\none meter {1000 * result['meter_seconds']:.1f} ms,"
        f" {result['meters']} meters {result['cycle']:.2f} s"
        f" at {result['baud']} baud {result['format']}, turnaround {result['turnaround_ms']:g} ms"
        f" (V, A and kW alone: {result['fast_cycle']:.2f} s)"
    )
    click.echo(f"\nto read {result['meters']} meters every {result['wanted_cycle']:g} s:")
    needs = (
        ("BAUD", "baud"),
        ("EVERYTHING", lambda need: f"{need['cycle']:.2f} s"),
        ("BUSES", lambda need: need["buses"] or "-"),
        ("FAST TIER", lambda need: f"{need['fast_cycle']:.2f} s"),
        ("BUSES", lambda need: need["fast_buses"] or "-"),
    )
    print_table(result["bauds"], needs)
    click.echo()
    for line in result["advice"]:
        click.echo(line)
