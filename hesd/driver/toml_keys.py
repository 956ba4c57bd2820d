"""What TOML tables of all kinds of meters have in common: how units and OBIS codes are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import Struct

from hesd.model.obis import OBIS, InvalidOBIS
from hesd.model.units import Unit

T = TypeVar("T")

# As people write them, with the power of ten between that and the base unit.
UNITS: Final = {unit.sign: (unit, unit.exponent) for unit in Unit if unit.sign} | {
    "": (Unit.NONE, 0),
    "W": (Unit.W, 0), "MW": (Unit.W, 6), "VA": (Unit.VA, 0), "var": (Unit.VAR, 0),
    "Wh": (Unit.WH, 0), "MWh": (Unit.WH, 6), "VAh": (Unit.VAH, 0), "varh": (Unit.VARH, 0),
}  # fmt: skip


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a TOML file, in which every key is known."""


class Wrong(Exception):
    """A key that cannot be used; the text names it and what was expected."""

    def __init__(self, key: str, expected: str, got: object) -> None:
        super().__init__(f"{key}: expected {expected}, got {got!r}")


def given(key: str, text: str | None) -> str:
    """The text at a key of a file without a base. Raises `Wrong`."""
    if text is None:
        raise Wrong(key, "a text, as there is no base to take it from", None)
    return text


def obis(key: str, text: str) -> OBIS:
    """The code at a key. Raises `Wrong`."""
    try:
        return OBIS(text)
    except InvalidOBIS as error:
        raise Wrong(key, 'an OBIS code such as "1-0:1.8.0"', text) from error


def choice(key: str, choices: Mapping[str, T], name: str) -> T:
    """What a name at a key stands for. Raises `Wrong`."""
    if name not in choices:
        raise Wrong(key, f"one of {', '.join(sorted(filter(None, choices)))}", name)
    return choices[name]


def octets(key: str, expected: str, text: str) -> bytes:
    """The octets written as hex at a key. Raises `Wrong`."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Wrong(key, expected, text) from error
