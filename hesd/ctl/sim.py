"""`hesctl sim PLANT.toml`: run a simulated plant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from twisted.internet.error import CannotListenError

from hesd.ctl.driver_choice import known_drivers
from hesd.driver.loading import usable
from hesd.model.errors import HesdError
from hesd.sim.control import HELP, Control, ControlFactory, socket_address
from hesd.sim.plant import Plant, load_plant
from hesd.sim.simulator import Simulator

_FEW = 800


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
@click.option(
    "--dial",
    "dialled",
    multiple=True,
    metavar="LISTENER=ENDPOINT",
    help="Where the meters that dial in call, in place of what PLANT says.",
)
@click.option("--until-eof", is_flag=True, help="Stop when standard input ends.")
@click.option(
    "--precise", is_flag=True, help="Bring each character by itself and on time; busy, for measuring."
)
def command(
    plant: Path,
    directory: Path,
    control: Path | None,
    dialled: tuple[str, ...],
    until_eof: bool,
    precise: bool,
) -> None:
    """Run the meters of PLANT on serial lines (ptys) and TCP ports, or let them dial in.

    Prints one line, READY and how each line is reached, as soon as all answer.
    """
    drivers = usable(known_drivers())
    try:
        played = load_plant(plant, drivers).dialling(_endpoints(dialled))
    except HesdError as error:
        raise click.ClickException(str(error)) from error
    reactor = _reactor_for(played)
    try:
        simulator = Simulator(played, drivers, directory, reactor, precise=precise)
        # First: the lines of another that runs behind this socket are not to be taken over.
        _take_commands(simulator, reactor, control, until_eof)
        simulator.startService()
    except (HesdError, OSError, CannotListenError) as error:
        raise click.ClickException(str(error)) from error
    reactor.addSystemEventTrigger("before", "shutdown", simulator.stopService)
    # Not before signals are taken care of: who waits for READY may send one at once.
    reactor.callWhenRunning(click.echo, f"READY {json.dumps(simulator.endpoints)}")
    reactor.run()


def _endpoints(dialled: tuple[str, ...]) -> dict[str, str]:
    """The endpoint of each listener that was given one."""
    endpoints = {}
    for text in dialled:
        listener, separator, endpoint = text.partition("=")
        if not separator:
            raise click.UsageError(f"--dial: expected LISTENER=ENDPOINT, got {text!r}")
        endpoints[listener] = endpoint
    return endpoints


def _reactor_for(plant: Plant) -> Any:
    """The select reactor sleeps to the microsecond, which a bus needs; the usual one has more sockets."""
    if plant.bus and len(list(plant.dlms_meters())) < _FEW:
        from twisted.internet import selectreactor

        selectreactor.install()
    from twisted.internet import reactor

    return reactor


def _take_commands(simulator: Simulator, reactor: Any, control: Path | None, until_eof: bool) -> None:
    from twisted.internet.stdio import StandardIO

    def stop() -> None:
        reactor.callLater(0, reactor.stop)

    if control is not None:
        control.parent.mkdir(parents=True, exist_ok=True)
        reactor.listenUNIX(socket_address(control), ControlFactory(simulator, stop), mode=0o600, wantPID=True)
    StandardIO(Control(simulator, stop, stop if until_eof else lambda: None), reactor=reactor)
