"""`hesctl replay`: a saved trace as a simulated meter."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import click
from twisted.internet.error import CannotListenError

from hesd.links.saved_trace import read_trace
from hesd.sim.dlms_line import DLMSPortLine
from hesd.sim.dlms_plant import DLMSPort
from hesd.sim.replayed_meter import replayed


@click.command()
@click.argument("trace", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where to listen; any port if 0.")
def command(trace: Path, port: int) -> None:
    """Let TRACE, saved by `hesctl trace --save`, answer as the meters in it, on this machine.

    Every request it holds is answered as it was then, any other is refused. Prints READY, what
    the meters speak and how they are reached.
    """
    found = replayed(read_trace(trace.read_bytes()))
    from twisted.internet import reactor as _reactor

    reactor: Any = _reactor
    tcp = DLMSPort(name="replay", port=port, framing=found.framing, meters=())
    line = DLMSPortLine(tcp, found.meters, reactor, Random(1))  # noqa: S311  # it decides nothing
    try:
        line.plug()
    except CannotListenError as error:
        raise click.ClickException(str(error)) from error
    reactor.addSystemEventTrigger("before", "shutdown", line.unplug)
    reactor.callWhenRunning(click.echo, f"READY dlms-{found.framing} {line.endpoint}")
    reactor.run()
