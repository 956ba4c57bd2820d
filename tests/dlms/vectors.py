"""The test frames of `tests/data/dlms_vectors.json`, each with its source and what it must mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent.parent / "data" / "dlms_vectors.json"
VECTORS: dict[str, dict[str, Any]] = {vector["name"]: vector for vector in json.loads(_FILE.read_text())}


def octets(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["hex"])


def of_layer(layer: str) -> list[tuple[str, bytes, dict[str, Any]]]:
    """Name, octets and expectation of every vector of a layer."""
    return [(name, octets(name), v["expect"]) for name, v in VECTORS.items() if v["layer"] == layer]
