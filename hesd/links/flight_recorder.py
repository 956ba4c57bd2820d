"""The last frames of a line, kept in memory for whoever asks afterwards what was said.

Frames are kept as they were on the wire, bounded in number and octets, but for the
secrets in them: `redaction` blanks those first. A recorder is nearly nothing until there is a
frame, and then one run of octets, for there may be ten thousand of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

from hesd.links.redaction import redacted

_MAX_FRAMES: Final = 64
_MAX_OCTETS: Final = 4096
_HEAD: Final = Struct(">QH")  # when; how many octets, and whether they were sent
_HEAD_LENGTH: Final = _HEAD.size
_pack_head = _HEAD.pack
_SENT: Final = 0x8000
_LONGEST: Final = _SENT - 1


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """Octets that went `sent` out or came in, at a time (UTC, ms since 1970)."""

    at_ms: int
    sent: bool
    octets: bytes


class FlightRecorder:
    """A ring of frames; the oldest are forgotten first.

    `max_octets` is at most 32767, the time of each frame not counted.
    """

    __slots__ = ("_count", "_hiding", "_kept", "_max_frames", "_max_octets")

    def __init__(self, max_frames: int = _MAX_FRAMES, max_octets: int = _MAX_OCTETS) -> None:
        self._kept: bytearray | None = None
        self._count = 0
        self._hiding = False
        self._max_frames = max_frames
        self._max_octets = min(max_octets, _LONGEST)

    def record(self, at_ms: int, sent: bool, octets: bytes) -> None:
        """Keep one frame, without its secrets; of one longer than the whole ring, its beginning."""
        octets, self._hiding = redacted(octets, self._hiding)
        length = len(octets)
        if length > self._max_octets:
            length = self._max_octets
            octets = octets[:length]
        kept = self._kept
        if kept is None:
            kept = self._kept = bytearray()
        kept += _pack_head(at_ms, length | _SENT if sent else length)
        kept += octets
        self._count += 1
        if self._count > self._max_frames or len(kept) - self._count * _HEAD_LENGTH > self._max_octets:
            self._forget(kept)

    def _forget(self, kept: bytearray) -> None:
        """Make the oldest frames go until the rest fits."""
        forgotten, octets = 0, len(kept) - self._count * _HEAD_LENGTH
        while self._count > self._max_frames or octets > self._max_octets:
            _, length = _HEAD.unpack_from(kept, forgotten)
            forgotten += _HEAD_LENGTH + (length & _LONGEST)
            octets -= length & _LONGEST
            self._count -= 1
        del kept[:forgotten]

    def __iter__(self) -> Iterator[RecordedFrame]:
        kept, at = bytes(self._kept or b""), 0
        while at < len(kept):
            at_ms, length = _HEAD.unpack_from(kept, at)
            start = at + _HEAD_LENGTH
            at = start + (length & _LONGEST)
            yield RecordedFrame(at_ms, length & _SENT != 0, kept[start:at])

    def __len__(self) -> int:
        return self._count
