"""Tells the head end which meters to read: the registry, the drivers and the configuration joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.head_end import HeadEnd
from hesd.collect.meter import MeterSpec
from hesd.config import Config, Group, Line, Listener
from hesd.driver.loading import LoadedDriver
from hesd.store import meters
from hesd.store.database import Database
from hesd.store.meters import Meter, MeterRefused
from hesd.web.meter_spec import NotPlaced, dlms_spec, modbus_spec


class Placement:
    """Keeps the head end at what the registry says."""

    def __init__(
        self,
        db: Database,
        head_end: HeadEnd,
        drivers: Mapping[str, LoadedDriver],
        config: Config,
        on_edit: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_edit` is called before the registry is read anew."""
        self._problems: dict[str, str] = {}
        self.lines: dict[str, Line | Listener] = {}
        self._db = db
        self._head_end = head_end
        self._drivers = drivers
        self._groups: dict[str, Group] = {}
        self._wanted = 0
        self._on_edit = on_edit
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Take over the lines, listeners and groups of a configuration; `renew` then makes use of them."""
        places: list[Line | Listener] = [*config.line, *config.listener]
        self.lines = {place.name: place for place in places}
        self._groups = {group.name: group for group in config.group}

    def why_not(self, meter: Meter) -> str | None:
        """Why a meter in service is not read, None where it is."""
        place = self.lines.get(meter.line or "")
        needed = ["driver", "line"]
        if isinstance(place, Line) and not place.is_dlms:
            needed.append("unit_id")
        missing = [name for name in needed if getattr(meter, name) is None]
        if missing:
            return f"it has no {' and no '.join(missing).replace('_', ' ')}"
        return self._problems.get(meter.serial)

    def check(self, fields: Mapping[str, Any]) -> None:
        """Refuse a driver or a line that there is none of, before it is registered.

        Raises `MeterRefused`.
        """
        for field, known in (("driver", self._drivers), ("line", self.lines)):
            name = str(fields.get(field) or "").strip()
            if name and name not in known:
                reason = f"there is no {field} {name}; there are {', '.join(sorted(known)) or 'none'}"
                raise MeterRefused(field, reason)

    async def renew(self) -> None:
        """Place the meters as they are registered now; to be called after every edit."""
        self._on_edit()
        self._wanted += 1
        turn = self._wanted
        registered = await self._db.read(meters.in_service)
        if turn == self._wanted:  # else a later edit reads more than this one saw
            self._head_end.place(self._specs(registered))

    def _specs(self, registered: Iterable[Meter]) -> list[MeterSpec | DLMSMeterSpec]:
        specs = []
        self._problems.clear()
        for meter in registered:
            try:
                specs.append(self._spec(meter))
            except NotPlaced as problem:
                self._problems[meter.serial] = str(problem)
        return specs

    def _spec(self, meter: Meter) -> MeterSpec | DLMSMeterSpec:
        place = self.lines.get(meter.line or "")
        if place is None:
            raise NotPlaced(f"the configuration has no line {meter.line}")
        loaded = self._drivers.get(meter.driver or "")
        if loaded is None or loaded.driver is None:
            trouble = "is not installed" if loaded is None else f"cannot be used: {loaded.problem}"
            raise NotPlaced(f"the driver {meter.driver} {trouble}")
        intervals = self._intervals(meter, place, self._groups.get(meter.group or ""))
        if isinstance(place, Line) and not place.is_dlms:
            return modbus_spec(meter, place, loaded, intervals)
        return dlms_spec(meter, place, loaded, intervals)

    def _intervals(self, meter: Meter, place: Line | Listener, group: Group | None) -> tuple[float, float]:
        """The meter's own word counts first, then its group's, then its line's or listener's."""
        fast = meter.interval or (group.interval if group else None) or place.interval
        slow = meter.slow_interval or (group.slow_interval if group else None) or place.slow_interval
        return float(fast), max(float(fast), float(slow))
