"""pymodbus' asynchronous client against the responder. Runs as a process of its own.

Usage: python -m benchmarks.tcp_pymodbus PORT DEPTH REQUESTS
"""

from __future__ import annotations

import asyncio
import json
import sys
import time


async def main(port: int, depth: int, requests: int) -> None:
    from pymodbus.client import AsyncModbusTcpClient

    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    if not await client.connect():
        raise RuntimeError("pymodbus could not connect")

    async def reader(times: int) -> None:
        for _ in range(times):
            reply = await client.read_holding_registers(3000, count=125, device_id=1)
            values = client.convert_from_registers(reply.registers[:124], client.DATATYPE.FLOAT32)
            if not isinstance(values, list) or values[61] != 61.0:
                raise RuntimeError("wrong value")

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(reader(requests // depth) for _ in range(depth)))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"rate": requests / took, "cpu": cpu / requests}))
    client.close()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4])))
