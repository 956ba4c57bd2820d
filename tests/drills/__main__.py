"""`python -m tests.drills [--count N] [NAME...]`: drill, print a table, write var/drills.json.

A name stands for all that begin with it: `fuzz` for `fuzz-hdlc` and the others. With a count
each does so much instead of what it does by itself.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from tests.drills import gurux_agrees, hostile_bytes, result, strangers

# Each with how much of it is done unless somebody says.
DRILLS: dict[str, tuple[result.Drill, int]] = {
    **{f"fuzz-{name}": (partial(hostile_bytes.spoilt, name), hostile_bytes.INPUTS)
       for name in hostile_bytes.TARGETS},
    **{f"guided-{name}": (partial(hostile_bytes.guided, name), hostile_bytes.INPUTS)
       for name in hostile_bytes.TARGETS},
    "gurux-agrees": (gurux_agrees.agreement, gurux_agrees.APDUS),
    "strangers": (strangers.strangers, strangers.STRANGERS),
}  # fmt: skip
_RESULT = Path("var") / "drills.json"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.drills")
    parser.add_argument("--count", type=int)
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args(arguments)
    begins = tuple(f"{name}-" for name in asked.names)
    chosen = [name for name in DRILLS if not begins or f"{name}-".startswith(begins)]
    if not chosen:
        parser.error(f"no drill {' '.join(asked.names)}; there are {', '.join(DRILLS)}")
    found: list[result.Result] = []
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        drill, usual = DRILLS[name]
        found += drill(asked.count or usual)
    result.show(found)
    result.write(found, _RESULT)
    print(f"written to {_RESULT}")
    return int(any(each.met is False for each in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
