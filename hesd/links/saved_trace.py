"""Traces in files: what a flight recorder kept, one frame a line in JSON.

::

    {"at":"2026-11-20T15:00:00.123Z","direction":"sent","octets":"00010011..."}

Secrets were blanked when the frames were recorded, so such a file may be shown around.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from hesd.links.flight_recorder import RecordedFrame
from hesd.model.errors import HesdError

# Of a whole file: some thousand recorders.
_LONGEST: Final = 1 << 24


class TraceError(HesdError):
    """This is no trace, or not one that this can be done with."""


class SavedFrame(Struct, frozen=True):
    """`at` in UTC, `octets` in hex."""

    at: Annotated[datetime, Meta(tz=True)]
    direction: Literal["sent", "received"]
    octets: Annotated[str, Meta(pattern=r"^(?:[0-9A-Fa-f]{2})*$")]


def save_trace(frames: Iterable[RecordedFrame]) -> bytes:
    """The frames as the lines of a file."""
    return save_frames(
        SavedFrame(
            datetime.fromtimestamp(frame.at_ms / 1000, UTC),
            "sent" if frame.sent else "received",
            frame.octets.hex(),
        )
        for frame in frames
    )


def save_frames(frames: Iterable[SavedFrame]) -> bytes:
    """The same for frames that are in words already."""
    return msgspec.json.Encoder().encode_lines(list(frames))


def read_trace(lines: bytes) -> list[RecordedFrame]:
    """The frames of a file. Raises `TraceError`."""
    if len(lines) > _LONGEST:
        raise TraceError(f"a trace of {len(lines)} octets is too long")
    try:
        saved = msgspec.json.Decoder(SavedFrame).decode_lines(lines)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TraceError(f"not a saved trace: {error}") from None
    return [_recorded(frame) for frame in saved]


def _recorded(frame: SavedFrame) -> RecordedFrame:
    at_ms = round(frame.at.timestamp() * 1000)
    return RecordedFrame(at_ms, frame.direction == "sent", bytes.fromhex(frame.octets))
