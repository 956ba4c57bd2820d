"""A test case with a real SQLite file of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import TestCase

from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Raw, Reading, Source, Value
from hesd.model.units import Unit
from hesd.store.database import Database

ENERGY = OBIS("1-0:1.8.0")
VOLTAGE = OBIS("1-0:32.7.0")
NOON = 1_780_315_200_000  # 2026-06-01T12:00:00Z


class StoreCase(TestCase):
    """`self.database` is migrated and closed again; `self.run_in` calls a function over it."""

    def setUp(self) -> None:
        self.state = Path(self.mktemp())
        self.database = self.open()
        self.database.migrate()

    def open(self, url: str = "sqlite:///hesd.db") -> Database:
        database = Database(url, self.state, reactor)  # type: ignore[arg-type]
        self.addCleanup(lambda: ensureDeferred(database.close()))
        return database

    def read(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.database.read_blocking(function, *args, **kwargs)

    def write(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.database.write_blocking(function, *args, **kwargs)


def reading(
    at_ms: int = NOON,
    value: Value = 230.5,
    *,
    meter: str = "M1",
    obis: OBIS = VOLTAGE,
    unit: Unit = Unit.V,
    quality: Quality = Quality.GOOD,
    source: Source = Source.POLL,
) -> Reading:
    """A reading whose raw number is its value."""
    return Reading(meter, obis, at_ms, value, 0, value, unit, quality, source)


def energy(at_ms: int, raw: Raw, value: Value = None, *, meter: str = "M1", scaler: int = 0) -> Reading:
    """A reading of an energy register."""
    return Reading(meter, ENERGY, at_ms, raw, scaler, raw if value is None else value, Unit.WH)  # type: ignore[arg-type]


def numbered(number: int) -> Reading:
    """A reading that can be told from its number, one of 50 series."""
    return energy(NOON + number, number * 7, number * 7000, meter=f"M{number % 50}", scaler=3)
