"""A meter made by somebody else: pymodbus serving TCP, RTU over TCP, or RTU on a pty.

Runs as its own process, prints where it can be reached, and lives until its stdin closes.
Holding registers from 3000 on are 1, 2, 3...; input registers from 0 on are 500, 501, 502...
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import tty
from typing import Any

from pymodbus import FramerType, ModbusDeviceIdentification
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

UNITS = (1, 7)
IDENTITY = {0x00: "hesd tests", 0x01: "pymodbus", 0x02: "3"}


def device(unit: int) -> SimDevice:
    bits = SimData(0, values=[n % 3 == 0 for n in range(32)], datatype=DataType.BITS)
    holding = SimData(3000, values=[n + 1 for n in range(200)], datatype=DataType.REGISTERS)
    inputs = SimData(0, values=[n + 500 for n in range(80)], datatype=DataType.REGISTERS)
    return SimDevice(unit, simdata=([bits], [bits], [holding], [inputs]))


def joined_ptys() -> tuple[str, str]:
    """Two terminals; what is written to one is read from the other."""
    (first, first_end), (second, second_end) = os.openpty(), os.openpty()
    for end in (first, second):
        tty.setraw(end)
    for source, sink in ((first, second), (second, first)):
        threading.Thread(target=_pump, args=(source, sink), daemon=True).start()
    return os.ttyname(first_end), os.ttyname(second_end)


def _pump(source: int, sink: int) -> None:
    while data := os.read(source, 4096):
        os.write(sink, data)


async def serve(kind: str) -> None:
    identity = ModbusDeviceIdentification(info=dict(IDENTITY))
    options: dict[str, Any] = {"context": [device(unit) for unit in UNITS], "identity": identity}
    if kind == "serial":
        ours, theirs = joined_ptys()
        server: Any = ModbusSerialServer(port=theirs, baudrate=115200, parity="N", **options)
        await server.serve_forever(background=True)
        print(ours, flush=True)
    else:
        framer = FramerType.RTU if kind == "rtu-over-tcp" else FramerType.SOCKET
        server = ModbusTcpServer(address=("127.0.0.1", 0), framer=framer, **options)
        await server.serve_forever(background=True)
        print(server.transport.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
