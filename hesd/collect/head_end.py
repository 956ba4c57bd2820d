"""All lines, listeners and their meters: what the rest of the house talks to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from twisted.application.service import IService
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorTime

from hesd.collect.association_tally import AssociationTally
from hesd.collect.dialled_in import DialIn
from hesd.collect.dlms_doors import DLMSDoors as DLMSDoors
from hesd.collect.dlms_doors import OpenedListener
from hesd.collect.dlms_meter import DLMSMeter
from hesd.collect.dlms_poller import DLMSPoller
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.line_status import LineStatus, ListenerStatus
from hesd.collect.meter import MeterSpec, MeterState, NotOffered, UnknownMeter
from hesd.collect.poller import Poller
from hesd.collect.setting import SettingOutcome, SettingRefused
from hesd.config import Line, Listener
from hesd.links.flight_recorder import RecordedFrame
from hesd.links.modbus_link import ModbusLink
from hesd.model.obis import OBIS
from hesd.model.reading import Reading

T = TypeVar("T")

if TYPE_CHECKING:
    OpenLink = Callable[[Line], tuple[ModbusLink, IService]]
    Spec = MeterSpec | DLMSMeterSpec


class HeadEnd:
    """The lines and listeners of one head end; each begins to work when it is added.

    `open_link` makes the link of a Modbus line and the service that keeps it up, `dlms` is
    for the others. `on_readings`, `on_state` and `known` are as for `Poller`. Lines and
    meters come in any order: a meter is polled as long as its line is here.
    """

    def __init__(
        self,
        open_link: OpenLink,
        clock: IReactorTime,
        on_readings: Callable[[Sequence[Reading]], None],
        on_state: Callable[[MeterState], None],
        known: Callable[[str], Iterable[Reading]] = lambda _serial: (),
        dlms: DLMSDoors | None = None,
    ) -> None:
        self._open_link = open_link
        self._clock = clock
        self._on_readings = on_readings
        self._on_state = on_state
        self._known = known
        self._dlms = dlms
        self._lines: dict[str, tuple[Poller | DLMSPoller, IService]] = {}
        self._listeners: dict[str, OpenedListener] = {}
        self._dial_in = None if dlms is None else DialIn(dlms.desk)
        self._specs: dict[str, Spec] = {}
        if self._dial_in is not None:
            self._dial_in.start()

    # -- lines and listeners ------------------------------------------------------------

    def add_line(self, line: Line) -> None:
        """Open a line and poll its meters. Raises what opening raises, and `ValueError` for a
        name that is taken."""
        self._check_name(line.name)
        poller, service = self._dlms_line(line) if line.is_dlms else self._modbus_line(line)
        self._lines[line.name] = poller, service
        self._place_on(line.name)
        poller.start()
        service.startService()

    async def remove_line(self, name: str) -> None:
        """Stop polling a line and close it; the others notice nothing."""
        poller, service = self._lines.pop(name)
        await poller.stop()
        await maybeDeferred(service.stopService)

    async def add_listener(self, listener: Listener) -> None:
        """Let meters dial in. Raises what listening raises, and `ValueError` for a name that is taken."""
        self._check_name(listener.name)
        dlms, dial_in = self._with_dlms()
        opened = dlms.open_listener(listener, dial_in.reception)
        self._listeners[listener.name] = opened
        dial_in.add_listener(listener, opened.counters)
        self._place_dialled_in()
        try:
            await opened.listen()
        except BaseException:
            await self.remove_listener(listener.name)
            raise

    async def remove_listener(self, name: str) -> None:
        """Hang up on those who dialled a listener, and listen there no more."""
        opened = self._listeners.pop(name)
        await opened.stop()
        if self._dial_in is not None:
            self._dial_in.remove_listener(name)
            self._place_dialled_in()

    async def stop(self) -> None:
        """Stop everything, what is quick not waiting for what is slow."""
        stopping = [Deferred.fromCoroutine(self.remove_line(name)) for name in tuple(self._lines)]
        if self._dial_in is not None:
            stopping.append(Deferred.fromCoroutine(self._stop_dial_in(self._dial_in)))
        for each in stopping:
            await each

    async def _stop_dial_in(self, dial_in: DialIn) -> None:
        await dial_in.stop()
        for name in tuple(self._listeners):
            await self.remove_listener(name)

    def _modbus_line(self, line: Line) -> tuple[Poller, IService]:
        link, service = self._open_link(line)
        poller = Poller(line, link, self._clock, self._on_readings, self._on_state, self._known)
        return poller, service

    def _dlms_line(self, line: Line) -> tuple[DLMSPoller, IService]:
        dlms, _ = self._with_dlms()
        link, service = dlms.open_line(line)
        return DLMSPoller(line, link, dlms.desk), service

    def _with_dlms(self) -> tuple[DLMSDoors, DialIn]:
        if self._dlms is None or self._dial_in is None:
            raise ValueError("this head end speaks no DLMS")
        return self._dlms, self._dial_in

    def _check_name(self, name: str) -> None:
        if name in self._lines or name in self._listeners:
            raise ValueError(f"there is a line or listener called {name} already")

    def lines(self) -> list[LineStatus]:
        """How the lines are doing, in the order they were added."""
        return [poller.status() for poller, _ in self._lines.values()]

    def listeners(self) -> list[ListenerStatus]:
        """How the listeners are doing, in the order they were added."""
        return [] if self._dial_in is None else self._dial_in.status()

    @property
    def associations(self) -> AssociationTally:
        """How often meters were associated with since the start."""
        return AssociationTally() if self._dlms is None else self._dlms.desk.associations

    @property
    def pushes_refused(self) -> Counter[str]:
        """How many pushes were not taken since the start, by reason."""
        return Counter() if self._dlms is None else self._dlms.desk.pushes_refused

    # -- meters ---------------------------------------------------------------------------

    def place(self, specs: Iterable[Spec]) -> None:
        """Make these the meters of the head end. Those that stay as they are notice nothing."""
        self._specs = {spec.serial: spec for spec in specs}
        for name in self._lines:
            self._place_on(name)
        self._place_dialled_in()

    def state(self, serial: str) -> MeterState | None:
        """How a meter is doing, None for one that is on no line."""
        try:
            return self._home_of(serial).state(serial)
        except UnknownMeter:
            return None

    def states(self) -> list[MeterState]:
        """How all meters are doing."""
        on_lines = chain.from_iterable(poller.states() for poller, _ in self._lines.values())
        return [*on_lines, *(() if self._dial_in is None else self._dial_in.states())]

    def read_now(self, serial: str, codes: Sequence[OBIS]) -> Deferred[list[Reading]]:
        """Read a meter before its turn; see `Poller.read_now`."""
        try:
            return self._home_of(serial).read_now(serial, codes)
        except UnknownMeter as error:
            return fail(error)

    def write_setting(
        self, serial: str, name: str, value: float, password: str | None = None
    ) -> Deferred[SettingOutcome]:
        """Write one setting of a Modbus meter; see `Poller.write_setting`."""
        try:
            home = self._home_of(serial)
        except UnknownMeter as error:
            return fail(error)
        if isinstance(home, Poller):
            return home.write_setting(serial, name, value, password)
        return fail(SettingRefused(f"{serial} is a DLMS meter and has no setting {name!r}"))

    def speaks_dlms(self, serial: str) -> bool:
        """Whether a meter is one for `with_meter`."""
        return isinstance(self._specs.get(serial), DLMSMeterSpec)

    def with_meter(
        self, serial: str, work: Callable[[DLMSMeter], Awaitable[T]], *, command: bool = False
    ) -> Deferred[T]:
        """Do some work with a DLMS meter; a `command` only once the meter is proved to be the one.

        Fails with `UnknownMeter`, `NotOffered` for a meter that speaks no DLMS, `LinkDown`,
        `NotProven`, and as `work` does.
        """
        try:
            home = self._home_of(serial)
        except UnknownMeter as error:
            return fail(error)
        if isinstance(home, Poller):
            return fail(NotOffered(f"{serial} is a Modbus meter"))
        return home.with_meter(serial, work, command=command)

    def release(self, serial: str) -> Deferred[None]:
        """End the session with a DLMS meter, if there is one: the next begins with its keys as they are."""
        try:
            home = self._home_of(serial)
        except UnknownMeter:
            return succeed(None)
        return succeed(None) if isinstance(home, Poller) else home.release(serial)

    def trace(self, serial: str) -> list[RecordedFrame]:
        """The last frames of the line a DLMS meter is on, the oldest first.

        Raises `UnknownMeter`, and `NotOffered` for a meter that speaks no DLMS.
        """
        home = self._home_of(serial)
        if isinstance(home, Poller):
            raise NotOffered(f"frames of Modbus meters such as {serial} are not kept")
        return home.trace(serial)

    def _place_on(self, name: str) -> None:
        poller = self._lines[name][0]
        here = [spec for spec in self._specs.values() if spec.line == name]
        if isinstance(poller, Poller):
            poller.set_meters(spec for spec in here if isinstance(spec, MeterSpec))
        else:
            poller.set_meters(spec for spec in here if isinstance(spec, DLMSMeterSpec))

    def _place_dialled_in(self) -> None:
        if self._dial_in is not None:
            specs = (spec for spec in self._specs.values() if isinstance(spec, DLMSMeterSpec))
            self._dial_in.set_meters(spec for spec in specs if spec.line in self._listeners)

    def _home_of(self, serial: str) -> Poller | DLMSPoller | DialIn:
        spec = self._specs.get(serial)
        if spec is not None and spec.line in self._lines:
            return self._lines[spec.line][0]
        if spec is not None and spec.line in self._listeners and self._dial_in is not None:
            return self._dial_in
        raise UnknownMeter(f"no line has a meter {serial}")
