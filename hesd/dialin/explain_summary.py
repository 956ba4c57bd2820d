"""A frame in one line, for a table of what was said on a line."""

from __future__ import annotations

from typing import Any, Final

from hesd.model.obis import OBIS

_SERVICES: Final = {
    "Get": "GET", "Set": "SET", "Action": "ACTION", "Read": "Read", "Write": "Write",
    "Initiate": "Initiate",
}  # fmt: skip
_BLOCKS: Final = ("Datablock", "Pblock", "Next", "GeneralBlockTransfer")
_SHOWN: Final = 40
_FRAMES: Final = {"UI": "UI frame", "I": "I frame"}


def summary_of(frame: dict[str, Any]) -> str:
    """The line for a frame as `explain` has it."""
    if "apdu" in frame:
        return _apdu(frame)
    if frame.get("family"):
        return _login(frame)
    if "type" in frame:
        return _hdlc(frame)
    kind = str(frame.get("kind", frame["layer"]))
    told = frame.get("identification") or frame.get("device_address") or ""
    return f"{kind} {told}".rstrip()


def _login(frame: dict[str, Any]) -> str:
    kind = frame.get("kind", f"{frame['family']} frame")
    return f"{kind} of {frame['meter']}" if "meter" in frame else str(kind)


def _hdlc(frame: dict[str, Any]) -> str:
    """A frame that completes no APDU."""
    if frame["type"] not in _FRAMES:
        return str(frame["type"])
    name = _FRAMES[frame["type"]]
    if not frame["information_length"]:
        return f"{name} without information"
    number = f" {frame['ns'] + 1}" if "ns" in frame else ""
    return f"{name}, segment{number}" if frame["segmented"] else f"{name}, last segment"


def _apdu(frame: dict[str, Any]) -> str:
    parts = [_name(frame["apdu"]), _object(frame), _outcome(frame)]
    if any(block in frame["apdu"] for block in _BLOCKS) and "block_number" in frame:
        parts.append(f"block {frame['block_number']}")
    if "content" in frame:
        parts.append(f"({_apdu(frame['content'])})")
    return " ".join(filter(None, parts))


def _name(apdu: str) -> str:
    """``GET request`` for GetRequestNormal; other names are well known as they are."""
    for prefix, service in _SERVICES.items():
        for direction in ("Request", "Response"):
            if apdu.startswith(prefix + direction):
                return f"{service} {direction.lower()}"
    return apdu


def _object(frame: dict[str, Any]) -> str:
    if "items" in frame:
        return f"of {_count(frame['items'], 'object')}"
    if "obis" not in frame:
        return ""
    what = "attribute" if "attribute" in frame else "method"
    return f"{_short(frame['obis'])} {what} {frame[what]}"


def _short(obis: str) -> str:
    """``1-0:1.8.0``, with group F only where it is not 255."""
    a, b, c, d, e, f = OBIS(obis).groups
    return f"{a}-{b}:{c}.{d}.{e}" + ("" if f == 0xFF else f"*{f}")


def _outcome(frame: dict[str, Any]) -> str:
    """What an answer came to, or what it says where that is short."""
    if frame["apdu"] == "AARE":
        return "accepted" if frame["result"] == 0 else f"rejected: {frame['diagnostic_name']}"
    if frame["apdu"] == "AARQ":
        return str(frame["mechanism_name"])
    if "data_access_result" in frame or "state_error" in frame:
        return str(frame["meaning"])
    if "result_name" in frame:
        return str(frame["result_name"])
    if "data" in frame:
        return _value(frame["data"])
    return _count(frame["results"], "result") if "results" in frame else ""


def _value(data: Any) -> str:
    if isinstance(data, list):
        return _count(data, "element")
    text = str(data)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _count(items: list[Any], noun: str) -> str:
    return f"{len(items)} {noun}" if len(items) == 1 else f"{len(items)} {noun}s"
