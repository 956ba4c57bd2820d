"""Link parameters in the information field of SNRM and UA (IEC 62056-46, 6.4.4.4.3.2)."""

from __future__ import annotations

from typing import Final

from hesd.dlms.errors import FrameError
from hesd.dlms.link import LinkParameters

_FORMAT: Final = b"\x81\x80"
_NAMES: Final = {5: "max_info_tx", 6: "max_info_rx", 7: "window_tx", 8: "window_rx"}
MAX_INFORMATION: Final = 2030  # what a frame with the longest addresses can carry
_MAX_WINDOW: Final = 7


def encode_parameters(parameters: LinkParameters) -> bytes:
    """The field, in the form every meter reads: sizes in one octet where they fit."""
    groups = b""
    for identifier, name in _NAMES.items():
        value = getattr(parameters, name)
        size = 4 if identifier > 6 else 1 if value < 0x100 else 2
        groups += bytes((identifier, size)) + value.to_bytes(size, "big")
    return _FORMAT + bytes((len(groups),)) + groups


def decode_parameters(information: bytes) -> LinkParameters:
    """The parameters; what is not in the field has its default, so an empty field is all defaults.

    Values beyond what the format allows are cut down to it. Raises `FrameError`.
    """
    if not information:
        return LinkParameters()
    if information[:2] != _FORMAT or len(information) < 3:
        raise FrameError(f"no link parameters: {information[:8].hex()}")
    found: dict[str, int] = {}
    position, end = 3, 3 + information[2]
    while position + 2 <= min(end, len(information)):
        identifier, size = information[position], information[position + 1]
        value = information[position + 2 : position + 2 + size]
        position += 2 + size
        if identifier in _NAMES:
            found[_NAMES[identifier]] = _bounded(identifier, value)
    if position != end or end > len(information):
        raise FrameError(f"link parameters of a wrong length: {information[:32].hex()}")
    return LinkParameters(**found)


def _bounded(identifier: int, octets: bytes) -> int:
    value = int.from_bytes(octets, "big")
    if not 1 <= len(octets) <= 4 or value == 0:
        raise FrameError(f"link parameter {identifier} is {octets.hex() or 'empty'}")
    return min(value, MAX_INFORMATION if identifier <= 6 else _MAX_WINDOW)


def agree(own: LinkParameters, other: LinkParameters) -> LinkParameters:
    """What holds for `own` side once both have spoken: the smaller of each pair."""
    return LinkParameters(
        max_info_tx=min(own.max_info_tx, other.max_info_rx),
        max_info_rx=min(own.max_info_rx, other.max_info_tx),
        window_tx=min(own.window_tx, other.window_rx),
        window_rx=min(own.window_rx, other.window_tx),
    )
