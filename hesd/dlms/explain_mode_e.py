"""The messages of a mode E opening in words (IEC 62056-21, 6.3)."""

from __future__ import annotations

import re
from typing import Any, Final

from hesd.dlms.mode_e import ACKNOWLEDGEMENT, BAUDS, IDENTIFICATION, INITIAL_BAUD, SIGN_ON, seven_bits

_MESSAGES: Final = (SIGN_ON, IDENTIFICATION, ACKNOWLEDGEMENT)
_PROTOCOLS: Final = {"0": "normal", "1": "secondary", "2": "HDLC"}
_MODES: Final = {"0": "data readout", "1": "programming", "2": "binary mode"}


def explain_mode_e(octets: bytes) -> list[dict[str, Any]]:
    """The messages these octets are made of; an empty list where they are anything else."""
    text, at = seven_bits(octets), 0
    found: list[dict[str, Any]] = []
    while at < len(text):
        match = next(filter(None, (pattern.match(text, at) for pattern in _MESSAGES)), None)
        if match is None:
            return []
        found.append(_message(match))
        at = match.end()
    return found


def _message(match: re.Match[bytes]) -> dict[str, Any]:
    texts = {name: octets.decode("ascii") for name, octets in match.groupdict().items()}
    line = {"text": match[0].decode("ascii").strip("\x06\r\n")}
    if match.re is SIGN_ON:
        return {
            "kind": "request",
            **line,
            "device_address": texts["address"],
            "baud": INITIAL_BAUD,
            "format": "7E1",
        }
    baud = BAUDS.get(texts["z"])
    if match.re is ACKNOWLEDGEMENT:
        return {
            "kind": "acknowledgement",
            **line,
            "protocol_control": texts["v"],
            "protocol": _PROTOCOLS.get(texts["v"], "reserved"),
            "baud_rate_character": texts["z"],
            "baud": baud,
            "mode_control": texts["y"],
            "mode": _MODES.get(texts["y"], "reserved"),
        }
    return {
        "kind": "identification",
        **line,
        "manufacturer": texts["manufacturer"],
        "baud_rate_character": texts["z"],
        "baud": baud,
        "identification": texts["text"].strip(),
        "mode_e": "\\2" in texts["escapes"],
    }
