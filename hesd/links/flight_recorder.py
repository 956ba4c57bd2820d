"""The last frames of a line, kept in memory for whoever asks afterwards what was said.

Frames are kept as they were on the wire, bounded in number and octets. Passwords and
challenges in AARQ and what is written to secret objects are blanked before they are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MAX_FRAMES: Final = 64
_MAX_OCTETS: Final = 4096


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """Octets that went `sent` out or came in, at a time (UTC, ms since 1970)."""

    at_ms: int
    sent: bool
    octets: bytes


class FlightRecorder:
    """A ring of frames; the oldest are forgotten first."""

    __slots__ = ("_frames", "_max_frames", "_max_octets", "_octets")

    def __init__(self, max_frames: int = _MAX_FRAMES, max_octets: int = _MAX_OCTETS) -> None:
        self._frames: deque[RecordedFrame] = deque()
        self._octets = 0
        self._max_frames = max_frames
        self._max_octets = max_octets

    def record(self, at_ms: int, sent: bool, octets: bytes) -> None:
        """Keep a frame; of one longer than the whole ring, its beginning."""
        octets = octets[: self._max_octets]
        self._frames.append(RecordedFrame(at_ms, sent, octets))
        self._octets += len(octets)
        while self._octets > self._max_octets or len(self._frames) > self._max_frames:
            self._octets -= len(self._frames.popleft().octets)

    def __iter__(self) -> Iterator[RecordedFrame]:
        return iter(tuple(self._frames))

    def __len__(self) -> int:
        return len(self._frames)
