"""A million hostile inputs for every target: spoilt ones, and those that coverage leads to."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.dialin import fuzz as dialin
from tests.dlms import fuzz as dlms
from tests.drills.result import Result
from tests.hostile import Target, run

INPUTS = 1_000_000
LONGEST_MS = 50.0
TARGETS: dict[str, Target] = dlms.TARGETS | dialin.TARGETS
_GOAL = f"nothing but refusals, none over {LONGEST_MS:.0f} ms"


def spoilt(name: str, count: int) -> Iterator[Result]:
    """Good octets spoilt in one to four places."""
    began = time.perf_counter()
    failure, refused, worst = "", 0, 0.0
    notes = []
    try:
        outcome = run(TARGETS[name], count)
    except Exception as error:
        failure = f"{error!r} on {' '.join(error.__notes__)}"
        notes.append(failure)
    else:
        refused, worst = outcome.refused, outcome.worst * 1000
        notes.append(f"the longest was {outcome.worst_input[:200].hex()}")
    yield Result(
        f"fuzz-{name}", f"hostile inputs for {name}, made from good ones", count,
        time.perf_counter() - began, {"refused": refused, "worst ms": worst}, _GOAL,
        not failure and worst <= LONGEST_MS, notes,
    )  # fmt: skip


def guided(name: str, count: int) -> Iterator[Result]:
    """Inputs that reach code which others did not, by atheris; nothing where it is not installed."""
    if find_spec("atheris") is None:
        print(f"guided-{name}: skipped, atheris is not installed", file=sys.stderr)
        return
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        worst = Path(directory) / "worst.json"
        done = subprocess.run(
            [sys.executable, "-m", "tests.drills.guided", name, str(count), directory],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        found = json.loads(worst.read_text()) if worst.exists() else {"ms": 0.0, "input": ""}
    notes = [f"the longest was {found['input'][:400]}"]
    if done.returncode:
        notes += done.stderr.splitlines()[-30:]
    yield Result(
        f"guided-{name}", f"hostile inputs for {name}, led by coverage", count, time.perf_counter() - began,
        {"worst ms": found["ms"]}, _GOAL, not done.returncode and found["ms"] <= LONGEST_MS, notes,
    )  # fmt: skip
