"""What a meter or its modem says of itself, and what is none of ours, in words."""

from __future__ import annotations

from typing import Any, Final

from hesd.dialin import family_h, family_w
from hesd.dialin.ascii_registration import DEFAULT_PATTERN, registered_id
from hesd.dialin.dsmr4_alarm import decode_alarm
from hesd.dialin.errors import LoginError
from hesd.dialin.family_w import ID_LENGTHS, Message, is_family_w
from hesd.dialin.recognise import wrapper_payload
from hesd.dialin.unit_reader import Unit, UnitKind
from hesd.dlms.wrapper import WPDU

_KINDS: Final = {
    Message.LOGIN: "login",
    Message.HEARTBEAT: "heartbeat",
    Message.LOGIN_ACKNOWLEDGED: "login ack",
    Message.HEARTBEAT_ACKNOWLEDGED: "heartbeat ack",
}
_ANSWERS: Final = (b"\xaa\x03", b"\xcc\x03")
_LONG_FRAME: Final = 9  # the shortest M-Bus long frame
_DLT645_SHORTEST: Final = 12
_MARK: Final = 0x68
_END: Final = 0x16


def is_login(wpdu: WPDU) -> bool:
    """Whether a wrapper frame is meant as one of family W, of either direction, intact or not."""
    payload = wpdu.apdu
    if payload[:2] in _ANSWERS and len(payload) > 2 and payload[2] in ID_LENGTHS:
        return True
    return is_family_w(payload)


def explain_login(unit: Unit) -> dict[str, Any]:
    """The fields of a login, a heartbeat, a registration or an alarm. Raises `LoginError`."""
    if unit.kind is UnitKind.WRAPPER:
        return _family_w(wrapper_payload(unit))
    if unit.kind is UnitKind.FAMILY_H:
        return _family_h(unit.octets)
    if unit.kind is UnitKind.ALARM:
        return _alarm(unit.octets)
    meter = registered_id(unit.octets, DEFAULT_PATTERN)
    if meter is None:
        raise LoginError("text that is no registration")
    return {"family": "ASCII", "kind": "registration", "meter": meter, "text": unit.octets.decode("ascii")}


def _family_w(wpdu: WPDU) -> dict[str, Any]:
    frame = family_w.decode_payload(wpdu)
    return {
        "family": "W",
        "kind": _KINDS[frame.message],
        "meter": frame.meter_id,
        "reserve": frame.reserve.hex(),
        "crc": wpdu.apdu[-2:].hex(),
    }


def _family_h(octets: bytes) -> dict[str, Any]:
    frame = family_h.decode_frame(octets)
    checked = {"checksum": octets[-2:-1].hex(), "checksum_ok": True}
    fields: dict[str, Any] = {"family": "H", "control": f"{frame.control:02x}"}
    if frame.is_answer:
        return {**fields, "kind": "system reply", "body": frame.body.hex(), **checked}
    known = {"meter": frame.meter_id(), "signal": frame.signal, "sim": frame.sim}
    fields["kind"] = "heartbeat" if frame.is_heartbeat else "login"
    return {**fields, **{name: value for name, value in known.items() if value is not None}, **checked}


def _alarm(octets: bytes) -> dict[str, Any]:
    alarm = decode_alarm(octets)
    fields = {"family": "DSMR4", "kind": "alarm", "meter": alarm.equipment_id, "separator": "2c"}
    if alarm.obis is not None:
        return {**fields, "obis": str(alarm.obis)}
    return {**fields, "alarm_register": f"{alarm.register:08x}"}


def explain_foreign(octets: bytes) -> dict[str, Any] | None:
    """An M-Bus long frame or one of DL/T 645, its checksum right; None for anything else."""
    body = octets.lstrip(b"\xfe")
    if len(body) < _LONG_FRAME or body[0] != _MARK or body[-1] != _END:
        return None
    if body[1] == body[2] == len(body) - 6 and body[3] == _MARK and sum(body[4:-2]) & 0xFF == body[-2]:
        return _mbus(body)
    if len(body) >= _DLT645_SHORTEST and body[7] == _MARK and sum(body[:-2]) & 0xFF == body[-2]:
        address = body[1:7][::-1].hex()
        return {"family": "DL/T 645", "address": address, "control": body[8:9].hex(), "length": body[9]}
    return None


def _mbus(body: bytes) -> dict[str, Any]:
    """With the ports that carry DLMS in it, as customer interfaces in Austria have them."""
    fields: dict[str, Any] = {
        "family": "M-Bus",
        "length": body[1],
        "c": body[4:5].hex(),
        "a": body[5:6].hex(),
        "ci": body[6:7].hex(),
        "checksum": body[-2:-1].hex(),
    }
    return {**fields, "stsap": body[7], "dtsap": body[8]} if len(body) > _LONG_FRAME + 1 else fields
