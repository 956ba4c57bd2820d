"""Short names (IEC 62056-6-2, 4.1.4): the number of every attribute and method.

An object has a *base name*; its first attribute, the logical name, lies there and every
further one eight higher. Methods start at an offset that depends on the class. Base names
stand in the object list of the association, which itself has the fixed base name FA00.

Nothing in a number says whose it is: counted on, the attributes of an object become its
methods, and then the next object. Writing there would switch a relay, so numbers end there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hesd.dlms.errors import APDUError
from hesd.model.obis import OBIS

ASSOCIATION_BASE_NAME: Final = 0xFA00
ASSOCIATION_CLASS: Final = 12
_STEP: Final = 8
_NAMES: Final = 0x10000
# Offset of method 1 by class, from the table of each class.
_FIRST_METHOD: Final[Mapping[int, int]] = {
    3: 0x28, 4: 0x38, 5: 0x48, 6: 0x30, 7: 0x58, 8: 0x60, 9: 0x20, 10: 0x20, 12: 0x20,
    11: 0x10, 15: 0x60, 17: 0x20, 18: 0x40, 20: 0x50, 40: 0x38, 64: 0x30, 70: 0x20,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShortNamedObject:
    """One object of the association's list; from `limit` on, numbers are another object's."""

    base_name: int
    class_id: int
    version: int
    instance: OBIS
    limit: int = field(default=_NAMES, compare=False)

    def attribute(self, number: int) -> int:
        """The short name of an attribute, counted from 1. Raises `APDUError` for one that has none."""
        methods = self.base_name + _FIRST_METHOD.get(self.class_id, _NAMES)
        return self._name(self.base_name, number, min(self.limit, methods))

    def method(self, number: int) -> int:
        """The short name of a method, counted from 1. Raises `APDUError` for one that has none."""
        if self.class_id not in _FIRST_METHOD:
            raise APDUError(f"class {self.class_id} has no methods with short names")
        return self._name(self.base_name + _FIRST_METHOD[self.class_id], number, self.limit)

    def _name(self, first: int, number: int, limit: int) -> int:
        name = first + _STEP * (number - 1)
        if number < 1 or name >= limit:
            raise APDUError(f"{self.instance} has no number {number} among its short names")
        return name


ASSOCIATION: Final = ShortNamedObject(ASSOCIATION_BASE_NAME, ASSOCIATION_CLASS, 0, OBIS("0.0.40.0.0.255"))


def short_named_objects(value: Any) -> tuple[ShortNamedObject, ...]:
    """The objects in attribute 2 of an association SN, as decoded. Raises `APDUError`."""
    if not isinstance(value, list):
        raise APDUError("an object list is an array")
    objects = tuple(map(_object, value))
    bases = sorted({each.base_name for each in objects} | {_NAMES})
    return tuple(replace(each, limit=bases[bisect_right(bases, each.base_name)]) for each in objects)


def _object(element: Any) -> ShortNamedObject:
    match element:
        case (int(base_name), int(class_id), int(version), bytes(name)) if len(name) == 6:
            return ShortNamedObject(base_name & 0xFFFF, class_id, version, OBIS.from_octets(name))
    raise APDUError(f"no element of an object list: {element!r:.80}")
