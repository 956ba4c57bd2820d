"""What a client of the feed may say; everything else is an error that names the field."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from hesd.web.event import MAX_SEGMENTS
from hesd.web.problems import Problem, ProblemType

Id = int | str | None

_TOPIC = re.compile(r"[^/+#\s]+|\+")
_MAX_TOPIC = 160


class _Message(Struct, tag_field="type", forbid_unknown_fields=True, kw_only=True):
    id: Id = None


class Numbered(Struct):
    """Whatever else is wrong with a message: which one it is."""

    id: Id = None


class Auth(_Message, tag="auth"):
    """Who I am: a session's token or a one-use ticket. The first message."""

    token: str | None = None
    ticket: str | None = None


class Subscribe(_Message, tag="subscribe"):
    """Tell me of these topics; of what happened after `since`, too."""

    topics: list[str]
    since: int | None = None


class Unsubscribe(_Message, tag="unsubscribe"):
    """I have heard enough of these topics."""

    topics: list[str]


class Command(_Message, tag="call"):
    """Do something; answered with a job."""

    name: str
    data: dict[str, Any] = {}


Message = Auth | Subscribe | Unsubscribe | Command


def check_topic(topic: str) -> None:
    """Raises `Problem` for what cannot be a topic or a pattern of topics."""
    segments = topic.split("/")
    if len(topic) > _MAX_TOPIC or len(segments) > MAX_SEGMENTS or not all(map(_TOPIC.fullmatch, segments)):
        raise Problem(ProblemType.INVALID, f"not a topic: {topic[:_MAX_TOPIC]!r}", field="topics")
