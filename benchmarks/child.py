"""Measurements that need a process of their own: they print one line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
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
