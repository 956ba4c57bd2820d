"""GET, SET and ACTION requests in words (IEC 62056-5-3, 9.5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from hesd.dlms import action, get, set
from hesd.dlms.apdu import APDU
from hesd.dlms.block_transfer import DataBlock
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.explain_data import HIDDEN, data_name, explain_data
from hesd.dlms.explain_descriptor import explain_descriptor, explain_selection, is_secret
from hesd.dlms.get import AttributeAccess
from hesd.dlms.said import Descriptor, Said
from hesd.dlms.selective_access import SelectiveAccess

_GMAC_LENGTH: Final = 17
_REPLY_TO_HLS: Final = (15, 1)


def explain_request(apdu: APDU, *, reveal: bool = True) -> Said | None:
    """What is asked of which objects; None for what names none."""
    match apdu:
        case get.GetRequestNormal(attribute=attribute, access=access):
            return _attribute(attribute, access)
        case get.GetRequestWithList(attributes=attributes):
            return _attributes(attributes)
        case set.SetRequestNormal(attribute=attribute, value=value, access=access):
            return explain_written(_attribute(attribute, access), [value], reveal=reveal)
        case set.SetRequestWithList(attributes=attributes, values=values):
            return explain_written(_attributes(attributes), values, reveal=reveal)
        case action.ActionRequestNormal(method=method, parameters=parameters):
            given = [] if parameters is None else [parameters]
            return explain_written(_methods((method,)), given, reveal=reveal)
        case action.ActionRequestWithList(methods=methods, parameters=values):
            return explain_written(_methods(methods), values, reveal=reveal)
    return _with_block(apdu, reveal)


def _with_block(apdu: APDU, reveal: bool) -> Said | None:
    """The first block of long parameters, or a further one."""
    match apdu:
        case set.SetRequestWithFirstDatablock(attribute=attribute, access=access):
            said = _attribute(attribute, access)
        case set.SetRequestWithListAndFirstDatablock(attributes=attributes):
            said = _attributes(attributes)
        case action.ActionRequestWithFirstPblock(method=method):
            said = _methods((method,))
        case action.ActionRequestWithListAndFirstPblock(methods=methods):
            said = _methods(methods)
        case set.SetRequestWithDatablock() | action.ActionRequestWithPblock():
            said = Said()
        case _:
            return None
    said.fields |= explain_block(apdu.block, reveal=reveal)
    return said


def explain_block(block: DataBlock, *, reveal: bool = True) -> dict[str, Any]:
    """A piece of something longer, which may be a secret too."""
    fields = {"last_block": block.last_block, "block_number": block.block_number}
    fields["raw_data_length"] = len(block.raw)
    return fields | {"raw_data": block.raw.hex()} if reveal else fields


def _attribute(attribute: AttributeDescriptor, access: SelectiveAccess | None) -> Said:
    selection = explain_selection(access)
    said = Said({**explain_descriptor(attribute), **selection}, (attribute,))
    if access is not None:
        said.selection = [explain_data(access.parameters)]
    return said


def _attributes(attributes: tuple[AttributeAccess, ...]) -> Said:
    items = [
        {**explain_descriptor(attribute), **explain_selection(access)} for attribute, access in attributes
    ]
    return Said({"items": items}, tuple(attribute for attribute, _ in attributes))


def _methods(methods: tuple[MethodDescriptor, ...]) -> Said:
    if len(methods) == 1:
        return Said(explain_descriptor(methods[0]), methods)
    return Said({"items": list(map(explain_descriptor, methods))}, methods)


def explain_written(said: Said, values: Iterable[Data], *, reveal: bool = True) -> Said:
    """With what a SET writes or an ACTION is given; nobody is told what may be secret."""
    values = list(values)
    hidden = not reveal and (not said.objects or any(map(is_secret, said.objects)))
    said.values = [HIDDEN if hidden else explain_data(value, reveal=reveal) for value in values]
    if len(values) != 1:
        return Said({**said.fields, "data": said.values}, said.objects, said.values) if values else said
    said.fields |= {"data_type": data_name(values[0]), "data": said.values[0]}
    octets = values[0].value
    if isinstance(octets, bytes) and not hidden and said.objects:
        said.fields |= _hls_answer(said.objects[0], octets)
    return said


def _hls_answer(descriptor: Descriptor, octets: bytes) -> dict[str, Any]:
    if not isinstance(descriptor, MethodDescriptor):
        return {}
    is_reply = (descriptor.class_id, descriptor.method) == _REPLY_TO_HLS
    return explain_gmac(octets) or {} if is_reply else {}


def explain_gmac(octets: bytes) -> dict[str, Any] | None:
    """The answer to a challenge of HLS-GMAC: security control, counter and tag; None for others."""
    if len(octets) != _GMAC_LENGTH or octets[0] & 0xF0 != 0x10:
        return None
    counter = int.from_bytes(octets[1:5], "big")
    return {
        "security_control": octets[:1].hex(),
        "invocation_counter": counter,
        "gmac": octets[5:].hex(),
    }
