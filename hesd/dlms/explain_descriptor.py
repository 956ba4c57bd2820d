"""Attributes, methods and selective access in words (IEC 62056-5-3, 9.5; IEC 62056-6-2)."""

from __future__ import annotations

from typing import Any, Final

from hesd.dlms.cosem_class import cosem_class
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import DLMSError
from hesd.dlms.explain_data import explain_data, named_object
from hesd.dlms.said import Descriptor
from hesd.dlms.selective_access import CaptureObject, EntryDescriptor, RangeDescriptor, SelectiveAccess
from hesd.model.obis import OBIS

# What is written there is a key, a password or a token: nobody else's business.
_SECRET_CLASSES: Final = (15, 64)
_TOKEN_GATEWAY: Final = 115
_TOKEN_OBJECT: Final = OBIS("1.0.129.129.2.255")


def is_secret(descriptor: Descriptor) -> bool:
    """Whether what is written to it must not be shown to who was not there."""
    return (
        descriptor.class_id in _SECRET_CLASSES
        or descriptor.class_id == _TOKEN_GATEWAY
        or descriptor.instance == _TOKEN_OBJECT
    )


def explain_descriptor(descriptor: Descriptor) -> dict[str, Any]:
    """Class, object and attribute or method, by number and by name."""
    known = cosem_class(descriptor.class_id)
    fields = {"class_id": known.class_id, "class_name": known.name, **named_object(descriptor.instance)}
    if isinstance(descriptor, AttributeDescriptor):
        name = known.attribute_name(descriptor.attribute) if descriptor.attribute else "all attributes"
        return {**fields, "attribute": descriptor.attribute, "attribute_name": name}
    return {**fields, "method": descriptor.method, "method_name": known.method_name(descriptor.method)}


def explain_selection(access: SelectiveAccess | None) -> dict[str, Any]:
    """Selective access to a profile by name, to anything else as it came."""
    if access is None:
        return {}
    fields: dict[str, Any] = {"access_selector": access.selector}
    try:
        rows = RangeDescriptor.of(access)
        restricting, columns = _column(rows.restricting), [_column(column) for column in rows.columns]
        ends = {"from_value": explain_data(rows.start), "to_value": explain_data(rows.end)}
        return {**fields, "restricting_object": restricting, **ends, "selected_values": columns}
    except DLMSError:
        pass
    try:
        entries = EntryDescriptor.of(access)
    except DLMSError:
        return {**fields, "access_parameters": explain_data(access.parameters)}
    return {
        **fields,
        "from_entry": entries.from_entry,
        "to_entry": entries.to_entry,
        "from_selected_value": entries.from_column,
        "to_selected_value": entries.to_column,
    }


def _column(column: CaptureObject) -> dict[str, Any]:
    named = {"class_id": column.class_id, **named_object(column.instance), "attribute": column.attribute}
    return {**named, "data_index": column.data_index} if column.data_index else named
