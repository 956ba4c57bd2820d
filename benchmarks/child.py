"""Measurements that need a process of their own: they print one line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


def measure(module: str, *arguments: object) -> dict[str, Any]:
    """What `python -m benchmarks.MODULE ARGUMENTS` printed last. Raises where it failed."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=600,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


@contextmanager
def serving(module: str, *arguments: object) -> Iterator[int]:
    """`python -m benchmarks.MODULE ARGUMENTS` as long as this lasts; the port, which it prints first.

    It ends with its standard input.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield int(process.stdout.readline())
        process.stdin.close()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let the processes begun meanwhile run before all others, where the machine allows that.

    A cycle is a matter of milliseconds; whatever else runs would be measured with it. That
    keeps the processes' own waits short; a pty's characters still pass through a thread of
    the kernel that takes its turn, so a busy machine shows all the same.
    """
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Keep the processes begun meanwhile on one processor.

    Two that take turns leave the other processor halted, and to wake that one costs a virtual
    machine more than the whole request: it would be measured with both sides of a comparison.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
