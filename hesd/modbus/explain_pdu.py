"""A PDU in words, with the names of the application protocol's section 6."""

from __future__ import annotations

import math
from struct import Struct, iter_unpack, pack
from typing import Any, Final

from hesd.modbus import identification
from hesd.modbus.errors import BadReply, BadRequest, MeterException
from hesd.modbus.identification import IdentificationReply, ReadIdentification
from hesd.modbus.pdu import (
    AnyRequest,
    ReadBits,
    ReadRegisters,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
)

_FUNCTIONS: Final = {
    1: "Read Coils",
    2: "Read Discrete Inputs",
    3: "Read Holding Registers",
    4: "Read Input Registers",
    5: "Write Single Coil",
    6: "Write Single Register",
    7: "Read Exception Status",
    8: "Diagnostics",
    11: "Get Comm Event Counter",
    12: "Get Comm Event Log",
    15: "Write Multiple Coils",
    16: "Write Multiple Registers",
    17: "Report Server ID",
    20: "Read File Record",
    21: "Write File Record",
    22: "Mask Write Register",
    23: "Read/Write Multiple Registers",
    24: "Read FIFO Queue",
    43: "Read Device Identification",
}
_DIAGNOSTICS: Final = 8
_BITS: Final = {1: ("quantity_of_coils", "coil_status"), 2: ("quantity_of_inputs", "input_status")}
_READS: Final = frozenset((*_BITS, 3, 4, identification.FUNCTION))
# What the two numbers are that the reply to a write repeats.
_WRITES: Final = {
    5: ("output_address", "output_value"),
    6: ("register_address", "register_value"),
    15: ("starting_address", "quantity_of_outputs"),
    16: ("starting_address", "quantity_of_registers"),
}
_WRITE_REPLY: Final = Struct(">xHH")
_OBJECTS: Final = (
    "vendor_name", "product_code", "major_minor_revision", "vendor_url", "product_name", "model_name",
    "user_application_name",
)  # fmt: skip
# What registers may be read as: name, struct code, registers.
_INTERPRETATIONS: Final = (("float32", "f", 2), ("uint32", "I", 2), ("int64", "q", 4))


def function_name(function: int) -> str:
    return _FUNCTIONS.get(function, "unknown function")


def explain_request(request: AnyRequest) -> dict[str, Any]:
    """The fields of a request."""
    match request:
        case ReadRegisters(_, address, count):
            fields: dict[str, Any] = {"starting_address": address, "quantity_of_registers": count}
        case ReadBits(function, address, count):
            fields = {"starting_address": address, _BITS[function][0]: count}
        case WriteCoil(address, value):
            fields = {"output_address": address, "output_value": 0xFF00 if value else 0}
        case WriteCoils(address, values):
            fields = {"starting_address": address, "quantity_of_outputs": len(values)}
            fields["outputs"] = list(map(int, values))
        case WriteRegister(address, value):
            fields = {"register_address": address, "register_value": value, "registers": [value]}
        case WriteRegisters(address, data):
            fields = {"starting_address": address, "quantity_of_registers": len(data) // 2}
            fields |= {"byte_count": len(data), **_registers(data)}
        case ReadIdentification(category, object_id):
            fields = {"mei_type": 14, "read_device_id_code": int(category), "object_id": object_id}
    return {"kind": "request", **fields}


def explain_reply(pdu: bytes, request: AnyRequest | None) -> dict[str, Any]:
    """The fields of a reply, to `request` where that is known.

    A function that hesd does not speak is shown as data, and may as well be a request.
    Raises `BadReply` for what cannot be a reply, or not to this request.
    """
    function = pdu[0] & 0x7F
    if pdu[0] & 0x80 and len(pdu) == 2:
        refusal = MeterException(pdu[1], function)
        return {"kind": "reply", "exception_code": refusal.code, "exception": refusal.name}
    if function in _WRITES:
        return {"kind": "reply", **_written(pdu, request)}
    if function in _READS:
        return {"kind": "reply", **_read(pdu, request)}
    return {"kind": "request or reply", **_data(pdu)}


def _data(pdu: bytes) -> dict[str, Any]:
    if pdu[0] == _DIAGNOSTICS and len(pdu) >= 3:
        return {"sub_function": int.from_bytes(pdu[1:3]), "data": pdu[3:].hex()}
    return {"data": pdu[1:].hex()}


def _written(pdu: bytes, request: AnyRequest | None) -> dict[str, Any]:
    if request is not None:
        request.decode_reply(pdu)
    if len(pdu) != _WRITE_REPLY.size or pdu[0] not in _WRITES:
        raise BadReply(f"not a reply of function {pdu[0]}: {pdu[:16].hex()}")
    return dict(zip(_WRITES[pdu[0]], _WRITE_REPLY.unpack(pdu), strict=True))


def _read(pdu: bytes, request: AnyRequest | None) -> dict[str, Any]:
    known = request is not None
    asked: Any = request if known else _stand_in(pdu)
    reply = asked.decode_reply(pdu)
    if isinstance(reply, IdentificationReply):
        return _identification(pdu, reply)
    start = {"starting_address": asked.address} if known else {}
    if isinstance(reply, bytes):
        return {"byte_count": pdu[1], **start, **_registers(reply)}
    return {"byte_count": pdu[1], **start, _BITS[asked.function][1]: list(map(int, reply))}


def _stand_in(pdu: bytes) -> Any:
    """The request that would be answered so, from address 0. Raises `BadReply`."""
    function, number = pdu[0], pdu[1] if len(pdu) > 1 else 0
    try:
        if function == identification.FUNCTION:
            return ReadIdentification(pdu[2] if len(pdu) > 2 else 0)
        return (
            ReadBits(function, 0, 8 * number)
            if function in _BITS
            else ReadRegisters(function, 0, number // 2)
        )
    except BadRequest as problem:
        raise BadReply(f"not a reply of function {function}: {pdu[:16].hex()}") from problem


def _identification(pdu: bytes, reply: IdentificationReply) -> dict[str, Any]:
    named = dict(enumerate(_OBJECTS))
    return {
        "mei_type": pdu[1],
        "read_device_id_code": pdu[2],
        "conformity_level": pdu[3],
        "more_follows": reply.more_follows,
        "next_object_id": reply.next_object,
        "objects": {
            named.get(number, f"object_{number:#04x}"): text.decode("latin-1")
            for number, text in reply.objects.items()
        },
    }


def _registers(data: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = {"registers": [number for (number,) in iter_unpack(">H", data)]}
    read_as = {
        name: [_number(number, code) for (number,) in iter_unpack(">" + code, data)]
        for name, code, size in _INTERPRETATIONS
        if len(data) % (2 * size) == 0
    }
    return fields | ({"read_as": read_as} if read_as else {})


def _number(number: float, code: str) -> float | None:
    """A float32 with as many digits as it has, None for "not available"."""
    if code != "f":
        return number
    if not math.isfinite(number):
        return None
    exact = pack(">f", number)
    return next(
        short for digits in range(6, 18) if pack(">f", short := float(f"{number:.{digits}g}")) == exact
    )
