"""Ten thousand meters that have dialled in: what each takes, and how late the reactor gets."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.child import measure
from benchmarks.figure import Figure

_METERS, _READ = 10_000, 500


def figures() -> Iterator[Figure]:
    """Takes two minutes."""
    found = measure("idle_hesd", _METERS, _READ)
    crowd = f"{_METERS:,} meters dialled in, family H, each read once, then idle and heartbeating"
    yield Figure(
        "idle-memory",
        f"KiB resident for each of {crowd}, over the head end with its listener and no meters; "
        f"flight recorders with {found['frames']:.0f} frames each included",
        found["each"], 0, "", "<= 6",
    )  # fmt: skip
    yield Figure("idle-placed", "KiB of that for a meter that is expected only", found["placed"], 0, "")
    busy = f"while {_READ} of them are read every 5 s and one tells {found['rows']:.0f} rows of 14 columns"
    yield Figure("idle-lateness", f"ms the reactor is late, p99, {busy}", found["p99"], 0, "", "<= 20")
    what = f"ms the reactor is late at most, {busy}; beside: the longest collection of garbage"
    yield Figure("idle-lateness-most", what, found["most"], found["collection"], "collection")
