"""A cycle of 79 meters on one RS-485 line, beside its computed minimum and other libraries."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import mean, median

from benchmarks import meter_line
from benchmarks.child import measure, undisturbed
from benchmarks.figure import Figure

BAUDS = (9600, 19200, 38400)
_CYCLES = 5
_LINE = f"{meter_line.METERS} meters x 12 floats of {meter_line.DRIVER}, paced pty, turnaround 5-20 ms"


def figures(baud: int) -> Iterator[Figure]:
    """All of one baud rate; takes a dozen cycles, at 9600 baud five minutes."""
    with undisturbed():
        yield from _cycles(baud)


def _cycles(baud: int) -> Iterator[Figure]:
    name, line = f"bus-{baud}", f"{_LINE}, {baud} 8E1"
    least = meter_line.least_cycle(baud)
    cycle, violations, cpu = _hesd(baud, dead=0)
    what = f"seconds a cycle, {line}; median of {_CYCLES} cycles by hesd's poller"
    yield Figure(name, what, cycle, least, "computed minimum", "<= 1.03")
    what = f"requests before 3.5 characters of silence, {line}"
    yield Figure(f"{name}-silence", what, violations, 0, "", "<= 0")
    for peer, way in (("minimalmodbus", "each value a read"), ("pymodbus", "hesd's blocks")):
        with meter_line.running(baud, strict=False) as running:
            measured = measure("bus_peers", peer, running.path, baud)
            broken = running.report()["violations"]
        what = f"seconds a cycle, {line}; {peer}: {way}, one cycle, {broken:.0f} silences broken"
        yield Figure(f"{name}-{peer}", what, cycle, measured["cycles"][0], peer)
        yield Figure(f"{name}-{peer}-cpu", f"CPU seconds a cycle, {line}", cpu, measured["cpu"], peer)
    for dead in (1, 5):
        living = cycle * meter_line.least_cycle(baud, without=dead) / least
        slowed, _, _ = _hesd(baud, dead=dead)
        what = (
            f"seconds a cycle of the living, {dead} of {line} dead; mean of {_CYCLES} cycles; "
            "beside: the cycle without dead meters, less what these took of it"
        )
        yield Figure(f"{name}-dead-{dead}", what, slowed, living, "living alone", "<= 1.05")


def _hesd(baud: int, *, dead: int) -> tuple[float, float, float]:
    """Seconds a cycle, violations of silence, CPU seconds a cycle."""
    with meter_line.running(baud, dead=dead) as running:
        measured = measure("bus_hesd", running.path, baud, dead, _CYCLES)
        violations = running.report()["violations"]
    average = mean if dead else median
    return average(measured["cycles"]), violations, measured["cpu"]
