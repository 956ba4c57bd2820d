"""What was said last on the line of a meter."""

from __future__ import annotations

from typing import Any, Literal, Self

from msgspec import Struct

from hesd.collect.trace import ExplainedFrame, explained_trace
from hesd.store import meters
from hesd.web.app import App
from hesd.web.endpoint import endpoint
from hesd.web.permissions import Permission
from hesd.web.wire import At, at


class FrameShown(Struct):
    """`octets` are hex, with 2A where a password, a key or a token stood; `summary` is one line,
    `explained` what `hesctl decode` says of it."""

    at: At
    direction: Literal["sent", "received"]
    octets: str
    summary: str
    explained: dict[str, Any]

    @classmethod
    def of(cls, frame: ExplainedFrame) -> Self:
        return cls(
            at(frame.at_ms),
            "sent" if frame.sent else "received",
            frame.octets.hex(),
            frame.summary,
            dict(frame.explained),
        )


class TraceShown(Struct):
    """Frames of the line, the oldest first; some may be of other meters that share it."""

    frames: list[FrameShown]


class Trace:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/meters/<serial>/trace", Permission.READ_METERS)
    async def of_meter(self, serial: str) -> TraceShown:
        """The last frames to and from a DLMS meter, explained."""
        meter = await self._app.db.read(meters.get, serial)
        frames = explained_trace(self._app.head_end.trace(meter.serial))
        return TraceShown([FrameShown.of(frame) for frame in frames])
