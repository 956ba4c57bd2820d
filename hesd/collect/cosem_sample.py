"""Values that an object of a driver's table can have: what a meter made of the table answers."""

from __future__ import annotations

from typing import Final

from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.driver.cosem import Column, CosemObject
from hesd.driver.cosem_type import CosemType

_CLOCK_CLASS: Final = 8
_MOMENT: Final = bytes.fromhex("07ea0b1405101e00ffffc400")  # 2026-11-20 16:30:00 +01:00
_BY_CLASS: Final = {1: CosemType.OCTET_STRING, _CLOCK_CLASS: CosemType.OCTET_STRING, 70: CosemType.ENUM}
_SIGNED: Final = {CosemType.INTEGER, CosemType.LONG, CosemType.DOUBLE_LONG, CosemType.LONG64}
_FLOATS: Final = {CosemType.FLOAT32, CosemType.FLOAT64}
_TEXTS: Final = {CosemType.VISIBLE_STRING, CosemType.UTF8_STRING}
_MOMENTS: Final = {
    CosemType.DATE_TIME: _MOMENT,
    CosemType.DATE: _MOMENT[:5],
    CosemType.TIME: _MOMENT[5:9],
}


def sample(each: CosemObject | Column, index: int) -> Data:
    """A value of the type the table gives it, which the ones beside it do not have."""
    kind = each.type or _BY_CLASS.get(each.class_id, CosemType.DOUBLE_LONG_UNSIGNED)
    type_ = DataType[kind.name]
    number = index % 100 + 1  # fits every type
    if kind in _MOMENTS:
        return Data.of(type_, _MOMENTS[kind])
    if kind is CosemType.OCTET_STRING:
        return Data.of(type_, _octets(each, number))
    if kind in _TEXTS:
        return Data.of(type_, f"{number:0{each.size or 2}}")
    if kind is CosemType.BIT_STRING:
        return Data.of(type_, f"{number:0{each.size or 8}b}")
    if kind in (CosemType.ARRAY, CosemType.STRUCTURE, CosemType.COMPACT_ARRAY):
        part = Data.of(DataType.UNSIGNED, number)
        return {"array": Data.array, "structure": Data.structure}.get(kind, Data.compact_array)(part)
    if kind is CosemType.NULL_DATA:
        return Data.of(type_)
    if kind is CosemType.BOOLEAN:
        return Data.of(type_, bool(index % 2))
    if kind in _FLOATS:
        return Data.of(type_, number / 256)  # exact
    return Data.of(type_, -number if kind in _SIGNED else number)


def _octets(each: CosemObject | Column, number: int) -> bytes:
    if each.class_id == _CLOCK_CLASS:
        return _MOMENT
    # Digits two by two, as serial numbers and tokens have them.
    return bytes.fromhex(f"{number:0{2 * (each.size or 6)}d}")
