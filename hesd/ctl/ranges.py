"""Numbers as ranges on the command line: ``1-247``, ``1,5,10-20``."""

from __future__ import annotations

import re
from typing import Any, Final

import click

_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


class Ranges(click.ParamType[tuple[int, ...]]):
    """Numbers from `first` to `last`, in the order they are named in, each once."""

    name = "RANGES"

    def __init__(self, first: int, last: int) -> None:
        self._first, self._last = first, last

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        numbers: dict[int, None] = {}
        for part in value.split(","):
            match = _RANGE.fullmatch(part.strip())
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
            if not self._first <= first <= last <= self._last:
                self.fail(f"{part!r} is no range within {self._first}-{self._last}", param, ctx)
            numbers.update(dict.fromkeys(range(first, last + 1)))
        return tuple(numbers)
