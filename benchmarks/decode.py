"""125 registers to 62 floats from a Modbus TCP reply: hesd beside pymodbus and umodbus."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.figure import Figure
from hesd.driver import Holding, Order
from hesd.driver.codec import RegisterCodec
from hesd.modbus.mbap import MBAPReader
from hesd.modbus.pdu import ReadRegisters

_ROUNDS = 9
_CALLS = 2000
_VALUES = [n * 1.25 for n in range(62)]
_REQUEST = ReadRegisters(3, 3000, 125)
_PDU = struct.pack(">BB62fH", 3, 250, *_VALUES, 7)
_REPLY = struct.pack(">HHHB", 5, 0, len(_PDU) + 1, 1) + _PDU


def hesd() -> Callable[[], list[Any]]:
    """As its link and its poller do: frame, PDU, block."""
    reader, request = MBAPReader(), _REQUEST
    codec = RegisterCodec([Holding(3000 + 2 * n, f"1-0:{n}.7.0") for n in range(62)], 3000, Order.ABCD)

    def decode() -> list[Any]:
        (frame,) = reader.feed(_REPLY)
        return codec.decode(request.decode_reply(frame.pdu))

    return decode


def pymodbus() -> Callable[[], list[Any]]:
    from pymodbus.client.mixin import ModbusClientMixin
    from pymodbus.framer import FramerSocket
    from pymodbus.pdu import DecodePDU

    framer, kind = FramerSocket(DecodePDU(False)), ModbusClientMixin.DATATYPE.FLOAT32

    def decode() -> list[Any]:
        _, pdu = framer.handleFrame(_REPLY, 1, 5)
        assert pdu is not None
        values = ModbusClientMixin.convert_from_registers(pdu.registers[:124], kind)
        assert isinstance(values, list)
        return values

    return decode


def umodbus() -> Callable[[], list[Any]]:
    """It gives registers; the floats are struct's."""
    from umodbus.functions import create_function_from_response_pdu

    request = _REQUEST.encode()

    def decode() -> list[Any]:
        registers = create_function_from_response_pdu(_REPLY[7:], request).data
        return list(struct.unpack(">62f", struct.pack(">124H", *registers[:124])))

    return decode


def figures() -> Iterator[Figure]:
    candidates = {"hesd": hesd(), "pymodbus": pymodbus(), "umodbus": umodbus()}
    for name, decode in candidates.items():
        if decode() != _VALUES:
            raise RuntimeError(f"{name} decodes something else")
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(_ROUNDS):
        for name, decode in candidates.items():
            times[name].append(_microseconds(decode))
    what = f"CPU microseconds, TCP reply of 125 registers to 62 floats; medians of {_ROUNDS} rounds in turn"
    own = median(times["hesd"])
    yield Figure("decode", what, own, median(times["pymodbus"]), "pymodbus", "<= 0.125")
    yield Figure("decode-umodbus", what, own, median(times["umodbus"]), "umodbus")


def _microseconds(decode: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(_CALLS):
        decode()
    return (time.process_time() - began) / _CALLS * 1e6
