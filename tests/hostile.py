"""Hostile bytes, made from good ones, the same at every run.

A target takes one input and lets nothing out but `ProtocolError`. `make test` gives 20 000
inputs to each, a drill as many as one likes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hesd.model.errors import ProtocolError

_INTERESTING = (
    b"\x7e", b"\x80", b"\x00", b"\x01\x01", b"\x02\x7f", b"\x13",
    b"\xff\xff\xff\xff", b"\x84\xff\xff\xff\xff",
)  # fmt: skip
MAX_INPUT = 4096


@dataclass(frozen=True)
class Target:
    """`take` gets one input; `corpus` is what inputs are made from."""

    corpus: tuple[bytes, ...]
    take: Callable[[bytes], None]


@dataclass(slots=True)
class Outcome:
    """How many inputs were refused, and the longest time one took, in seconds of this thread's CPU."""

    refused: int = 0
    worst: float = 0.0
    worst_input: bytes = b""


def give(target: Target, data: bytes, outcome: Outcome) -> None:
    """Give a target one input. Anything else but a refusal passes, with the input noted."""
    took, is_refused = _timed(target, data)
    outcome.refused += is_refused
    if took > outcome.worst:
        # Once more: a collection of garbage, too, takes its time from whoever is there.
        took = min(took, _timed(target, data)[0])
    if took > outcome.worst:
        outcome.worst, outcome.worst_input = took, data


def _timed(target: Target, data: bytes) -> tuple[float, bool]:
    """How long a target takes, and whether it refuses."""
    is_refused, began = False, time.thread_time()
    try:
        target.take(data)
    except ProtocolError:
        is_refused = True
    except BaseException as error:
        error.add_note(data.hex())
        raise
    return time.thread_time() - began, is_refused


def run(target: Target, count: int, seed: int = 1) -> Outcome:
    """Give a target `count` inputs."""
    outcome = Outcome()
    for data in inputs(target, count, seed):
        give(target, data, outcome)
    return outcome


def inputs(target: Target, count: int, seed: int = 1) -> Iterator[bytes]:
    """`count` inputs: good ones spoilt in one to four places, and some that are noise."""
    chance = random.Random(seed)
    for _ in range(count):
        if chance.random() < 0.05:
            yield chance.randbytes(chance.randrange(200))
            continue
        spoilt = bytearray(chance.choice(target.corpus))
        for _ in range(chance.randrange(1, 5)):
            _spoil(spoilt, chance, target.corpus)
        yield bytes(spoilt[:MAX_INPUT])


def _spoil(octets_: bytearray, chance: random.Random, corpus: tuple[bytes, ...]) -> None:
    at = chance.randrange(len(octets_) + 1)
    end = min(len(octets_), at + chance.randrange(1, 9))
    match chance.randrange(7):
        case 0 if at < len(octets_):
            octets_[at] ^= 1 << chance.randrange(8)
        case 1 if at < len(octets_):
            octets_[at] = chance.randrange(256)
        case 2:
            del octets_[at:end]
        case 3:
            octets_[at:at] = chance.choice(_INTERESTING)
        case 4:
            octets_[at:at] = octets_[at:end] * chance.randrange(1, 60)
        case 5:
            del octets_[at:]
        case 6:
            other = chance.choice(corpus)
            octets_[at:] = other[chance.randrange(len(other)) :]
