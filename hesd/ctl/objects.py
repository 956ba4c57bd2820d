"""`hesctl objects`: the COSEM objects of a meter."""

from __future__ import annotations

from typing import Any

import click

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.job_steps import check_confirmed, done
from hesd.ctl.printing import json_option, print_json, print_table


@click.command()
@click.argument("meter")
@click.option("--read", is_flag=True, help="Have the meter list them now.")
@json_option
@with_daemon
def command(daemon: Daemon, meter: str, read: bool, as_json: bool) -> None:
    """List the objects a DLMS meter has, as it listed them last.

    The list is kept for all meters of its driver and firmware.
    """
    path = item("meters", meter) + "/objects"
    if read:
        check_confirmed(done(daemon, f"{path}/reads", {}, tell=not as_json))
    found = daemon.get(path)["items"]
    if as_json:
        print_json(found)
        return
    if not found:
        raise click.ClickException("the meter was not asked for its objects yet; --read does")
    columns = (("OBIS", "obis"), ("CLASS", _class), ("NAME", "name"), ("READABLE", _readable))
    print_table(found, columns)


def _class(each: Any) -> str:
    return f"{each['class_id']} {each['class_name']}"


def _readable(each: Any) -> str:
    return " ".join(str(attribute["number"]) for attribute in each["attributes"] if attribute["readable"])
