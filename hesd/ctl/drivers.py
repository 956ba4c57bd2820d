"""`hesctl drivers [check NAME...]`: which drivers there are, and whether they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from hesd.collect.cosem_conformance import check_cosem_driver
from hesd.ctl.driver_choice import find_driver, known_drivers
from hesd.ctl.printing import console, json_option, print_json, print_table
from hesd.driver.check import Check
from hesd.driver.cosem import DLMSDriver
from hesd.driver.loading import LoadedDriver
from hesd.driver.modbus import ModbusDriver
from hesd.modbus.conformance import check_driver


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the drivers of this machine, with what keeps one from being used."""
    if context.invoked_subcommand is not None:
        return
    drivers = [_described(each) for each in known_drivers().values()]
    if as_json:
        print_json(drivers)
        return
    columns = (
        ("DRIVER", "name"),
        ("PROTOCOL", "protocol"),
        ("METERS", _meters),
        ("VALUES", _values),
        ("FROM", "origin"),
    )
    print_table(drivers, columns)


@command.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@json_option
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Run the conformance kit on drivers (all of them where none is named).

    The table is checked for sanity, its vectors are decoded, and what it reads, every
    refusal and "not available" is put through the real protocol core.
    """
    loaded = [find_driver(name) for name in names] if names else list(known_drivers().values())
    results = [(each, _checks(each)) for each in loaded]
    if as_json:
        print_json([_result(each, checks) for each, checks in results])
    else:
        for each, checks in results:
            _print_checks(console(), each, checks)
    failed = [each.name for each, checks in results if not all(check.passed for check in checks)]
    if failed:
        raise click.ClickException(f"not sound: {', '.join(failed)}")


def _checks(loaded: LoadedDriver) -> tuple[Check, ...]:
    if loaded.driver is None:
        return (Check("loading", loaded.origin, (str(loaded.problem),)),)
    if isinstance(loaded.driver, DLMSDriver):
        return check_cosem_driver(loaded.driver)
    return check_driver(loaded.driver)


def _described(loaded: LoadedDriver) -> dict[str, Any]:
    described: dict[str, Any] = {"name": loaded.name, "origin": loaded.origin, "problem": loaded.problem}
    if driver := loaded.driver:
        described |= {
            "vendor": driver.vendor,
            "models": driver.models,
            "source": driver.source,
            "note": driver.note,
            **(_cosem(driver) if isinstance(driver, DLMSDriver) else _modbus(driver)),
        }
    return described


def _modbus(driver: ModbusDriver) -> dict[str, Any]:
    return {
        "protocol": "modbus",
        "registers": len(driver.registers),
        "settings": [setting.name for setting in driver.settings],
    }


def _cosem(driver: DLMSDriver) -> dict[str, Any]:
    return {
        "protocol": "dlms",
        "objects": len(driver.objects),
        "profiles": [profile.obis for profile in driver.profiles],
        "logs": [log.obis for log in driver.logs],
        "client_sap": driver.client_sap,
        "server_sap": driver.server_sap,
        "authentication": driver.authentication.value,
        "from_object_list": driver.from_object_list,
    }


def _meters(driver: Mapping[str, Any]) -> str:
    if driver["problem"]:
        return f"cannot be used: {driver['problem']}"
    return f"{driver['vendor']} {', '.join(driver['models'])}"


def _values(driver: Mapping[str, Any]) -> Any:
    if driver.get("from_object_list"):
        return "as the meter lists"
    return driver.get("registers", driver.get("objects"))


def _result(loaded: LoadedDriver, checks: tuple[Check, ...]) -> dict[str, Any]:
    return {
        "name": loaded.name,
        "passed": all(check.passed for check in checks),
        "checks": [
            {"name": each.name, "passed": each.passed, "detail": each.detail, "problems": each.problems}
            for each in checks
        ],
    }


def _print_checks(console: Console, loaded: LoadedDriver, checks: tuple[Check, ...]) -> None:
    console.print(f"[bold]{escape(loaded.name)}[/] ({escape(loaded.origin)})")
    for each in checks:
        verdict = "[green]ok    [/]" if each.passed else "[red]failed[/]"
        console.print(f"  {verdict} {each.name}: {escape(each.detail)}")
        for problem in each.problems:
            console.print(f"           {problem}", markup=False)
