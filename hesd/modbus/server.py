"""The meter's side: what a register bank answers to a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hesd.modbus.errors import BadRequest, MeterException
from hesd.modbus.identification import ReadIdentification
from hesd.modbus.pdu import (
    AnyRequest,
    ReadBits,
    ReadRegisters,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    decode_request,
)


class Bank(Protocol):
    """What a meter holds. Addresses are those on the wire.

    Every method may raise `MeterException` with the code the meter refuses with: 2 for an
    address it has not got, 3 for a value it does not take, 6 while it is busy.
    """

    def read_registers(self, function: int, address: int, count: int) -> bytes:
        """`count` registers, two bytes each; function 3 is holding, 4 input."""

    def read_bits(self, function: int, address: int, count: int) -> tuple[bool, ...]:
        """`count` bits; function 1 is coils, 2 discrete inputs."""

    def write_registers(self, address: int, data: bytes) -> None:
        """Holding registers from `address` on, two bytes each."""

    def write_coils(self, address: int, values: tuple[bool, ...]) -> None:
        """Coils from `address` on."""

    def identification(self) -> Mapping[int, bytes]:
        """Objects of function 43/14 by their id; raises exception 1 where the meter has none."""


def serve(pdu: bytes, bank: Bank) -> bytes:
    """The PDU that answers `pdu`: an exception where it is no request or the bank refuses."""
    try:
        return _answer(decode_request(pdu), bank)
    except (BadRequest, MeterException) as refusal:
        return bytes(((pdu[0] if pdu else 0) | 0x80, refusal.code))


def _answer(request: AnyRequest, bank: Bank) -> bytes:
    match request:
        case ReadRegisters(function, address, count):
            return request.encode_reply(bank.read_registers(function, address, count))
        case ReadBits(function, address, count):
            return request.encode_reply(bank.read_bits(function, address, count))
        case ReadIdentification():
            return request.encode_reply(request.select(bank.identification()))
        case WriteCoil(address, value):
            bank.write_coils(address, (value,))
        case WriteCoils(address, values):
            bank.write_coils(address, values)
        case WriteRegister(address, value):
            bank.write_registers(address, value.to_bytes(2))
        case _:
            bank.write_registers(request.address, request.data)
    return request.encode_reply()
