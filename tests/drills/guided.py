"""One target under atheris. Runs as a process of its own, which ends with status 0 if all is well.

Usage: python -m tests.drills.guided TARGET INPUTS DIRECTORY; the corpus is kept there while it
runs, and worst.json: the input that took longest, and how long in ms (with coverage counted).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hesd"]):
    from tests.drills.hostile_bytes import TARGETS
    from tests.hostile import MAX_INPUT, Outcome, give


def main(name: str, count: str, directory: str) -> None:
    target, outcome = TARGETS[name], Outcome()
    corpus, worst = Path(directory) / "corpus", Path(directory) / "worst.json"
    corpus.mkdir()
    for number, octets in enumerate(target.corpus):
        (corpus / str(number)).write_bytes(octets)

    def take(data: bytes) -> None:
        before = outcome.worst
        give(target, data, outcome)
        if outcome.worst > before:
            worst.write_text(json.dumps({"ms": outcome.worst * 1000, "input": outcome.worst_input.hex()}))

    options = [f"-runs={count}", f"-max_len={MAX_INPUT}", "-seed=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={directory}/", str(corpus)], take)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
