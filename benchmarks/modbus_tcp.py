"""Modbus TCP, 125 registers a request, one connection: hesd's link beside pymodbus' asynchronous client."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.child import measure, on_one_processor, serving
from benchmarks.figure import Figure

_ROUNDS = 5
_FLOATS = 62


def figures() -> Iterator[Figure]:
    quick = _compare(delay=0, depth=1, requests=4000)
    measured = (
        "125 registers a request, no delay, one in flight, both ends on one processor; "
        f"medians of {_ROUNDS} rounds in turn"
    )
    rate, peer_rate = (side["rate"] * _FLOATS for side in quick)
    yield Figure("modbus-tcp-values", f"values/s, {measured}", rate, peer_rate, "pymodbus async", ">= 3")
    cpu, peer_cpu = (side["cpu"] * 1e6 for side in quick)
    yield Figure(
        "modbus-tcp-cpu",
        f"CPU microseconds a request, {measured}",
        cpu,
        peer_cpu,
        "pymodbus async",
        "<= 0.3333",
    )
    far, peer_far = (side["rate"] for side in _compare(delay=10, depth=16, requests=480))
    yield Figure(
        "modbus-tcp-in-flight",
        "requests/s, 125 registers a request, responder 10 ms away, 16 asked at once on one connection; "
        f"medians of {_ROUNDS} rounds in turn",
        far,
        peer_far,
        "pymodbus async",
        ">= 12",
    )


def _compare(*, delay: int, depth: int, requests: int) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of hesd and of pymodbus."""
    rounds: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
    with on_one_processor(), serving("responder", delay) as port:
        for _ in range(_ROUNDS):
            for module, found in zip(("tcp_hesd", "tcp_pymodbus"), rounds, strict=True):
                found.append(measure(module, port, depth, requests))
    hesd, peer = ({key: median(each[key] for each in side) for key in side[0]} for side in rounds)
    return hesd, peer
