"""The command channel of a running plant: a line of text in, a line of text out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from twisted.internet.interfaces import IHalfCloseableProtocol, ITransport
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver
from zope.interface import implementer

from hesd.sim.faults import RULES, FaultError
from hesd.sim.simulator import Simulator

# Names of sockets may not be longer (unix(7)).
_LONGEST_NAME = 107

FAULTS = "\n".join(
    (
        "TARGET is a line or a meter's serial, KIND one of:",
        *(f"  {kind:<12} {rule.meaning} ({rule.usual})" for kind, rule in RULES.items()),
    )
)
HELP = f"""\
fault TARGET KIND [on|off|VALUE|DURATION] [for DURATION]
faults    what is switched on
status    what each line has counted
stop      end the simulation

{FAULTS}"""


def socket_address(path: Path) -> str:
    """How to name the socket `path` to the operating system, however long that is."""
    name = os.path.abspath(path)
    if len(os.fsencode(name)) <= _LONGEST_NAME:
        return name
    # The directory stays open as long as the process needs its name.
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    return f"/proc/self/fd/{directory}/{path.name}"


@implementer(IHalfCloseableProtocol)
class Control(LineOnlyReceiver):
    """One conversation. `ended` is called when the other side has nothing more to say.

    Everything that was asked is answered before that, also what came just before the end.
    """

    transport: ITransport
    delimiter = b"\n"
    MAX_LENGTH = 1024

    def __init__(self, simulator: Simulator, stop: Callable[[], None], ended: Callable[[], None]) -> None:
        self._simulator = simulator
        self._stop = stop
        self._ended = ended
        self._is_heard = True

    def lineReceived(self, line: bytes) -> None:
        command = line.decode("utf-8", "replace").strip()
        if command:
            self.sendLine(self._answer(command).encode())
        if command == "stop":
            self._ended = self._stop
            self.readConnectionLost()

    def readConnectionLost(self) -> None:
        if self._is_heard:
            self.transport.loseConnection()
        else:
            self.connectionLost()

    def writeConnectionLost(self) -> None:
        self._is_heard = False

    def connectionLost(self, reason: object = None) -> None:  # noqa: ARG002
        self._ended()

    def _answer(self, command: str) -> str:
        verb, _, words = command.partition(" ")
        match verb:
            case "fault":
                try:
                    self._simulator.board.obey(words)
                except FaultError as error:
                    return f"error: {error}"
                return "ok"
            case "faults":
                return json.dumps(self._simulator.board.on())
            case "status":
                return json.dumps(self._simulator.report())
            case "stop":
                return "ok"
            case "help":
                return HELP
        return f"error: expected fault, faults, status, help or stop, got {verb!r}"


class ControlFactory(Factory):
    """Conversations over a socket; their end ends nothing else."""

    noisy = False

    def __init__(self, simulator: Simulator, stop: Callable[[], None]) -> None:
        self._simulator = simulator
        self._stop = stop

    def buildProtocol(self, addr: object) -> Control:  # noqa: ARG002
        return Control(self._simulator, self._stop, lambda: None)
