"""One thing that happened, on its way to everybody who asked for its topic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Protocol, Self, runtime_checkable

from hesd.web.websocket_frame import text_frame
from hesd.web.wire import at, encode


@runtime_checkable
class Mergeable(Protocol):
    """Data whose newest version is made of several events, such as the readings of a meter."""

    def over(self, older: Self) -> Self:
        """This data, and of `older` what this does not have."""
        ...


class Event:
    """What the feed sends: `seq` counts up over all topics, `at_ms` is UTC since 1970."""

    __slots__ = ("_frame", "at_ms", "data", "seq", "topic")

    def __init__(self, seq: int, topic: str, at_ms: int, data: Any) -> None:
        self.seq = seq
        self.topic = topic
        self.at_ms = at_ms
        self.data = data
        self._frame: bytes | None = None

    @property
    def frame(self) -> bytes:
        """The event as a WebSocket frame; encoded once, however many clients get it."""
        if self._frame is None:
            self._frame = text_frame(encode(self._message()))
        return self._frame

    def over(self, older: Event) -> Event:
        """The newest state of the topic, for a client that has not yet got `older` either."""
        if not isinstance(self.data, Mergeable):
            return self
        return Event(self.seq, self.topic, self.at_ms, self.data.over(older.data))

    def _message(self) -> dict[str, Any]:
        return {
            "type": "event",
            "seq": self.seq,
            "topic": self.topic,
            "at": at(self.at_ms),
            "data": self.data,
        }


MAX_SEGMENTS = 3


def patterns_of(topic: str) -> Iterator[str]:
    """Every pattern that matches `topic`: each of its segments may be written ``+``."""
    for segments in product(*((segment, "+") for segment in topic.split("/"))):
        yield "/".join(segments)
