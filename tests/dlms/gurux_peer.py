"""gurux-dlms as a peer: its types, its client, its values in a form that can be compared."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterator
from typing import Any

from gurux_dlms import GXByteBuffer, GXDLMSClient, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType, ObjectType
from gurux_dlms.enums import DataType as GuruxType
from gurux_dlms.enums.Conformance import Conformance as GuruxConformance
from gurux_dlms.GXBitString import GXBitString
from gurux_dlms.GXDateTime import GXDateTime
from gurux_dlms.objects import GXDLMSObject

from hesd.dlms import get
from hesd.dlms.association import APDUReceived
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.server_association import ServerAssociation
from hesd.dlms.value import BitString
from hesd.model.obis import OBIS

# What gurux knows, in a form that can be compared.
TYPES = {
    DataType.NULL_DATA: GuruxType.NONE,
    DataType.BOOLEAN: GuruxType.BOOLEAN,
    DataType.BIT_STRING: GuruxType.BITSTRING,
    DataType.DOUBLE_LONG: GuruxType.INT32,
    DataType.DOUBLE_LONG_UNSIGNED: GuruxType.UINT32,
    DataType.OCTET_STRING: GuruxType.OCTET_STRING,
    DataType.VISIBLE_STRING: GuruxType.STRING,
    DataType.UTF8_STRING: GuruxType.STRING_UTF8,
    DataType.INTEGER: GuruxType.INT8,
    DataType.LONG: GuruxType.INT16,
    DataType.UNSIGNED: GuruxType.UINT8,
    DataType.LONG_UNSIGNED: GuruxType.UINT16,
    DataType.LONG64: GuruxType.INT64,
    DataType.LONG64_UNSIGNED: GuruxType.UINT64,
    DataType.ENUM: GuruxType.ENUM,
    DataType.FLOAT32: GuruxType.FLOAT32,
    DataType.FLOAT64: GuruxType.FLOAT64,
}
_BOUNDS = {
    DataType.DOUBLE_LONG: (-(1 << 31), (1 << 31) - 1),
    DataType.DOUBLE_LONG_UNSIGNED: (0, (1 << 32) - 1),
    DataType.INTEGER: (-128, 127),
    DataType.LONG: (-(1 << 15), (1 << 15) - 1),
    DataType.UNSIGNED: (0, 255),
    DataType.LONG_UNSIGNED: (0, 65535),
    DataType.LONG64: (-(1 << 63), (1 << 63) - 1),
    DataType.LONG64_UNSIGNED: (0, (1 << 64) - 1),
    DataType.ENUM: (0, 255),
}


def some_datas(count: int, seed: int = 1) -> Iterator[Data]:
    """Data of every type gurux knows, nested, the same at every run; hypothesis would be slow."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _some_data(chance, 3)


def _some_data(chance: random.Random, depth: int) -> Data:
    type_ = chance.choice(sorted(TYPES))
    if depth and chance.random() < 0.4:
        parts = [_some_data(chance, depth - 1) for _ in range(chance.randrange(1, 7))]
        return Data.structure(*parts) if chance.random() < 0.5 else Data.array(*parts)
    return Data.of(type_, _some_value(chance, type_))


def _some_value(chance: random.Random, type_: DataType) -> Any:
    if type_ in _BOUNDS:
        return chance.choice([*_BOUNDS[type_], chance.randint(*_BOUNDS[type_])])
    match type_:
        case DataType.NULL_DATA:
            return None
        case DataType.BOOLEAN:
            return chance.random() < 0.5
        case DataType.BIT_STRING:
            return "".join(chance.choices("01", k=chance.randrange(40)))
        case DataType.OCTET_STRING:
            return chance.randbytes(chance.randrange(200))
        case DataType.FLOAT32 | DataType.FLOAT64:
            return chance.randrange(-(1 << 20), 1 << 20) / 64
    return "".join(chr(chance.randrange(32, 127)) for _ in range(chance.randrange(30)))


quietly = contextlib.redirect_stdout(io.StringIO())


def client(interface: InterfaceType = InterfaceType.PDU) -> GXDLMSClient:
    found = GXDLMSClient(True, 16, 1, Authentication.NONE, None, interface)
    found.settings.negotiatedConformance |= GuruxConformance.MULTIPLE_REFERENCES
    return found


def heard(gurux: GXDLMSClient, octets: bytes) -> GXReplyData:
    reply = GXReplyData()
    with quietly:
        assert gurux.getData(GXByteBuffer(bytearray(octets)), reply)
    return reply


def plain(value: Any) -> Any:
    """A gurux value as ours."""
    if isinstance(value, GXBitString):
        return BitString(str(value))
    if isinstance(value, GXDateTime):
        return value.value
    if isinstance(value, bytearray | bytes):
        return bytes(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) or value is None or isinstance(value, str | bool):
        return value
    return int(value)


def thing(class_: ObjectType, instance: OBIS) -> GXDLMSObject:
    return GXDLMSObject(class_, str(instance), 0)


def lists(value: Any) -> Any:
    """Ours, with structures as lists: gurux makes both the same."""
    return [lists(item) for item in value] if isinstance(value, list | tuple) else value


def exchange(gurux: GXDLMSClient, server: ServerAssociation, request: bytes, value: Data) -> GXReplyData:
    """What gurux makes of the answer to its request; whatever it reads is `value`."""
    for event in server.receive(bytes(request)):
        if isinstance(event, APDUReceived):
            server.send(get.GetResponseNormal(event.apdu.invoke, value))
    (answer,) = server.pdus_to_send()
    reply = GXReplyData()
    assert gurux.getData(GXByteBuffer(bytearray(answer)), reply)
    return reply
