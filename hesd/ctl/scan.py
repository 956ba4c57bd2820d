"""`hesctl scan`: which units answer on a line, and the best driver for each.

What is here is for Modbus; `hesd.ctl.scan_dlms` looks for DLMS meters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click

from hesd.collect.read_meter import Ask
from hesd.ctl import scan_dlms
from hesd.ctl.conversation import HDLC, WRAPPER, LineOptions, converse, line_options
from hesd.ctl.driver_choice import known_drivers
from hesd.ctl.printing import json_option, print_json, print_table
from hesd.ctl.progress import Progress
from hesd.ctl.ranges import Ranges
from hesd.ctl.recognise import Recognition, recognise
from hesd.driver.loading import of_kind, usable
from hesd.driver.modbus import ModbusDriver
from hesd.links.modbus_link import ModbusLink, Priority
from hesd.modbus.errors import MeterException
from hesd.modbus.pdu import ReadRegisters
from hesd.model.errors import NoReply, ProtocolError

_LAST_UNIT: Final = 247
_ALL: Final = range(1, _LAST_UNIT + 1)
_TIMEOUT_MS: Final = 250
# Two registers, because some meters refuse odd numbers; a refusal is an answer as well.
_PROBE: Final = ReadRegisters(3, 0, 2)
# A gateway answers for a unit that did not (the application protocol, section 7); some servers
# say "server device failure" for units they have not got.
_GATEWAY: Final = (10, 11)
_DEVICE_FAILURE: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that answers."""

    unit: int
    recognition: Recognition = field(default_factory=Recognition)


@click.command()
@line_options
@click.option("--units", type=Ranges(1, _LAST_UNIT), help="Unit ids, 1-247 if they are left out.")
@scan_dlms.options
@click.option("--timeout", metavar="MS", type=click.IntRange(min=1), help="For a reply; 250, of DLMS 2000.")
@click.argument("endpoint")
@json_option
def command(
    endpoint: str, units: tuple[int, ...] | None, timeout: int | None, as_json: bool, **options: Any
) -> None:
    """Find which meters answer on a line, and the best driver for each.

    Every Modbus unit is asked once; those that answer are tried with every driver: identity
    registers, device identification (function 43/14), and whether voltages, currents and
    powers come out plausible.

    With --protocol dlms-wrapper or dlms-hdlc, or --mode-e, it looks for DLMS meters: each server
    address is asked by each client for an association without authentication, and who gives one
    for its logical device name and serial number. Nothing is written and no secret is sent.
    """
    places = scan_dlms.Places.of(options)
    line = LineOptions(**options)
    if line.mode_e or line.protocol in (HDLC, WRAPPER):
        if units is not None:
            raise click.UsageError("--units is for Modbus; DLMS meters have --servers and --physical")
        scan_dlms.scan(endpoint, line, places, timeout, as_json=as_json)
    elif places != scan_dlms.Places():
        raise click.UsageError("--servers, --physical and --client are for DLMS; --protocol says which")
    else:
        _scan_modbus(endpoint, line, units or _ALL, (timeout or _TIMEOUT_MS) / 1000, as_json=as_json)


def _scan_modbus(
    endpoint: str, line: LineOptions, units: Sequence[int], patience: float, *, as_json: bool
) -> None:
    known = of_kind(usable(known_drivers()), ModbusDriver)
    drivers = {name: driver for name, driver in known.items() if driver.registers}

    async def talk(link: ModbusLink, reactor: Any) -> list[Found]:
        return await _scan(link, units, drivers, patience, Progress(len(units), reactor.seconds))

    found = converse(endpoint, line, talk)
    if as_json:
        print_json([_described(each) for each in found])
    elif found:
        print_table([_described(each) for each in found], _COLUMNS)
    if not found:
        raise click.ClickException(f"no unit answers on {endpoint}")


async def _scan(
    link: ModbusLink,
    units: Sequence[int],
    drivers: dict[str, ModbusDriver],
    patience: float,
    progress: Progress,
) -> list[Found]:
    found = []
    with progress:
        for unit in units:
            each = await _look_for(link, unit, drivers, patience)
            if each is not None:
                found.append(each)
                progress.say(_sentence(each))
            progress.step(f"unit {unit}, {len(found)} found")
    return found


async def _look_for(
    link: ModbusLink, unit: int, drivers: dict[str, ModbusDriver], patience: float
) -> Found | None:
    code = await _probed(link, unit, patience)
    if code is None or code in _GATEWAY:
        return None
    # A meter that is there gets the time its slower answers take.
    recognition = await recognise(_asking(link, unit, 2 * patience), drivers, link.timing)
    if code == _DEVICE_FAILURE and recognition == Recognition():
        return None
    return Found(unit, recognition)


async def _probed(link: ModbusLink, unit: int, patience: float) -> int | None:
    """The exception code of the answer, 0 for any other answer, None for none."""
    try:
        await link.exchange(unit, _PROBE, timeout=patience, priority=Priority.PROBE)
    except MeterException as refusal:
        return refusal.code
    except NoReply:
        return None
    except ProtocolError:
        return 0  # it says something, if nothing sensible
    return 0


def _asking(link: ModbusLink, unit: int, patience: float) -> Ask:
    async def ask(request: Any) -> Any:
        return await link.exchange(unit, request, timeout=patience, priority=Priority.READ)

    return ask


def _sentence(found: Found) -> str:
    best = found.recognition.best
    return f"unit {found.unit} answers: {best.driver if best else 'no driver fits'}"


def _described(found: Found) -> dict[str, Any]:
    best = found.recognition.best
    return {
        "unit": found.unit,
        "driver": best.driver if best else None,
        "certain": best.certain if best else False,
        "identification": dict(found.recognition.identification),
        "candidates": [
            {"driver": each.driver, "score": round(each.score, 1)} for each in found.recognition.candidates
        ],
    }


def _others(described: dict[str, Any]) -> Iterator[str]:
    yield from (each["driver"] for each in described["candidates"][1:3])


_COLUMNS: Final = (
    ("UNIT", "unit"),
    ("DRIVER", lambda each: each["driver"] or "none fits"),
    ("FIT", lambda each: "certain" if each["certain"] else "likely" if each["driver"] else ""),
    ("CALLS ITSELF", lambda each: " ".join(each["identification"].values())),
    ("ALSO POSSIBLE", lambda each: ", ".join(_others(each))),
)
