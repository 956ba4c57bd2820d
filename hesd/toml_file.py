"""A TOML file as a frozen struct, with errors for the person who wrote it.

The configuration, a simulated plant and a driver table are all read this way.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from hesd.model.errors import HesdError

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

T = TypeVar("T")


class Duration(float):
    """Seconds, written ``"300ms"``, ``"10s"``, ``"15m"``, ``"7d"``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: object) -> Duration:
        if isinstance(text, str) and (match := _DURATION.fullmatch(text)):
            return cls(float(match[1]) * _SECONDS[match[2]])
        raise ValueError('expected a duration such as "300ms", "10s", "15m", "7d"')


class ConfigError(HesdError):
    """The file cannot be used; the text is meant for the person who wrote it."""


def read(path: Path) -> dict[str, Any]:
    """The TOML document in `path`. Raises `ConfigError`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from error


def convert(path: Path, document: dict[str, Any], kind: type[T]) -> T:
    """The document as a struct. Raises `ConfigError` naming file, key and what was expected."""
    try:
        return msgspec.convert(document, kind, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explain(str(error), kind)}") from error


def _decode(kind: type, value: Any) -> Any:
    if kind is Duration:
        return Duration.parse(value)
    raise NotImplementedError(kind)


def _explain(message: str, kind: type) -> str:
    """msgspec says "Expected `str`, got `int` - at `$.line[0].name`"; put the key first.

    Where it only says what is wrong, what would be right is put behind.
    """
    expectation, _, place = message.partition(" - at `$")
    key = place.rstrip("`").lstrip(".") or "(top level)"
    known = ", ".join(_choices(_type_at(inspect.type_info(kind), key)))
    hint = f", expected one of {known}" if known and "xpected" not in expectation else ""
    return f"{key}: {expectation[0].lower()}{expectation[1:]}{hint}"


def _type_at(kind: inspect.Type, key: str) -> inspect.Type:
    """The type that belongs at a key such as ``line[0].name``, or as near to it as can be told."""
    for name in re.findall(r"\w+(?=\.|\[|$)|\[", key):
        for each in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
            if isinstance(each, inspect.StructType):
                kind = next((field.type for field in each.fields if field.encode_name == name), kind)
            elif isinstance(each, (inspect.VarTupleType, inspect.ListType)):
                kind = each.item_type
    return kind


def _choices(kind: inspect.Type) -> tuple[str, ...]:
    """What can stand there, where it is one of few."""
    for each in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        if isinstance(each, inspect.StructType):
            return tuple(field.encode_name for field in each.fields)
        if isinstance(each, inspect.LiteralType):
            return tuple(map(str, each.values))
        if isinstance(each, inspect.EnumType):
            return tuple(str(member.value) for member in each.cls)
    return ()
