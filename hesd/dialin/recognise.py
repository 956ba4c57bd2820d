"""From a unit of the stream to what a meter, or its modem, says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hesd.dialin import family_h, family_w
from hesd.dialin.ascii_registration import DEFAULT_PATTERN, compile_pattern, registered_id
from hesd.dialin.dsmr4_alarm import decode_alarm
from hesd.dialin.errors import LoginError
from hesd.dialin.event import (
    AlarmReceived,
    Event,
    Family,
    HeartbeatReceived,
    LoginReceived,
    OctetsDiscarded,
    RegistrationReceived,
)
from hesd.dialin.unit_reader import Unit, UnitKind
from hesd.dlms.wrapper import DEFAULT_CAP, HEADER_LENGTH, WPDU
from hesd.model.meter_number import NumberEncoding, is_sts_number

_PORTS: Final = slice(2, 6)


@dataclass(frozen=True, slots=True)
class Rules:
    """What one listener expects; one object serves all its connections.

    `id_encoding` is that of family H. With `check_numbers` a login whose number is no STS
    meter number is refused. `max_apdu` bounds a frame, `max_unidentified` what may be
    said in a row, in octets, without saying who speaks.
    """

    families: frozenset[Family] = frozenset(Family)
    pattern: re.Pattern[str] = DEFAULT_PATTERN
    id_encoding: NumberEncoding = NumberEncoding.BCD
    check_numbers: bool = False
    max_apdu: int = DEFAULT_CAP
    max_unidentified: int = 4 * DEFAULT_CAP

    @classmethod
    def of(cls, families: Iterable[str], pattern: str | re.Pattern[str] | None = None) -> Rules:
        """The rules for these families. Raises `PatternError`; `ValueError` for no family."""
        if not isinstance(pattern, re.Pattern):
            pattern = DEFAULT_PATTERN if pattern is None else compile_pattern(pattern)
        return cls(frozenset(map(Family, families)), pattern)


def wrapper_payload(unit: Unit) -> WPDU:
    """The frame in a unit of the kind `WRAPPER`, whose length has been checked."""
    ports = unit.octets[_PORTS]
    source, destination = int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:], "big")
    return WPDU(source, destination, unit.octets[HEADER_LENGTH:])


def recognise(unit: Unit, rules: Rules) -> Event | None:
    """What a unit says of the meter; None for the frames of a conversation.

    A login that is damaged, or that this listener does not take, is discarded.
    """
    try:
        if unit.kind is UnitKind.WRAPPER:
            return _family_w(unit, rules)
        if unit.kind is UnitKind.FAMILY_H:
            return _family_h(unit, rules)
        if unit.kind is UnitKind.ALARM:
            alarm = decode_alarm(unit.octets)
            return AlarmReceived(alarm.equipment_id, alarm.register, alarm.obis)
    except LoginError as error:
        return OctetsDiscarded(str(error), unit.octets)
    return _registration(unit, rules) if unit.kind is UnitKind.LINE else None


def _family_w(unit: Unit, rules: Rules) -> Event | None:
    if not family_w.is_family_w(unit.octets[HEADER_LENGTH:]):
        return None
    if Family.WRAPPER not in rules.families:
        return OctetsDiscarded("family W is not expected here", unit.octets)
    frame = family_w.decode_payload(wrapper_payload(unit))
    meter_id = frame.meter_id if frame.is_configured else None
    _check(meter_id, rules)
    event = LoginReceived if frame.message is family_w.Message.LOGIN else HeartbeatReceived
    return event(Family.WRAPPER, meter_id, None, None, frame.acknowledgement().encode())


def _family_h(unit: Unit, rules: Rules) -> Event:
    frame = family_h.decode_frame(unit.octets)
    if frame.is_answer:
        return OctetsDiscarded("an echo of our own answer", unit.octets)
    meter_id = frame.meter_id(rules.id_encoding)
    if meter_id is not None and not meter_id.strip("0"):
        meter_id = None
    _check(meter_id, rules)
    event = HeartbeatReceived if frame.is_heartbeat else LoginReceived
    return event(Family.HEXCELL, meter_id, frame.sim, frame.signal, family_h.ACKNOWLEDGEMENT)


def _check(meter_id: str | None, rules: Rules) -> None:
    if rules.check_numbers and meter_id is not None and not is_sts_number(meter_id):
        raise LoginError(f"{meter_id} is no prepayment meter's number")


def _registration(unit: Unit, rules: Rules) -> Event:
    if Family.ASCII in rules.families:
        meter_id = registered_id(unit.octets, rules.pattern)
        if meter_id is not None:
            return RegistrationReceived(meter_id, unit.octets)
    return OctetsDiscarded("text that is no registration", unit.octets)
