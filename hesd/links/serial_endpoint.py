"""The `serial:` endpoint, which Twisted has not got.

``serial:PATH:baudrate=9600:bytesize=8:parity=E:stopbits=1:rs485=yes``: what is not said is
9600 8E1, as the serial line specification has it (2.5.1). The path is followed each time
the port is opened, so that one under /dev/serial/by-id leads to the adapter wherever it is
plugged in. It may hold colons, as those under by-path do.
"""

from __future__ import annotations

import errno
import os
import termios
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import serial
from serial.rs485 import RS485Settings
from twisted.internet import main
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionLost, NoProtocol
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamClientEndpointStringParserWithReactor,
)
from twisted.internet.serialport import SerialPort
from twisted.plugin import IPlugin
from twisted.python.failure import Failure
from zope.interface import implementer

_PSEUDO_TERMINALS: Final = "/dev/pts/"
# What each setting may be, and what it then is; nothing stands for any number.
_SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "baudrate": {},
    "bytesize": {"7": 7, "8": 8},
    "parity": {"N": "N", "E": "E", "O": "O"},
    "stopbits": {"1": 1, "2": 2},
    "rs485": {"YES": True, "NO": False},
}


@implementer(IAddress)
@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A serial port and how it is set."""

    path: str
    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "E"
    stopbits: int = 1
    rs485: bool = False

    @property
    def bits_per_character(self) -> int:
        """On the wire, the start bit included."""
        return 1 + self.bytesize + (self.parity != "N") + self.stopbits


@runtime_checkable
class SerialFormat(Protocol):
    """A transport whose characters can change while it is open."""

    def set_format(self, baudrate: int, bytesize: int, parity: str) -> None:
        """From now on; what has come and was not read yet is dropped."""


class _Port(SerialPort):
    """Opened for us alone, and closed when it is told to."""

    def __init__(self, protocol: IProtocol, address: SerialAddress, reactor: Any) -> None:
        self._rs485 = address.rs485
        # A pseudo terminal has eight bits and no parity, and says so by refusing others.
        self._pseudo = os.path.realpath(address.path).startswith(_PSEUDO_TERMINALS)
        self._call_later = reactor.callLater
        super().__init__(
            protocol,
            address.path,
            reactor,
            baudrate=address.baudrate,
            bytesize=address.bytesize,
            parity="N" if self._pseudo else address.parity,
            stopbits=address.stopbits,
        )

    def _serialFactory(self, *path: Any, **settings: Any) -> serial.Serial:  # type: ignore[override]  # a class
        port = serial.Serial(*path, **settings | {"exclusive": True})
        try:
            if self._rs485:
                port.rs485_mode = RS485Settings()
        except ValueError:
            port.close()
            raise
        # FTDI adapters keep characters for 16 ms by default; others do not know the setting.
        with suppress(ValueError):
            port.set_low_latency_mode(True)
        return port

    def set_format(self, baudrate: int, bytesize: int, parity: str) -> None:
        if self._pseudo:
            bytesize, parity = 8, "N"
        port: serial.Serial = self._serial
        port.apply_settings({"baudrate": baudrate, "bytesize": bytesize, "parity": parity})
        port.reset_input_buffer()

    def connectionLost(self, reason: Failure) -> None:
        if not self.disconnecting:  # a pulled adapter looks like the end of a file
            reason = Failure(ConnectionLost("the port is gone"))
        super().connectionLost(reason)

    def loseConnection(self, _connDone: Failure | None = None) -> None:
        """Close without waiting for a port that takes nothing more."""
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self.stopReading()
            self.stopWriting()
            self._call_later(0, self._close)

    def _close(self) -> None:
        if self.connected:
            self.connectionLost(Failure(main.CONNECTION_DONE))


@implementer(IStreamClientEndpoint)
class SerialEndpoint:
    """A serial port to be opened, again and again."""

    def __init__(self, reactor: Any, address: SerialAddress) -> None:
        self._reactor = reactor
        self.address = address

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Open the port. Fails with `OSError` (not there, taken, not ours to open) or `ValueError`."""
        return maybeDeferred(self._open, protocolFactory)

    def _open(self, factory: IProtocolFactory) -> IProtocol:
        protocol = factory.buildProtocol(self.address)
        if protocol is None:
            raise NoProtocol
        try:
            _Port(protocol, self.address, self._reactor)
        except serial.SerialException as error:
            raise _plainly(error, self.address.path) from error
        except termios.error as error:  # is no OSError
            code, text = error.args
            raise OSError(code, f"{self.address.path} does not take its settings: {text}") from error
        return protocol


def _plainly(error: serial.SerialException, path: str) -> OSError:
    """The error without pyserial's words around it, which say everything twice."""
    if error.errno == errno.EWOULDBLOCK:
        return OSError(errno.EBUSY, f"{path} is in use by another program")
    return error if error.errno is None else OSError(error.errno, os.strerror(error.errno), path)


@implementer(IPlugin, IStreamClientEndpointStringParserWithReactor)
class SerialEndpointParser:
    """Reads the endpoint's spelling."""

    prefix = "serial"

    def parseStreamClient(self, reactor: Any, *args: object, **kwargs: object) -> SerialEndpoint:
        """Raises `ValueError` for what is no setting of a serial port."""
        settings = {name: str(text) for name, text in kwargs.items()}
        return SerialEndpoint(reactor, _parse(":".join(map(str, args)), settings))


def _parse(path: str, settings: dict[str, str]) -> SerialAddress:
    if not path:
        raise ValueError("serial: needs the path of a port")
    if unknown := settings.keys() - _SETTINGS.keys():
        raise ValueError(f"serial: has {', '.join(_SETTINGS)}, not {', '.join(sorted(unknown))}")
    read: dict[str, Any] = {}
    for name, text in settings.items():
        values = _SETTINGS[name]
        if values and text.upper() not in values:
            raise ValueError(f"serial: {name} is one of {', '.join(values)}, not {text!r}")
        read[name] = values[text.upper()] if values else _baudrate(text)
    return SerialAddress(path, **read)


def _baudrate(text: str) -> int:
    if not (text.isdecimal() and int(text)):
        raise ValueError(f"serial: baudrate is a number such as 9600, not {text!r}")
    return int(text)
