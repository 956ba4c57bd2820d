"""`hesctl fault`: break something in a simulated plant while it runs."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Final

import click

from hesd.ctl.printing import json_option, print_json, print_table
from hesd.sim.control import FAULTS, socket_address

_DEMO: Final = Path("var/sim/control")
_PATIENCE: Final = 10.0
_ERROR: Final = "error: "


@click.command(epilog=f"\b\n{FAULTS}")
@click.argument("words", nargs=-1, metavar="[TARGET KIND [on|off|VALUE|DURATION] [for DURATION]]")
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    default=_DEMO,
    show_default=True,
    help="The control socket of the plant; the demo has it there.",
)
@json_option
def command(words: tuple[str, ...], control: Path, as_json: bool) -> None:
    """Switch a fault of a simulated plant, then list those that are on.

    For example: hesctl fault bus-1 unplug 5s
    """
    requests = [*((f"fault {' '.join(words)}",) if words else ()), "faults"]
    answers = _ask(control, requests)
    for answer in answers:
        if answer.startswith(_ERROR):
            raise click.ClickException(answer.removeprefix(_ERROR))
    on = json.loads(answers[-1])
    if as_json:
        print_json(on)
        return
    rows = [
        {"target": target, "fault": kind, "value": value}
        for target, kinds in on.items()
        for kind, value in kinds.items()
    ]
    print_table(rows, [(name, name) for name in ("target", "fault", "value")])


def _ask(control: Path, requests: list[str]) -> list[str]:
    try:
        with socket.socket(socket.AF_UNIX) as plant:
            plant.settimeout(_PATIENCE)
            plant.connect(socket_address(control))
            plant.sendall("".join(f"{request}\n" for request in requests).encode())
            answers = plant.makefile()
            return [answers.readline().strip() for _ in requests]
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.ClickException(f"{control}: no simulated plant answers here: {reason}") from error
