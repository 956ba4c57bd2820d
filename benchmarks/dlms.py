"""A register and a load profile read over DLMS: hesd beside gurux-dlms, on the same octets.

Both associate with the same meter; its answers are made beforehand, so that only the two are
measured, from building a request to typed values.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from statistics import median
from typing import Any

from benchmarks.dlms_clients import Client, Gurux, Hesd, HesdCodec
from benchmarks.dlms_meter import ENERGY, PROFILE, READ, ROWS, Meter, energy, profile
from benchmarks.figure import Figure
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.get import GetResponse

_ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Setup:
    """What is read, over what; `reads` is how often each reads it in a round.

    `times` is how many times as fast as the peer `own` should be, 0 where that is only shown.
    """

    name: str
    what: str
    attribute: AttributeDescriptor
    answers: Callable[[], list[GetResponse]]
    times: int
    reads: tuple[int, int]
    own: type[Hesd] = Hesd
    hdlc: bool = False
    ciphered: bool = False

    def client(self, kind: type[Hesd] | type[Gurux]) -> Client:
        return kind(self.attribute, hdlc=self.hdlc, ciphered=self.ciphered)

    def meter(self) -> Meter:
        return Meter(self.answers(), hdlc=self.hdlc, ciphered=self.ciphered)


_GET = "GET of a register built, its answer to a number, every check on, "
_ROWS = f"{ROWS} rows of 8 columns to lists of values, in blocks of 1 KB, "
_SEALED = "suite 0, authenticated and encrypted (only hesd verifies the tag)"
_OFTEN, _CIPHERED, _LONG = (2000, 200), (1000, 20), (3, 1)
SETUPS = (
    Setup("dlms-get-wrapper", _GET + "wrapper", ENERGY, energy, 10, _OFTEN, HesdCodec),
    Setup("dlms-get-hdlc", _GET + "HDLC", ENERGY, energy, 6, _OFTEN, HesdCodec, hdlc=True),
    Setup("dlms-get-ciphered", _GET + _SEALED, ENERGY, energy, 50, _CIPHERED, HesdCodec, ciphered=True),
    Setup("dlms-get-association", _GET + "wrapper, association and transfer too", ENERGY, energy, 0, _OFTEN),
    Setup("dlms-profile-wrapper", _ROWS + "wrapper", PROFILE, profile, 12, _LONG),
    Setup(
        "dlms-profile-hdlc", _ROWS + "HDLC in segments of 128 octets", PROFILE, profile, 12, _LONG, hdlc=True
    ),
    Setup("dlms-profile-ciphered", _ROWS + _SEALED, PROFILE, profile, 0, _LONG, ciphered=True),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a meter says to one read: what it is asked to go on after, and the last of it."""

    first: tuple[bytes, ...]
    last: bytes


@dataclass(slots=True)
class Reading:
    """A client that has associated, and the answers to all the reads it will do."""

    client: Client
    answers: Iterator[Answers]

    def read(self, count: int = 1) -> Any:
        """The value that the last of so many reads brought."""
        client, value = self.client, None
        for answers in islice(self.answers, count):
            client.request()
            for octets in answers.first:
                client.receive(octets)
                client.more()
            value = client.receive(answers.last)
        return value


def reading(setup: Setup, kind: type[Hesd] | type[Gurux], count: int) -> Reading:
    """The answers are those a twin of hesd's client got, and so the same for every client."""
    client = setup.client(kind)
    client.open(setup.meter().answer)
    return Reading(client, iter(recorded(setup, count)))


def recorded(setup: Setup, count: int) -> list[Answers]:
    """What the meter answers in `count` reads, after an association."""
    meter, twin = setup.meter(), setup.client(Hesd)
    twin.open(meter.answer)
    return [_answers(twin, meter) for _ in range(count)]


def _answers(twin: Client, meter: Meter) -> Answers:
    answers = [meter.answer(twin.request())]
    while twin.receive(answers[-1]) is None:
        answers.append(meter.answer(twin.more()))
    return Answers(tuple(answers[:-1]), answers[-1])


def plain(value: Any) -> Any:
    """A value of either, in a form that can be compared."""
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return bytes(value) if isinstance(value, bytes | bytearray) else int(value)


def figures() -> Iterator[Figure]:
    # gurux-dlms prints a line for every APDU it deciphers.
    with contextlib.redirect_stdout(io.StringIO()):
        found = [figure for setup in SETUPS for figure in _figures(setup)]
    yield from found


def _figures(setup: Setup) -> Iterator[Figure]:
    own = reading(setup, setup.own, 1 + _ROUNDS * setup.reads[0])
    peer = reading(setup, Gurux, 1 + _ROUNDS * setup.reads[1])
    values = own.read(), peer.read()
    if plain(values[0]) != plain(values[1]) or (setup.attribute is ENERGY and values[0] != READ):
        raise RuntimeError(f"{setup.name}: the two read something else")
    spent: tuple[list[float], list[float]] = [], []
    for _ in range(_ROUNDS):
        for each, times, reads in zip((own, peer), spent, setup.reads, strict=True):
            times.append(_microseconds(partial(each.read, reads), reads))
    what = f"CPU microseconds, {setup.what}; medians of {_ROUNDS} rounds in turn"
    goal = f"<= {1 / setup.times:.4g}" if setup.times else ""
    yield Figure(setup.name, what, median(spent[0]), median(spent[1]), "gurux-dlms", goal)
    if setup.name == "dlms-profile-wrapper":
        yield _typed(own.client, peer.client, *values)


def _typed(own: Client, peer: Client, ours: Any, theirs: Any) -> Figure:
    """What is left to do: null-data filled in, clocks as instants."""
    if own.rows(ours) != peer.rows(theirs):
        raise RuntimeError("the two find other instants")
    spent: tuple[list[float], list[float]] = [], []
    for _ in range(_ROUNDS):
        spent[0].append(_microseconds(lambda: own.rows(ours)))
        spent[1].append(_microseconds(lambda: peer.rows(theirs)))
    what = "CPU microseconds, the same rows completed, each clock as an instant"
    return Figure("dlms-profile-rows", what, median(spent[0]), median(spent[1]), "gurux-dlms")


def _microseconds(work: Callable[[], object], count: int = 1) -> float:
    """The CPU time of `work` for each of the `count` things it does."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / count * 1e6
