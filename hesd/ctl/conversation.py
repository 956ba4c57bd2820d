"""A conversation with meters, without a daemon: the line, the reactor, the options they need."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click
from twisted.application.internet import ClientService
from twisted.application.service import IService
from twisted.internet import task
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.logger import globalLogBeginner, textFileLogObserver

from hesd.config import ConfigError, Line
from hesd.links.apdu_line import APDULine
from hesd.links.modbus_link import ModbusLink
from hesd.links.open_dlms_line import open_dlms_line
from hesd.links.open_link import open_link
from hesd.model.errors import LinkDown

L = TypeVar("L")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

RTU: Final = "modbus-rtu"
TCP: Final = "modbus-tcp"
HDLC: Final = "dlms-hdlc"
WRAPPER: Final = "dlms-wrapper"
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
    mode_e: bool = False

    def line(self, endpoint: str, *, dlms: bool = False) -> Line:
        """The line at an endpoint string, or at the bare path of a serial port.

        Raises `click.BadParameter` for a protocol that its meters do not speak.
        """
        name = endpoint
        if endpoint.startswith(_PATHS):
            path = endpoint.replace("\\", "\\\\").replace(":", "\\:")
            endpoint = f"serial:{path}:baudrate={self.baud}:parity={self.parity}:stopbits={self.stopbits}"
        is_serial = endpoint.startswith("serial:")
        spoken = (HDLC, WRAPPER) if dlms else (RTU, TCP)
        protocol: Any = self.protocol or spoken[not is_serial]
        if protocol not in spoken:
            raise click.BadParameter(f"these meters speak {' or '.join(spoken)}", param_hint="--protocol")
        behind_gateway = protocol == RTU and not is_serial
        return Line(
            name=name,
            endpoint=endpoint,
            protocol=protocol,
            baudrate=self.baud if behind_gateway else None,
            echo=self.echo,
            mode_e=self.mode_e,
        )


mode_e_option: Final = click.option(
    "--mode-e", is_flag=True, help="It is an optical probe: begin as IEC 62056-21 has it."
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
            type=click.Choice([RTU, TCP, HDLC, WRAPPER]),
            help="If it is left out: modbus-rtu and dlms-hdlc on serial ports, else -tcp and -wrapper.",
        ),
    ):
        command = option(command)
    return command


def converse(endpoint: str, options: LineOptions, talk: Callable[[ModbusLink, Any], Awaitable[T]]) -> T:
    """Run `talk(link, reactor)` on a Modbus line that is up, and return what it brings.

    Raises what `talk` raises, `LinkDown` where there is no connection to be had, and
    `click.BadParameter` for an endpoint that cannot be one.
    """
    return _converse(options.line(endpoint), open_link, talk, options.verbose)


def converse_dlms(endpoint: str, options: LineOptions, talk: Callable[[APDULine, Any], Awaitable[T]]) -> T:
    """The same on a line of DLMS meters."""
    return _converse(options.line(endpoint, dlms=True), open_dlms_line, talk, options.verbose)


def _converse(
    line: Line,
    open_line: Callable[[Line, Any], tuple[L, IService]],
    talk: Callable[[L, Any], Awaitable[T]],
    verbose: bool,
) -> T:
    if verbose:
        globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)
    outcome: list[T | BaseException] = []

    async def main(reactor: Any) -> None:
        # A signal stops the reactor, and with it the line: what comes of that is no outcome.
        reactor.addSystemEventTrigger("before", "shutdown", outcome.append, click.Abort())
        try:
            outcome.append(await _talk(line, open_line, talk, reactor))
        except Exception as error:
            outcome.append(error)

    with suppress(SystemExit):
        task.react(lambda reactor: ensureDeferred(main(reactor)))
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result


async def _talk(
    line: Line,
    open_line: Callable[[Line, Any], tuple[L, IService]],
    talk: Callable[[L, Any], Awaitable[T]],
    reactor: Any,
) -> T:
    try:
        link, service = open_line(line, reactor)
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
