"""`hesctl meters`: the registry of meters."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any, TextIO

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.printing import cell, json_option, print_done, print_fields, print_json, print_table
from hesd.driver.cosem import Authentication, Ciphering, Referencing

_EXPORTED = (
    "serial", "name", "brand", "model", "meter_type", "payment", "firmware", "driver", "line", "unit_id",
    "area", "group", "equipment", "room", "panel", "latitude", "longitude", "interval", "slow_interval",
    "ratio", "writes_enabled", "lifecycle", "client_sap", "server_sap", "physical_address",
    "authentication", "ciphering", "suite", "referencing", "via", "system_title", "relay_status",
)  # fmt: skip


@click.group()
def command() -> None:
    """Meters of a running daemon: add, adopt, list, show, import, export."""


@command.command("list")
@click.option("--status", help="online, offline, unknown, warehouse, faulty or retired.")
@click.option("--driver")
@click.option("--area")
@click.option("--line")
@click.option("--group")
@click.option("-q", "words", help="Words of the serial, the names or the place.")
@json_option
@with_daemon
def list_(daemon: Daemon, words: str | None, as_json: bool, **wanted: str | None) -> None:
    """List meters."""
    found = list(daemon.all("meters", q=words, **wanted))
    if as_json:
        print_json(found)
        return
    print_table(
        found,
        (
            ("SERIAL", "serial"),
            ("NAME", "name"),
            ("STATUS", "status"),
            ("DRIVER", "driver"),
            ("LINE", _place),
            ("AREA", "area"),
            ("LAST SEEN", "last_seen"),
            ("REASON", lambda meter: meter["warning"] or meter["reason"]),
        ),
    )


@command.command()
@click.argument("serial")
@click.option("--driver", help="See `hesctl drivers`.")
@click.option("--line", help="The name of a line of the configuration, or of a listener.")
@click.option("--unit-id", type=int, help="The meter's address on its line.")
@click.option("--area", help="The code of an area.")
@click.option("--name")
@click.option("--brand")
@click.option("--model")
@click.option("--group")
@click.option("--equipment")
@click.option("--room")
@click.option("--panel")
@click.option("--interval", help="How often V, A and kW are asked, such as 10s.")
@click.option("--slow-interval", help="How often energy is asked.")
@click.option("--ratio", type=float, help="Of the transformers, where the meter does not know it.")
@click.option("--lifecycle", type=click.Choice(["active", "warehouse", "faulty", "retired"]))
@click.option("--client-sap", type=int, help="Of a DLMS meter: the client we are to it.")
@click.option("--server-sap", type=int, help="Of a DLMS meter: its logical device.")
@click.option("--physical-address", type=int, help="Of a DLMS meter on an HDLC bus.")
@click.option("--authentication", type=click.Choice([way.value for way in Authentication]))
@click.option("--ciphering", type=click.Choice([way.value for way in Ciphering]))
@click.option("--suite", type=click.IntRange(0, 2), help="The security suite.")
@click.option(
    "--referencing",
    type=click.Choice([way.value for way in Referencing]),
    help="Of a DLMS meter: short for old ones that know attributes by number only.",
)
@click.option("--via", help="The serial of the concentrator it hangs on.")
@click.option("--system-title", help="16 hex digits, for a meter that pushes before anybody speaks to it.")
@json_option
@with_daemon
def add(daemon: Daemon, serial: str, as_json: bool, **fields: Any) -> None:
    """Register a meter. It is read as soon as it has a driver and a line, on a bus also a unit id."""
    given = {name: content for name, content in fields.items() if content is not None}
    meter = daemon.post("meters", {"serial": serial, **given})
    print_done(meter, f"{meter['serial']} is registered", as_json)


@command.command()
@click.argument("id")
@click.option("--driver", required=True, help="See `hesctl drivers`.")
@click.option("--serial", help="Where it is not the one the meter claims.")
@click.option("--area", help="The code of an area.")
@click.option("--name")
@json_option
@with_daemon
def adopt(daemon: Daemon, id: str, as_json: bool, **fields: str | None) -> None:
    """Register a meter that dialled in, by its number in `hesctl quarantine`."""
    given = {name: content for name, content in fields.items() if content is not None}
    meter = daemon.post(item("quarantine", id) + "/adopt", given)
    print_done(meter, f"{meter['serial']} is registered on {meter['line']}", as_json)


@command.command()
@click.argument("serial")
@json_option
@with_daemon
def show(daemon: Daemon, serial: str, as_json: bool) -> None:
    """Show a meter and what it said last."""
    meter = daemon.get(item("meters", serial))
    latest = daemon.get(item("meters", serial) + "/latest")["items"]
    if as_json:
        print_json({**meter, "latest": latest})
        return
    print_fields({**meter, "credit": meter["credit"] and _value(meter["credit"])})
    if latest:
        click.echo()
        print_table(
            latest,
            (
                ("OBIS", "obis"),
                ("QUANTITY", "label"),
                ("VALUE", _value),
                ("QUALITY", "quality"),
                ("AT", "at"),
            ),
        )


@command.command("import")
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_daemon
def import_(daemon: Daemon, table: Path, as_json: bool) -> None:
    """Register the meters of a CSV table with a header row.

    Good rows are kept; bad ones are named with their reason, and the exit code is 1.
    """
    headers = {"Content-Type": "text/csv"}
    result = daemon.send("POST", "meters/import", content=table.read_bytes(), headers=headers).json()
    if as_json:
        print_json(result)
    else:
        click.echo(f"{result['created']} of {result['total']} meters registered")
        for failure in result["failures"]:
            click.echo(f"row {failure['row']}: {failure['field']}: {failure['error']}", err=True)
    if result["failures"]:
        sys.exit(1)


@command.command()
@click.option("-o", "--output", type=click.File("w", encoding="utf-8"), default="-", help="A file.")
@json_option
@with_daemon
def export(daemon: Daemon, output: TextIO, as_json: bool) -> None:
    """Write all meters as a CSV table that `import` takes."""
    found = list(daemon.all("meters"))
    if as_json:
        print_json(found)
        return
    writer = csv.writer(output)
    writer.writerow(_EXPORTED)
    writer.writerows([cell(meter[field]) for field in _EXPORTED] for meter in found)


def _value(reading: Any) -> str:
    return f"{cell(reading['value'])} {reading['unit']}".strip()


def _place(meter: Any) -> str:
    unit = "" if meter["unit_id"] is None else f"#{meter['unit_id']}"
    return f"{meter['line']}{unit}" if meter["line"] else ""
