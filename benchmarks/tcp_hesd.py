"""hesd's Modbus TCP link against the responder. Runs as a process of its own.

Usage: python -m benchmarks.tcp_hesd PORT DEPTH REQUESTS
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from hesd.config import Line
from hesd.driver import Holding, Order
from hesd.driver.codec import RegisterCodec
from hesd.links.open_link import open_link
from hesd.modbus.pdu import ReadRegisters

_CODEC = RegisterCodec([Holding(3000 + 2 * n, f"1-0:{n}.7.0") for n in range(62)], 3000, Order.ABCD)


def main(port: int, depth: int, requests: int) -> None:
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor as installed

    reactor: Any = installed
    line = Line(name="line", endpoint=f"tcp:127.0.0.1:{port}", protocol="modbus-tcp", in_flight=depth)
    link, service = open_link(line, reactor)

    async def reader(times: int) -> None:
        for _ in range(times):
            data = await link.exchange(1, ReadRegisters(3, 3000, 125), timeout=3)
            if _CODEC.decode(data)[61] != 61.0:
                raise RuntimeError("wrong value")

    async def run() -> None:
        began, cpu = time.perf_counter(), time.process_time()
        await gatherResults([Deferred.fromCoroutine(reader(requests // depth)) for _ in range(depth)])
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(json.dumps({"rate": requests / took, "cpu": cpu / requests}))
        reactor.stop()

    link.on_up(lambda: reactor.callLater(0, Deferred.fromCoroutine, run()))
    reactor.callWhenRunning(service.startService)
    reactor.run()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
