"""umodbus and pymodbus as judges: the same requests and replies, built and read by them."""

from __future__ import annotations

import struct
from typing import Any

from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadCoilsResponse,
    ReadDiscreteInputsRequest,
    ReadDiscreteInputsResponse,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)
from umodbus import functions

from hesd.modbus.identification import ReadIdentification
from hesd.modbus.pdu import (
    AnyRequest,
    ReadBits,
    ReadRegisters,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
)


def words(data: bytes) -> list[int]:
    return list(struct.unpack(f">{len(data) // 2}H", data))


def _with_function(pdu: Any) -> bytes:
    return bytes((pdu.function_code,)) + bytes(pdu.encode())


def pymodbus_request(request: AnyRequest) -> bytes:
    match request:
        case ReadRegisters(function, address, count):
            kind = {3: ReadHoldingRegistersRequest, 4: ReadInputRegistersRequest}[function]
            return _with_function(kind(address=address, count=count))
        case ReadBits(function, address, count):
            kind = {1: ReadCoilsRequest, 2: ReadDiscreteInputsRequest}[function]
            return _with_function(kind(address=address, count=count))
        case WriteCoil(address, value):
            return _with_function(WriteSingleCoilRequest(address=address, bits=[value]))
        case WriteRegister(address, value):
            return _with_function(WriteSingleRegisterRequest(address=address, registers=[value]))
        case WriteCoils(address, values):
            return _with_function(WriteMultipleCoilsRequest(address=address, bits=list(values)))
        case WriteRegisters(address, data):
            return _with_function(WriteMultipleRegistersRequest(address=address, registers=words(data)))
        case ReadIdentification(category, object_id):
            return _with_function(ReadDeviceInformationRequest(read_code=category, object_id=object_id))


def pymodbus_reply(request: AnyRequest, value: Any) -> bytes | None:
    """None where pymodbus' server answers in its own way (it has its own object store)."""
    match request:
        case ReadRegisters(function):
            kind = {3: ReadHoldingRegistersResponse, 4: ReadInputRegistersResponse}[function]
            return _with_function(kind(registers=words(value)))
        case ReadBits(function):
            kind = {1: ReadCoilsResponse, 2: ReadDiscreteInputsResponse}[function]
            return _with_function(kind(bits=list(value)))
    return None


def pymodbus_reads(pdu: bytes) -> Any:
    """The reply as pymodbus' client understands it."""
    return DecodePDU(False).decode(pdu)


def umodbus_request(request: AnyRequest) -> bytes | None:
    built = functions.function_code_to_function_map.get(request.function)
    if not isinstance(request, ReadRegisters) or built is None:
        return None
    function = built()
    function.starting_address, function.quantity = request.address, request.count
    return bytes(function.request_pdu)


def umodbus_reads(reply: bytes, request: bytes) -> Any:
    """The reply as umodbus' client understands it."""
    return functions.create_function_from_response_pdu(reply, request)
