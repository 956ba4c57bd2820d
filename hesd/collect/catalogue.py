"""What the standard calls an object, from the catalogue of OBIS codes that gurux-dlms brings.

Some thousand lines of it are read at first use, and each code is looked for in all of them; so
this is done in a thread. Where gurux-dlms is not installed objects have no such names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from hesd.model.obis import OBIS

Coded = tuple[int, OBIS]  # class and logical name

# The catalogue names the channel of every code; the first is that of nearly all.
_CHANNEL: Final = re.compile(r"\ACh\. 0 ")


class Catalogue:
    """`in_thread` runs a function where it may take its time."""

    def __init__(self, in_thread: Callable[..., Deferred[Any]] = deferToThread) -> None:
        self._in_thread = in_thread

    async def names(self, wanted: Sequence[Coded]) -> list[str]:
        """The names of these objects, "" for those that the catalogue has not."""
        if not wanted:
            return []
        found: list[str] = await self._in_thread(lambda: [catalogue_name(*each) for each in wanted])
        return found


def catalogue_name(class_id: int, obis: OBIS) -> str:
    """The name of one object; this may take some milliseconds."""
    converter = _converter()
    if converter is None:
        return ""
    gurux, types = converter
    try:
        type_ = types(class_id)
    except ValueError:
        type_ = types.NONE
    try:
        names = gurux.getDescription(str(obis), type_)
    except Exception:
        return ""  # gurux raises anything
    return _CHANNEL.sub("", " ".join(str(names[0]).split())) if names else ""


@lru_cache(maxsize=1)
def _converter() -> tuple[Any, Any] | None:
    try:
        from gurux_dlms.enums import ObjectType
        from gurux_dlms.GXDLMSConverter import GXDLMSConverter
    except ImportError:
        return None
    return GXDLMSConverter(), ObjectType
