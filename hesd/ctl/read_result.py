"""What `hesctl read` found, whatever the meter speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import click

from hesd.ctl.printing import print_json, print_table
from hesd.model.obis import OBIS, InvalidOBIS
from hesd.model.quantities import quantity
from hesd.model.reading import Reading


class Named(Protocol):
    """Something a driver knows by its code."""

    @property
    def obis(self) -> OBIS: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What a meter said: a reading of everything asked for, and what is to be said about it.

    `failure` is what ended the conversation early, `refused` what the meter would not
    give, `warning` what is odd about the meter.
    """

    readings: list[Reading]
    failure: str
    refused: str
    warning: str

    def show(self, *, as_json: bool, asked_by_name: bool) -> None:
        """Print it. Raises `ClickException` where it is not what was asked for."""
        if self.warning:
            click.echo(f"Warning: {self.warning}", err=True)
        if as_json:
            print_json([_described(reading) for reading in self.readings])
        else:
            print_table(map(_described, self.readings), _COLUMNS)
        if self.failure:
            raise click.ClickException(self.failure)
        # A meter may lack some of its family's values, but not those that were asked for by name.
        if self.refused and (asked_by_name or all(reading.raw is None for reading in self.readings)):
            raise click.ClickException(self.refused)


def code_of(known: Mapping[str, Named], name: str) -> OBIS:
    """The code somebody means. Raises `BadParameter` for what is neither a code nor a name."""
    if name in known:
        return known[name].obis
    try:
        return OBIS(name)
    except InvalidOBIS as error:
        raise click.BadParameter(f"{name!r} is neither an OBIS code nor one of {', '.join(known)}") from error


def _described(reading: Reading) -> dict[str, Any]:
    """A reading in the unit people use: `raw` times ten to the `scaler` is the `value`."""
    raw = reading.raw
    return {
        "obis": reading.obis,
        "quantity": quantity(reading.obis).name,
        "raw": raw.hex() if isinstance(raw, bytes) else raw,
        "scaler": reading.scaler - reading.unit.exponent,
        "value": reading.shown if isinstance(reading.value, (int, float)) else reading.value,
        "unit": reading.unit.sign,
        "quality": reading.quality.label,
        "at": datetime.fromtimestamp(reading.at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
    }


_COLUMNS: Final = (
    ("OBIS", "obis"),
    ("QUANTITY", "quantity"),
    ("VALUE", lambda reading: _digits(reading["value"])),
    ("UNIT", "unit"),
    ("QUALITY", lambda reading: "" if reading["quality"] == "good" else reading["quality"]),
)


def _digits(value: Any) -> str:
    """Seven digits: more are not in a float32. Counters have them all."""
    if value is None:
        return "-"
    return f"{value:.7g}" if isinstance(value, float) else str(value)
