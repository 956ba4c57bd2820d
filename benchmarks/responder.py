"""A Modbus TCP server that costs next to nothing: it sends canned floats.

Each request is answered `DELAY` milliseconds after it came, however many are under way.
Usage: python -m benchmarks.responder DELAY; prints its port, ends with its input.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import time
from collections import deque

_FLOATS = tuple(float(n) for n in range(62))
_REGISTERS = struct.pack(">62fH", *_FLOATS, 7)
_REQUEST = 12
_ANSWERS = {count: bytes((3, 2 * count)) + _REGISTERS[: 2 * count] for count in range(1, 126)}


def answers(data: bytes) -> bytes:
    """The replies to whole requests in a row."""
    replies = []
    for at in range(0, len(data) - _REQUEST + 1, _REQUEST):
        body = _ANSWERS[data[at + 11]]
        replies.append(data[at : at + 4] + (len(body) + 1).to_bytes(2) + data[at + 6 : at + 7] + body)
    return b"".join(replies)


def serve(connection: socket.socket, delay: float) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting: deque[tuple[float, bytes]] = deque()
    rest = b""
    while True:
        wait = waiting[0][0] - time.perf_counter() if waiting else None
        if wait is None or select.select([connection], [], [], max(0.0, wait))[0]:
            data = connection.recv(65536)
            if not data:
                return
            rest += data
            whole = len(rest) // _REQUEST * _REQUEST
            reply, rest = answers(rest[:whole]), rest[whole:]
            if delay:
                waiting.append((time.perf_counter() + delay, reply))
            else:
                connection.sendall(reply)
        while waiting and waiting[0][0] <= time.perf_counter():
            connection.sendall(waiting.popleft()[1])


def main(delay: float) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            if sys.stdin in select.select([server, sys.stdin], [], [])[0]:
                return
            connection, _ = server.accept()
            with connection:
                serve(connection, delay)


if __name__ == "__main__":
    main(float(sys.argv[1]) / 1000)
