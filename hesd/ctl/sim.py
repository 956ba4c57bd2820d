"""`hesctl sim PLANT.toml`: run a simulated plant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from twisted.internet.error import CannotListenError

from hesd.ctl.driver_choice import known_drivers
from hesd.driver.loading import of_kind, usable
from hesd.driver.modbus import ModbusDriver
from hesd.model.errors import HesdError
from hesd.sim.control import HELP, Control, ControlFactory, socket_address
from hesd.sim.plant import load_plant
from hesd.sim.simulator import Simulator


@click.command(epilog=f"\b\nCommands on standard input and on the control socket:\n{HELP}")
@click.argument("plant", type=click.Path(path_type=Path))
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("sim"),
    show_default=True,
    help="Where the paths of the lines appear.",
)
@click.option(
    "--control", type=click.Path(path_type=Path), help="A socket that takes commands while the plant runs."
)
@click.option("--until-eof", is_flag=True, help="Stop when standard input ends.")
@click.option(
    "--precise", is_flag=True, help="Bring each character by itself and on time; busy, for measuring."
)
def command(plant: Path, directory: Path, control: Path | None, until_eof: bool, precise: bool) -> None:
    """Run the meters of PLANT on serial lines (ptys) and TCP ports.

    Prints one line, READY and how each line is reached, as soon as all answer.
    """
    drivers = of_kind(usable(known_drivers()), ModbusDriver)
    # The select reactor sleeps to the microsecond, the usual one to the millisecond.
    from twisted.internet import selectreactor

    selectreactor.install()
    from twisted.internet import reactor

    try:
        simulator = Simulator(load_plant(plant, drivers), drivers, directory, reactor, precise=precise)
        # First: the lines of another that runs behind this socket are not to be taken over.
        _take_commands(simulator, reactor, control, until_eof)
        simulator.startService()
    except (HesdError, OSError, CannotListenError) as error:
        raise click.ClickException(str(error)) from error
    reactor.addSystemEventTrigger("before", "shutdown", simulator.stopService)
    # Not before signals are taken care of: who waits for READY may send one at once.
    reactor.callWhenRunning(click.echo, f"READY {json.dumps(simulator.endpoints)}")
    reactor.run()


def _take_commands(simulator: Simulator, reactor: Any, control: Path | None, until_eof: bool) -> None:
    from twisted.internet.stdio import StandardIO

    def stop() -> None:
        reactor.callLater(0, reactor.stop)

    if control is not None:
        control.parent.mkdir(parents=True, exist_ok=True)
        reactor.listenUNIX(socket_address(control), ControlFactory(simulator, stop), mode=0o600, wantPID=True)
    StandardIO(Control(simulator, stop, stop if until_eof else lambda: None), reactor=reactor)
