"""Whole DLMS sessions through Twisted: connect, associate, six GETs, release, hang up.

Beside the same octets with nothing that makes or reads them, which is what Twisted, timers and
the kernel take, and beside gurux-dlms on that.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.child import measure, on_one_processor, serving
from benchmarks.figure import Figure

_ROUNDS = 5
# gurux-dlms deciphers some sixty sessions a second.
_SESSIONS = {
    False: {"floor": 3000, "hesd": 3000, "gurux": 1500},
    True: {"floor": 3000, "hesd": 3000, "gurux": 100},
}
_HOW = {
    False: "in clear",
    True: "HLS-GMAC, suite 0, authenticated and encrypted (only hesd verifies the tags)",
}


def figures() -> Iterator[Figure]:
    for ciphered, name in ((False, "sessions-clear"), (True, "sessions-gmac")):
        cpu = _compare(ciphered)
        what = (
            f"CPU microseconds a session (connect, associate, 6 GETs, release), wrapper, {_HOW[ciphered]}; "
            f"100 at once, both ends on one processor; medians of {_ROUNDS} rounds in turn"
        )
        yield Figure(name, what, cpu["hesd"], cpu["floor"], "no codec at all", "<= 1.5")
        yield Figure(f"{name}-gurux", what, cpu["hesd"], cpu["gurux"], "gurux-dlms")


def _compare(ciphered: bool) -> dict[str, float]:
    """CPU microseconds a session, by who speaks with the meter."""
    found: dict[str, list[float]] = {kind: [] for kind in _SESSIONS[ciphered]}
    with on_one_processor(), serving("session_meter", ciphered) as port:
        for _ in range(_ROUNDS):
            for kind, count in _SESSIONS[ciphered].items():
                measured = measure("session_clients", kind, ciphered, port, count)
                found[kind].append(measured["cpu"] * 1e6)
    return {kind: median(each) for kind, each in found.items()}
