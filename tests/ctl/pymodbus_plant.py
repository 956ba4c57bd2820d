"""Meters made by somebody else: pymodbus serving what it is told in JSON, on TCP or a pty.

The JSON maps unit ids to blocks of registers: ``{"1": [[4, 0, "43663334"]]}`` is function,
wire address and register bytes. Runs as its own process, prints where it can be reached,
and lives until its stdin closes.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from typing import Any

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.links.pymodbus_meter import joined_ptys

NOTHING = [SimData(65535, values=[0], datatype=DataType.REGISTERS)]


def device(unit: int, blocks: list[list[Any]]) -> SimDevice:
    registers: dict[int, list[SimData]] = {3: [], 4: []}
    for function, address, data in blocks:
        octets = bytes.fromhex(data)
        words = list(struct.unpack(f">{len(octets) // 2}H", octets))
        registers[function].append(SimData(address, values=words, datatype=DataType.REGISTERS))
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    return SimDevice(unit, simdata=(bits, bits, registers[3] or NOTHING, registers[4] or NOTHING))


async def serve(kind: str, plant: dict[str, list[list[Any]]]) -> None:
    devices = [device(int(unit), blocks) for unit, blocks in plant.items()]
    if kind == "serial":
        ours, theirs = joined_ptys()
        server: Any = ModbusSerialServer(port=theirs, baudrate=115200, parity="N", context=devices)
        await server.serve_forever(background=True)
        print(ours, flush=True)
    else:
        framer = FramerType.RTU if kind == "rtu-over-tcp" else FramerType.SOCKET
        server = ModbusTcpServer(address=("127.0.0.1", 0), framer=framer, context=devices)
        await server.serve_forever(background=True)
        print(f"tcp:127.0.0.1:{server.transport.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], json.loads(sys.argv[2])))
