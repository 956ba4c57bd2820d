"""`hesctl read`: a meter read once, without a daemon."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from hesd.ctl import read_dlms, read_modbus
from hesd.ctl.conversation import LineOptions, converse, converse_dlms, line_options
from hesd.ctl.driver_choice import driver_option
from hesd.ctl.printing import json_option
from hesd.ctl.read_dlms import AccessOptions, access_options
from hesd.ctl.read_result import Result
from hesd.driver.cosem import DLMSDriver
from hesd.driver.loading import Driver
from hesd.driver.modbus import ModbusDriver
from hesd.links.apdu_line import APDULine
from hesd.links.modbus_link import ModbusLink

_PLACE: Final = re.compile(r"(?P<endpoint>.+)#(?P<unit>\d{1,5})")
_LAST_UNIT: Final = 255
_LAST_SAP: Final = 0xFFFF
# A DLMS meter may be behind a modem.
_TIMEOUT_MS: Final = 1000
_DLMS_TIMEOUT_MS: Final = 5000


@click.command()
@driver_option
@line_options
@click.option("--timeout", metavar="MS", type=click.IntRange(min=1), help="For a reply; 1000, of DLMS 5000.")
@click.option("--retries", type=click.IntRange(0, 10), default=2, show_default=True)
@click.option("--settings", is_flag=True, help="Instead of measurements: settings and serial numbers.")
@access_options
@click.argument("place", metavar="ENDPOINT[#UNIT]")
@click.argument("names", metavar="[OBIS]...", nargs=-1)
@json_option
def command(
    driver: Driver,
    place: str,
    names: tuple[str, ...],
    timeout: int | None,
    retries: int,
    settings: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Read a meter: the quantities given by OBIS code or name, or all that are measured.

    \b
    ENDPOINT  tcp:HOST:PORT                Modbus TCP, of DLMS meters the wrapper (or --protocol)
              serial:PATH:baudrate=9600    a serial port
              /dev/...                     the same, as --baud and --parity say
    UNIT      the unit id, 1 if it is left out; of DLMS meters the server access point

    Options from --client to --meter-public-key-file are for DLMS meters; what they leave out is as
    the driver has it.
    """
    match = _PLACE.fullmatch(place)
    endpoint, unit = (match["endpoint"], int(match["unit"])) if match else (place, None)
    access, line = AccessOptions.of(options), LineOptions(**options)
    if isinstance(driver, DLMSDriver):
        patience = (timeout or _DLMS_TIMEOUT_MS) / 1000
        result = _of_dlms(driver, endpoint, unit, names, settings, access, line, patience, retries)
    else:
        patience = (timeout or _TIMEOUT_MS) / 1000
        result = _of_modbus(driver, endpoint, unit, names, settings, line, patience, retries)
    result.show(as_json=as_json, asked_by_name=bool(names))


def _of_modbus(
    driver: ModbusDriver,
    endpoint: str,
    unit: int | None,
    names: tuple[str, ...],
    settings: bool,
    line: LineOptions,
    patience: float,
    retries: int,
) -> Result:
    if unit is not None and unit > _LAST_UNIT:
        raise click.BadParameter(f"a unit id is 0 to {_LAST_UNIT}, not {unit}", param_hint="UNIT")
    registers = read_modbus.wanted(driver, names, settings)

    async def talk(link: ModbusLink, _reactor: Any) -> Result:
        address = 1 if unit is None else unit
        return await read_modbus.read(driver, registers, address, link, patience, retries)

    return converse(endpoint, line, talk)


def _of_dlms(
    driver: DLMSDriver,
    endpoint: str,
    server: int | None,
    names: tuple[str, ...],
    settings: bool,
    access: AccessOptions,
    line: LineOptions,
    patience: float,
    retries: int,
) -> Result:
    if server is not None and server > _LAST_SAP:
        raise click.BadParameter(f"an access point is 0 to {_LAST_SAP}, not {server}", param_hint="UNIT")
    codes = read_dlms.wanted(driver, names, settings)
    spec = access.spec(driver, endpoint, server)
    keyring = access.keyring(spec)

    async def talk(link: APDULine, reactor: Any) -> Result:
        return await read_dlms.read(spec, codes, keyring, link, reactor, patience, retries)

    return converse_dlms(endpoint, line, talk)
