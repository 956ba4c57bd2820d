"""A conversation with meters, without a daemon: the line, the reactor, the options they need."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click
from twisted.application.internet import ClientService
from twisted.internet import task
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import globalLogBeginner, textFileLogObserver

from hesd.config import ConfigError, Line
from hesd.links.modbus_link import ModbusLink
from hesd.links.open_link import open_link
from hesd.model.errors import LinkDown

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

RTU: Final = "modbus-rtu"
TCP: Final = "modbus-tcp"
_PATHS: Final = ("/", "./", "../")
_CONNECT_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOptions:
    """How a line is reached, as the options of a command say it."""

    protocol: str | None
    baud: int
    parity: str
    stopbits: str
    echo: bool
    verbose: bool

    def line(self, endpoint: str) -> Line:
        """The line at an endpoint string, or at the bare path of a serial port."""
        name = endpoint
        if endpoint.startswith(_PATHS):
            path = endpoint.replace("\\", "\\\\").replace(":", "\\:")
            endpoint = f"serial:{path}:baudrate={self.baud}:parity={self.parity}:stopbits={self.stopbits}"
        protocol: Any = self.protocol or (RTU if endpoint.startswith("serial:") else TCP)
        behind_gateway = protocol == RTU and not endpoint.startswith("serial:")
        return Line(
            name=name,
            endpoint=endpoint,
            protocol=protocol,
            baudrate=self.baud if behind_gateway else None,
            echo=self.echo,
        )


def line_options(command: F) -> F:
    """Options that say how the line is reached; collect them into `LineOptions`."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Log what happens on the line."),
        click.option("--echo", is_flag=True, help="The adapter hears what it sends."),
        click.option("--stopbits", type=click.Choice(["1", "2"]), default="1", show_default=True),
        click.option("--parity", type=click.Choice(["N", "E", "O"]), default="E", show_default=True),
        click.option("--baud", type=click.IntRange(min=300), default=9600, show_default=True),
        click.option(
            "--protocol",
            type=click.Choice([RTU, TCP]),
            help="If it is left out: modbus-rtu on serial ports, else modbus-tcp.",
        ),
    ):
        command = option(command)
    return command


def converse(endpoint: str, options: LineOptions, talk: Callable[[ModbusLink, Any], Awaitable[T]]) -> T:
    """Run `talk(link, reactor)` on a line that is up, and return what it brings.

    Raises what `talk` raises, `LinkDown` where there is no connection to be had, and
    `click.BadParameter` for an endpoint that cannot be one.
    """
    if options.verbose:
        globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)
    outcome: list[T | BaseException] = []

    async def main(reactor: Any) -> None:
        # A signal stops the reactor, and with it the line: what comes of that is no outcome.
        reactor.addSystemEventTrigger("before", "shutdown", outcome.append, click.Abort())
        try:
            outcome.append(await _talk(options.line(endpoint), talk, reactor))
        except Exception as error:
            outcome.append(error)

    with suppress(SystemExit):
        task.react(lambda reactor: ensureDeferred(main(reactor)))
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result


async def _talk(line: Line, talk: Callable[[ModbusLink, Any], Awaitable[T]], reactor: Any) -> T:
    try:
        link, service = open_link(line, reactor)
    except ConfigError as error:
        raise click.BadParameter(str(error), param_hint="ENDPOINT") from error
    assert isinstance(service, ClientService)
    service.startService()
    try:
        connected: Deferred[Any] = service.whenConnected(failAfterFailures=1)
        await connected.addTimeout(_CONNECT_TIMEOUT, reactor)
    except Exception as error:  # endpoints fail in ways of their own
        raise LinkDown(f"{line.name}: {str(error) or 'no connection'}") from error
    try:
        return await talk(link, reactor)
    finally:
        await service.stopService()
