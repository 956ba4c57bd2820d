"""The relay of a simulated meter: class 70 with its modes, and a load that is gone without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hesd.dlms.action import ActionResponse
from hesd.dlms.cosem_meaning import ControlState
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.model.obis import OBIS
from hesd.sim.dlms_object import Attribute, ServedObject, done, setting
from hesd.sim.habits import Habit
from hesd.sim.load import Energy, Load

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

CLASS_ID: Final = 70
# Control modes (IEC 62056-6-2, 4.5.8.2.2.4): in 0 nothing can be switched from afar; in 2 and
# 4 a reconnection from afar closes the relay at once, in the others somebody has to press.
NEVER: Final = 0
AT_ONCE: Final = (2, 4)
DEFAULT_MODE: Final = 4


class SwitchedLoad:
    """A load behind a relay: nothing flows while that is open, and nothing is counted."""

    __slots__ = ("_load", "_off", "_off_since")

    def __init__(self, load: Load) -> None:
        self._load = load
        self._off: tuple[tuple[float, float], ...] = ()
        self._off_since: float | None = None

    @property
    def habit(self) -> Habit:
        return self._load.habit

    @property
    def rated_w(self) -> float:
        return self._load.rated_w

    @property
    def since(self) -> float:
        return self._load.since

    def switch(self, on: bool, at: float) -> None:
        """Open or close the relay; nothing happens where it stands so already."""
        if on and self._off_since is not None:
            self._off = (*self._off, (self._off_since, at))
            self._off_since = None
        elif not on and self._off_since is None:
            self._off_since = at

    def is_on(self, at: float) -> bool:
        return not any(start <= at < end for start, end in self._gaps(at + 1))

    def hours(self, at: float) -> float:
        return self._load.hours(at) - sum(end - start for start, end in self._gaps(at)) / 3600

    def watts(self, at: float) -> float:
        return self._load.watts(at) if self.is_on(at) else 0.0

    def energy(self, at: float) -> Energy:
        imported, exported = self._load.energy(at)
        for start, end in self._gaps(at):
            before, after = self._load.energy(start), self._load.energy(end)
            imported -= after.imported - before.imported
            exported -= after.exported - before.exported
        return Energy(imported, exported)

    def _gaps(self, until: float) -> list[tuple[float, float]]:
        """When it was off before `until`."""
        gaps = self._off if self._off_since is None else (*self._off, (self._off_since, until))
        return [(start, min(end, until)) for start, end in gaps if start < until]


class Relay:
    """Whether the supply is connected, and who may change that."""

    __slots__ = ("_load", "mode", "state", "switched")

    def __init__(self, load: SwitchedLoad, mode: int) -> None:
        self._load = load
        self.mode = mode
        self.state = ControlState.CONNECTED
        # (when, whether closed): what the relay's logs show of this run.
        self.switched: list[tuple[float, bool]] = []

    @property
    def is_closed(self) -> bool:
        """The output state: whether current can flow."""
        return self.state is ControlState.CONNECTED

    def disconnect(self, at: float) -> None:
        """From afar."""
        if self.mode != NEVER:
            self._become(ControlState.DISCONNECTED, at)

    def reconnect(self, at: float) -> None:
        """From afar: at once, or so that somebody at the meter may."""
        if self.mode != NEVER and self.state is ControlState.DISCONNECTED:
            at_once = self.mode in AT_ONCE
            self._become(ControlState.CONNECTED if at_once else ControlState.READY_FOR_RECONNECTION, at)

    def press(self, at: float) -> None:
        """Somebody at the meter presses its button."""
        if self.state is ControlState.READY_FOR_RECONNECTION:
            self._become(ControlState.CONNECTED, at)

    def _become(self, state: ControlState, at: float) -> None:
        was_closed, self.state = self.is_closed, state
        if was_closed is not self.is_closed:
            self._load.switch(self.is_closed, at)
            self.switched.append((at, self.is_closed))


def relay_object(obis: OBIS) -> ServedObject:
    """Class 70."""

    def mode(meter: SimulatedDLMSMeter) -> Data:
        return Data.of(DataType.ENUM, meter.relay.mode)

    return ServedObject(
        CLASS_ID,
        obis,
        {
            2: Attribute(lambda meter: Data.of(DataType.BOOLEAN, meter.relay.is_closed)),
            3: Attribute(lambda meter: Data.of(DataType.ENUM, meter.relay.state)),
            4: Attribute(mode),
        },
        {1: _disconnect, 2: _reconnect},
    )


def _disconnect(meter: SimulatedDLMSMeter, _: Data | None) -> ActionResponse:
    meter.relay.disconnect(meter.at())
    return done()


def _reconnect(meter: SimulatedDLMSMeter, _: Data | None) -> ActionResponse:
    meter.relay.reconnect(meter.at())
    return done()


def limiter_object(obis: OBIS, monitored: OBIS) -> ServedObject:
    """Class 71: cuts nothing here, but can be read and set."""
    name = Data.structure(
        Data.of(DataType.LONG_UNSIGNED, 3),
        Data.of(DataType.OCTET_STRING, monitored.octets),
        Data.of(DataType.INTEGER, 2),
    )

    def number(attribute: int, type_: DataType, value: int) -> Attribute:
        return setting(71, obis, attribute, lambda _: Data.of(type_, value))

    return ServedObject(
        71,
        obis,
        {
            2: Attribute(lambda _: name),
            3: number(3, DataType.DOUBLE_LONG_UNSIGNED, 12_000),
            4: number(4, DataType.DOUBLE_LONG_UNSIGNED, 12_000),
            5: number(5, DataType.DOUBLE_LONG_UNSIGNED, 3_000),
            6: number(6, DataType.DOUBLE_LONG_UNSIGNED, 60),
            7: number(7, DataType.DOUBLE_LONG_UNSIGNED, 60),
            10: Attribute(lambda _: Data.of(DataType.BOOLEAN, False)),
        },
    )
