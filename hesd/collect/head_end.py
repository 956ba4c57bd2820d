"""All lines and their meters: what the rest of the house talks to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from twisted.application.service import IService
from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.interfaces import IReactorTime

from hesd.collect.line_status import LineStatus
from hesd.collect.meter import MeterSpec, MeterState, UnknownMeter
from hesd.collect.poller import Poller
from hesd.collect.setting import SettingOutcome
from hesd.config import Line
from hesd.links.modbus_link import ModbusLink
from hesd.model.obis import OBIS
from hesd.model.reading import Reading

if TYPE_CHECKING:
    OpenLink = Callable[[Line], tuple[ModbusLink, IService]]


class HeadEnd:
    """The lines of one head end; a line begins to work when it is added.

    `open_link` makes the link of a line and the service that keeps it up. `on_readings`,
    `on_state` and `known` are as for `Poller`. Lines and meters come in any order: a meter
    is polled as long as its line is here.
    """

    def __init__(
        self,
        open_link: OpenLink,
        clock: IReactorTime,
        on_readings: Callable[[Sequence[Reading]], None],
        on_state: Callable[[MeterState], None],
        known: Callable[[str], Iterable[Reading]] = lambda _serial: (),
    ) -> None:
        self._open_link = open_link
        self._clock = clock
        self._on_readings = on_readings
        self._on_state = on_state
        self._known = known
        self._lines: dict[str, tuple[Poller, IService]] = {}
        self._specs: dict[str, MeterSpec] = {}

    def add_line(self, line: Line) -> None:
        """Open a line and poll its meters. Raises what `open_link` raises, and `ValueError`
        for a name that is taken."""
        if line.name in self._lines:
            raise ValueError(f"there is a line called {line.name} already")
        link, service = self._open_link(line)
        poller = Poller(line, link, self._clock, self._on_readings, self._on_state, self._known)
        self._lines[line.name] = poller, service
        poller.set_meters(self._on(line.name))
        poller.start()
        service.startService()

    async def remove_line(self, name: str) -> None:
        """Stop polling a line and close it; the others notice nothing."""
        poller, service = self._lines.pop(name)
        await poller.stop()
        await maybeDeferred(service.stopService)

    async def stop(self) -> None:
        """Stop all lines, those that are quick not waiting for those that are slow."""
        stopping = [Deferred.fromCoroutine(self.remove_line(name)) for name in tuple(self._lines)]
        for each in stopping:
            await each

    def place(self, specs: Iterable[MeterSpec]) -> None:
        """Make these the meters of the head end. Those that stay as they are notice nothing."""
        self._specs = {spec.serial: spec for spec in specs}
        for name, (poller, _) in self._lines.items():
            poller.set_meters(self._on(name))

    def lines(self) -> list[LineStatus]:
        """How the lines are doing, in the order they were added."""
        return [poller.status() for poller, _ in self._lines.values()]

    def state(self, serial: str) -> MeterState | None:
        """How a meter is doing, None for one that is on no line."""
        try:
            return self._poller_of(serial).state(serial)
        except UnknownMeter:
            return None

    def states(self) -> list[MeterState]:
        """How all meters are doing."""
        return [state for poller, _ in self._lines.values() for state in poller.states()]

    def read_now(self, serial: str, codes: Sequence[OBIS]) -> Deferred[list[Reading]]:
        """Read a meter before its turn; see `Poller.read_now`."""
        try:
            return self._poller_of(serial).read_now(serial, codes)
        except UnknownMeter as error:
            return fail(error)

    def write_setting(
        self, serial: str, name: str, value: float, password: str | None = None
    ) -> Deferred[SettingOutcome]:
        """Write one setting of a meter; see `Poller.write_setting`."""
        try:
            return self._poller_of(serial).write_setting(serial, name, value, password)
        except UnknownMeter as error:
            return fail(error)

    def _on(self, line: str) -> list[MeterSpec]:
        return [spec for spec in self._specs.values() if spec.line == line]

    def _poller_of(self, serial: str) -> Poller:
        spec = self._specs.get(serial)
        if spec is None or spec.line not in self._lines:
            raise UnknownMeter(f"no line has a meter {serial}")
        return self._lines[spec.line][0]
