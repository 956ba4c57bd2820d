"""What can be wrong with a simulated meter or line, switched while the plant runs.

Each target, a meter by its serial or a line by its name, has a mapping from the kinds that
are on to their value. Meters and lines look into theirs at every request, so a switch acts
at once; only a line that is unplugged has to be told, because nobody asks it anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hesd.model.errors import HesdError
from hesd.toml_file import Duration


class FaultKind(StrEnum):
    """The faults by the name they have in the plant file and on the command channel."""

    DEAD = "dead"
    SLOW = "slow"
    LATE = "late"
    CORRUPT = "corrupt"
    EXCEPTION = "exception"
    UNAVAILABLE = "unavailable"
    ECHO = "echo"
    NOISE = "noise"
    UNPLUG = "unplug"
    TRICKLE = "trickle"
    DUPLICATE = "duplicate"
    STALE = "stale"
    LOST_BLOCK = "lost-block"
    LOST_REPLY = "lost-reply"
    BUSY = "busy"
    CLOCK = "clock"
    NAT = "nat"
    FORGED = "forged"
    REPLAYED = "replayed"
    CLEAR = "clear"


class Scope(StrEnum):
    """What a fault can befall."""

    METER = "a meter's serial"
    MODBUS = "a Modbus meter's serial"
    DLMS = "a DLMS meter's serial"
    LINE = "a line"
    BUS = "a bus"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a fault's value may be and what it is where nobody says; (1, 1) is only on or off."""

    scope: Scope
    default: float
    limits: tuple[float, float]
    meaning: str

    @property
    def is_switch(self) -> bool:
        return self.limits == (1, 1)

    def takes(self, value: float) -> bool:
        low, high = self.limits
        return low <= value <= high

    @property
    def usual(self) -> str:
        """How to write it."""
        low, high = self.limits
        return "on or off" if self.is_switch else f"{low:g} to {high:g}"


RULES: Mapping[FaultKind, Rule] = {
    FaultKind.DEAD: Rule(Scope.METER, 1, (1, 1), "it does not answer"),
    FaultKind.SLOW: Rule(Scope.METER, 0.2, (0, 60), "it thinks so many seconds longer"),
    FaultKind.LATE: Rule(Scope.METER, 1.5, (0, 60), "the same, so long that nobody waits any more"),
    FaultKind.CORRUPT: Rule(Scope.METER, 0.3, (0, 1), "this share of its answers has a bit flipped"),
    FaultKind.EXCEPTION: Rule(Scope.MODBUS, 4, (1, 255), "it answers this exception code"),
    FaultKind.UNAVAILABLE: Rule(Scope.METER, 1, (1, 1), "every value is the one for not available"),
    FaultKind.ECHO: Rule(Scope.BUS, 1, (1, 1), "the adapter hands back what it sends"),
    FaultKind.NOISE: Rule(Scope.LINE, 0.2, (0, 1), "this share of conversations has stray characters"),
    FaultKind.UNPLUG: Rule(Scope.LINE, 1, (1, 1), "the adapter is gone, and so is its path"),
    FaultKind.TRICKLE: Rule(Scope.DLMS, 20, (1, 1e6), "its answers come with so many octets a second"),
    FaultKind.DUPLICATE: Rule(Scope.DLMS, 1, (1, 1), "every answer comes twice"),
    FaultKind.STALE: Rule(Scope.DLMS, 1, (1, 1), "it has forgotten its association, once"),
    FaultKind.LOST_BLOCK: Rule(Scope.DLMS, 0.2, (0, 1), "this share of blocks never comes"),
    FaultKind.LOST_REPLY: Rule(Scope.DLMS, 1, (1, 1), "what SET and ACTION ask for is done, not answered"),
    FaultKind.BUSY: Rule(Scope.DLMS, 1, (1, 1), "it refuses everything as a temporary failure"),
    FaultKind.CLOCK: Rule(Scope.DLMS, 3600, (-1e9, 1e9), "its clock is so many seconds ahead"),
    FaultKind.NAT: Rule(Scope.DLMS, 1, (1, 1), "its connection is dead, and neither side is told"),
    FaultKind.FORGED: Rule(Scope.DLMS, 1, (1, 1), "the tags of its ciphered answers are wrong"),
    FaultKind.REPLAYED: Rule(Scope.DLMS, 1, (1, 1), "its ciphered answers have counters that were used"),
    FaultKind.CLEAR: Rule(Scope.DLMS, 1, (1, 1), "it answers in clear where ciphering was agreed"),
}

Faults = dict[FaultKind, float]


class FaultError(HesdError):
    """A switch that names no target or kind, or a value that cannot be."""


class FaultBoard:
    """All switches of a plant. `switched` is told every change with target, kind and value."""

    def __init__(
        self,
        clock: IReactorTime,
        buses: Iterable[str],
        tcp: Iterable[str],
        serials: Iterable[str],
        dlms_serials: Iterable[str] = (),
    ) -> None:
        """Lines that are no buses are `tcp`, `serials` are those of Modbus meters."""
        self._clock = clock
        wires: dict[str, Faults] = {name: {} for name in buses}
        modbus: dict[str, Faults] = {serial: {} for serial in serials}
        dlms: dict[str, Faults] = {serial: {} for serial in dlms_serials}
        self._meters = modbus | dlms
        self._lines = wires | {name: {} for name in tcp}
        self._targets: dict[Scope, dict[str, Faults]] = {
            Scope.METER: self._meters,
            Scope.MODBUS: modbus,
            Scope.DLMS: dlms,
            Scope.LINE: self._lines,
            Scope.BUS: wires,
        }
        self._ends: dict[tuple[str, FaultKind], IDelayedCall] = {}
        self.switched: Callable[[str, FaultKind, float | None], None] = lambda *_: None

    def of_line(self, name: str) -> Faults:
        """What is wrong with a line, kept up to date."""
        return self._lines[name]

    def of_meter(self, serial: str) -> Faults:
        """What is wrong with a meter, kept up to date."""
        return self._meters[serial]

    def on(self) -> dict[str, Faults]:
        """Every target that has a fault, with its faults."""
        targets = {**self._lines, **self._meters}
        return {target: dict(faults) for target, faults in targets.items() if faults}

    def switch(
        self, target: str, kind: FaultKind, value: float | None = None, seconds: float | None = None
    ) -> None:
        """Switch a fault on, with the kind's usual value for None; for good or for `seconds`.

        Raises `FaultError`.
        """
        faults = self._faults(target, kind)
        rule = RULES[kind]
        value = rule.default if value is None else value
        if not rule.takes(value):
            raise FaultError(f"expected {rule.usual} for {kind}, got {value:g}")
        self._forget_end(target, kind)
        faults[kind] = value
        if seconds is not None:
            self._ends[target, kind] = self._clock.callLater(seconds, self.clear, target, kind)
        self.switched(target, kind, value)

    def clear(self, target: str, kind: FaultKind) -> None:
        """Switch a fault off. Raises `FaultError`."""
        faults = self._faults(target, kind)
        self._forget_end(target, kind)
        if faults.pop(kind, None) is not None:
            self.switched(target, kind, None)

    def obey(self, words: str) -> None:
        """Carry out ``TARGET KIND [on|off|VALUE|DURATION] [for DURATION]``.

        A duration is the value of `slow` and `late`, and how long a fault that is only on or
        off stays on: ``bus-1 unplug 5s``. Raises `FaultError`.
        """
        match = _COMMAND.fullmatch(words.strip())
        if match is None or match["kind"] not in set(FaultKind):
            raise FaultError(f"expected TARGET KIND [on|off|VALUE] [for DURATION], got {words.strip()!r}")
        target, kind = match["target"], FaultKind(match["kind"])
        value, seconds = match["value"] or "on", match["seconds"]
        if value == "off":
            self.clear(target, kind)
        elif value == "on":
            self.switch(target, kind, None, _seconds(seconds))
        elif RULES[kind].is_switch:
            self.switch(target, kind, None, _seconds(value))
        else:
            self.switch(target, kind, _number(value), _seconds(seconds))

    def forget_ends(self) -> None:
        """Leave everything as it is switched: nothing ends by itself any more."""
        for target, kind in tuple(self._ends):
            self._forget_end(target, kind)

    def _faults(self, target: str, kind: FaultKind) -> Faults:
        scope = RULES[kind].scope
        known = self._targets[scope]
        if target not in known:
            raise FaultError(f"expected {scope} for {kind}, got {target!r}")
        return known[target]

    def _forget_end(self, target: str, kind: FaultKind) -> None:
        end = self._ends.pop((target, kind), None)
        if end is not None and end.active():
            end.cancel()


_COMMAND = re.compile(
    r"(?P<target>\S+)\s+(?P<kind>\S+)(?:\s+(?P<value>(?!for\b)\S+))?(?:\s+for\s+(?P<seconds>\S+))?"
)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise FaultError(f"{error}, got {text!r}") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        seconds = _seconds(text)
        assert seconds is not None
        return seconds
