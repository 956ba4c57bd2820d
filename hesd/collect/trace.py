"""The frames a flight recorder kept, in words, for those who do not know the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hesd.dialin.explain import explain_frame
from hesd.links.flight_recorder import RecordedFrame


@dataclass(frozen=True, slots=True)
class ExplainedFrame:
    """A frame at a time (UTC, ms since 1970) with one line about it, and all that can be told.

    `explained` is JSON as of `hesd.dialin.explain`; secrets are hidden in all of it.
    """

    at_ms: int
    sent: bool
    octets: bytes
    summary: str
    explained: Mapping[str, Any]


def explained_trace(frames: Iterable[RecordedFrame]) -> list[ExplainedFrame]:
    """Each frame by itself; one that cannot be understood says so."""
    return [_explained(frame) for frame in frames]


def _explained(frame: RecordedFrame) -> ExplainedFrame:
    found = explain_frame(frame.octets)
    summary = found.pop("summary")
    return ExplainedFrame(frame.at_ms, frame.sent, frame.octets, summary, found)
