"""`python -m benchmarks [NAME...]`: measure, print a table, write var/bench.json.

A name stands for all that begin with it: `bus` for `bus-9600` and the others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import bus, decode, dlms, figure, idle, modbus_tcp, sessions

BENCHMARKS: dict[str, Callable[[], Iterator[figure.Figure]]] = {
    "decode": decode.figures,
    "dlms": dlms.figures,
    "idle": idle.figures,
    "modbus-tcp": modbus_tcp.figures,
    "sessions": sessions.figures,
    **{f"bus-{baud}": partial(bus.figures, baud) for baud in bus.BAUDS},
}
_RESULT = Path("var") / "bench.json"


def main(names: list[str]) -> int:
    chosen = [
        each for each in BENCHMARKS if not names or f"{each}-".startswith(tuple(f"{n}-" for n in names))
    ]
    if not chosen:
        print(f"no benchmark {' '.join(names)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    found = []
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found += list(BENCHMARKS[name]())
    figure.show(found)
    figure.write(found, _RESULT)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; written to {_RESULT}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
