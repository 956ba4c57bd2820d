"""What an APDU says, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor

Descriptor = AttributeDescriptor | MethodDescriptor


@dataclass(slots=True)
class Said:
    """An APDU in words. `objects` are what it is about; `values` what it says of them.

    `selection` are the values of its selective access.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    objects: tuple[Descriptor, ...] = ()
    values: list[Any] = field(default_factory=list)
    selection: list[Any] = field(default_factory=list)
