"""A reading as a row, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading, Source, Value
from hesd.model.units import Unit
from hesd.store.exact import Packed, pack, pack_raw, unpack, unpack_raw

Row = tuple[int, int, Packed, Packed, int, int, int, int]

# Numbers on disk stay what they are: a new source gets a new one.
_SOURCE_CODES = {Source.POLL: 0, Source.READ: 1, Source.PROFILE: 2, Source.PUSH: 3, Source.IMPORT: 4}
_SOURCES = {code: source for source, code in _SOURCE_CODES.items()}


def to_row(series_id: int, reading: Reading) -> Row:
    """The columns of `readings`, in their order."""
    value, raw = reading.value, reading.raw
    return (
        series_id,
        reading.at_ms,
        # A float that is a number is packed as it is, and nearly all are.
        value if type(value) is float and value == value else pack(value),
        None if raw is value else pack_raw(raw, value),
        reading.scaler,
        int(reading.unit),
        int(reading.quality),
        _SOURCE_CODES[reading.source],
    )


def from_row(meter: str, obis: OBIS, row: Sequence[Any]) -> Reading:
    """The reading whose columns, after its series, are `row`."""
    at_ms, packed, packed_raw, scaler, unit, quality, source = row
    value: Value = unpack(packed)  # type: ignore[assignment]  # octets are a raw form, never a value
    raw = unpack_raw(packed_raw, value)
    return Reading(meter, obis, at_ms, raw, scaler, value, Unit.of(unit), Quality(quality), _SOURCES[source])
