"""What may stand in a field of a record, whether it comes as text (CSV) or typed (JSON).

A reader takes what was given and returns what is kept, or raises `ValueError` with the
expectation, "expected a number from -90 to 90"; `read_fields` puts the field's name to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from hesd.config import Duration
from hesd.store.errors import Refused

Reader = Callable[[Any], Any]
E = TypeVar("E", bound=StrEnum)

_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def read_fields(
    readers: Mapping[str, Reader], given: Mapping[str, Any], refusal: type[Refused]
) -> dict[str, Any]:
    """`given`, read field by field. Raises `refusal` for the first that is unknown or wrong."""
    read = {}
    for field, content in given.items():
        if field not in readers:
            raise refusal(field, "there is no such field")
        try:
            read[field] = readers[field](content)
        except ValueError as error:
            raise refusal(field, str(error)) from error
    return read


def text(longest: int) -> Reader:
    """Text for people, trimmed; "" where nothing is given."""

    def read(content: Any) -> str:
        trimmed = "" if content is None else _text(content)
        if len(trimmed) > longest:
            raise ValueError(f"expected at most {longest} characters, got {len(trimmed)}")
        return trimmed

    return read


def name(pattern: str, expected: str) -> Reader:
    """Text that names something and has to match; `expected` says how in words."""
    compiled = re.compile(pattern)

    def read(content: Any) -> str:
        trimmed = _text(content)
        if not compiled.fullmatch(trimmed):
            raise ValueError(f"expected {expected}, got {trimmed[:80]!r}")
        return trimmed

    return read


def optional(reader: Reader) -> Reader:
    """None where nothing or only blanks are given, else what `reader` makes of it."""

    def read(content: Any) -> Any:
        empty = content is None or (isinstance(content, str) and not content.strip())
        return None if empty else reader(content)

    return read


def choice(kind: type[E]) -> Reader:
    """A member of an enumeration, however it is capitalised, spaced or hyphenated."""
    names = {member.value.replace("_", "-"): member for member in kind}
    expected = ", ".join(member.value for member in kind)

    def read(content: Any) -> E:
        spelled = _text(content).lower().replace(" ", "-").replace("_", "-")
        if spelled not in names:
            raise ValueError(f"expected one of {expected}, got {_text(content)[:80]!r}")
        return names[spelled]

    return read


def number(lowest: float, highest: float) -> Reader:
    """A finite number within the limits, both included."""

    def read(content: Any) -> float:
        found = _number(content)
        if not lowest <= found <= highest:
            raise ValueError(f"expected a number from {lowest:g} to {highest:g}, got {content!r}")
        return found

    return read


def whole(lowest: int, highest: int) -> Reader:
    """A whole number within the limits, both included."""
    read_number = number(lowest, highest)

    def read(content: Any) -> int:
        found = read_number(content)
        if found != int(found):
            raise ValueError(f"expected a whole number, got {content!r}")
        return int(found)

    return read


def seconds(lowest: float, highest: float) -> Reader:
    """A time span: seconds as a number, or written "10s", "15m"."""
    read_number = number(lowest, highest)

    def read(content: Any) -> float:
        try:
            return float(read_number(Duration.parse(content)))
        except ValueError:
            return float(read_number(content))

    return read


def hexadecimal(size: int) -> Reader:
    """So many octets as hex digits, in lower case; blanks between them and 0x before do no harm."""

    def read(content: Any) -> str:
        digits = "".join(_text(content).split()).lower().removeprefix("0x")
        if not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", digits):
            raise ValueError(f"expected {2 * size} hex digits, got {_text(content)[:80]!r}")
        return digits

    return read


def yes_no(content: Any) -> bool:
    """A truth value, or a word for it; False where nothing is given."""
    if content is None or isinstance(content, bool):
        return bool(content)
    word = str(content).strip().lower()
    if word == "":
        return False
    if word not in _YES_NO:
        raise ValueError(f"expected yes or no, got {str(content)[:80]!r}")
    return _YES_NO[word]


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise ValueError(f"expected text, got {content!r}")
    trimmed = content.strip()
    if not trimmed.isprintable():
        raise ValueError("expected text without control characters")
    return trimmed


def _number(content: Any) -> float:
    if isinstance(content, bool) or not isinstance(content, (int, float, str)):
        raise ValueError(f"expected a number, got {content!r}")
    try:
        found = float(content)
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"expected a number, got {content!r}")
    return found
