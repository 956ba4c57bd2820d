"""What a dial-in connection says outside of our own conversation with the meter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hesd.model.obis import OBIS


class Family(StrEnum):
    """What a listener expects; the values are those of `families` in the configuration."""

    WRAPPER = "wrapper"  # family W
    HEXCELL = "hexcell"  # family H
    ASCII = "ascii"
    PUSH = "push"


class Layer(StrEnum):
    """What a frame is wrapped in."""

    WRAPPER = "wrapper"
    HDLC = "hdlc"
    APDU = "apdu"  # nothing, as some family W meters send after a heartbeat


class Initiation(StrEnum):
    """How a meter began the conversation that is ours to begin."""

    SNRM = "snrm"
    AARQ = "aarq"


class ForeignProtocol(StrEnum):
    DLT645 = "dlt645"
    MBUS = "mbus"


@dataclass(frozen=True, slots=True)
class LoginReceived:
    """A meter named itself and wants `reply`.

    `meter_id` is as it was sent, leading zeros and all; None when the meter has none, or
    none that can be read. `sim` is the SIM's id, `signal` as the modem counts it.
    """

    family: Family
    meter_id: str | None
    sim: str | None
    signal: int | None
    reply: bytes


@dataclass(frozen=True, slots=True)
class HeartbeatReceived:
    """The same, again and again; for meters that never log in, the first one names them."""

    family: Family
    meter_id: str | None
    sim: str | None
    signal: int | None
    reply: bytes


@dataclass(frozen=True, slots=True)
class RegistrationReceived:
    """A modem's line of text; the same one again is its heartbeat. No reply is expected."""

    meter_id: str
    line: bytes


@dataclass(frozen=True, slots=True)
class AlarmReceived:
    """A DSMR 4 alarm: the alarm register, or the logical name of what raised it."""

    equipment_id: str
    register: int | None
    obis: OBIS | None


@dataclass(frozen=True, slots=True)
class PushReceived:
    """A whole frame with a notification, or with a block of one, ciphered or not."""

    layer: Layer
    frame: bytes


@dataclass(frozen=True, slots=True)
class MeterInitiated:
    """The meter takes the client's part. That registers it and proves nothing."""

    kind: Initiation
    layer: Layer
    frame: bytes


@dataclass(frozen=True, slots=True)
class LinkOctets:
    """A whole frame of the conversation itself, for the link of that layer."""

    layer: Layer
    octets: bytes


@dataclass(frozen=True, slots=True)
class OctetsDiscarded:
    """Octets that meant nothing; what comes after them still does."""

    reason: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Another protocol. Nothing more will be said of this stream; close it."""

    kind: ForeignProtocol
    octets: bytes


@dataclass(frozen=True, slots=True)
class StreamRefused:
    """Nothing more can be made of this stream; close it. `octets` are the first that did not fit."""

    reason: str
    octets: bytes


Event = (
    LoginReceived
    | HeartbeatReceived
    | RegistrationReceived
    | AlarmReceived
    | PushReceived
    | MeterInitiated
    | LinkOctets
    | OctetsDiscarded
    | Unsupported
    | StreamRefused
)
