"""The test frames of `tests/data/dlms_vectors.json`, each with its source and what it must mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hesd.dlms.apdu import APDU, decode
from hesd.dlms.hdlc_push import PushReader
from hesd.dlms.link import PushReceived
from hesd.dlms.wrapper import WPDU, WPDUReader

_FILE = Path(__file__).parent.parent / "data" / "dlms_vectors.json"
VECTORS: dict[str, dict[str, Any]] = {vector["name"]: vector for vector in json.loads(_FILE.read_text())}


def octets(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["hex"])


def of_layer(layer: str) -> list[tuple[str, bytes, dict[str, Any]]]:
    """Name, octets and expectation of every vector of a layer."""
    return [(name, octets(name), v["expect"]) for name, v in VECTORS.items() if v["layer"] == layer]


def apdu_of(name: str) -> APDU:
    """The APDU in a vector of any layer."""
    data = octets(name)
    layer = VECTORS[name]["layer"]
    if layer == "wrapper":
        (frame,) = WPDUReader().feed(data)
        assert isinstance(frame, WPDU)
        data = frame.apdu
    elif layer == "hdlc":
        (push,) = PushReader().feed(data)
        assert isinstance(push, PushReceived)
        data = push.pdu
    return decode(data)


def expected(name: str) -> dict[str, Any]:
    return VECTORS[name]["expect"]
