"""A meter's entry in the registry, and what may stand in each field of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hesd.driver.cosem import Authentication, Ciphering, Referencing
from hesd.store.errors import Refused
from hesd.store.fields import (
    Reader,
    choice,
    hexadecimal,
    name,
    number,
    optional,
    seconds,
    text,
    whole,
    yes_no,
)


class MeterType(StrEnum):
    SINGLE_PHASE = "single-phase"
    THREE_PHASE = "three-phase"


class Payment(StrEnum):
    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class Lifecycle(StrEnum):
    """Where a meter stands in its life; whether it answers is another question."""

    ACTIVE = "active"
    WAREHOUSE = "warehouse"
    FAULTY = "faulty"
    RETIRED = "retired"


class RelayStatus(StrEnum):
    """The state of a meter's disconnect control (IEC 62056-6-2, 4.5.8)."""

    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    READY_FOR_RECONNECTION = "ready_for_reconnection"


class MeterRefused(Refused):
    """A meter was not registered or changed: `field` and `reason` say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A meter as it is registered.

    It is asked where it has a `driver` and a `line`, and on a Modbus line a `unit_id`.
    `interval` and `slow_interval` are in seconds; None leaves it to the group or the line.
    `ratio` is that of its transformers where the meter does not apply it itself. `area` is an
    area's code.

    From `client_sap` to `referencing` stands how a DLMS meter is spoken to; None leaves it to the
    driver. `via` is the serial of the concentrator it hangs on, `system_title` 16 hex digits,
    `relay_status` what was last known of its relay.

    `version` goes up with every change somebody makes; what the head end finds out by itself
    (system title, relay status) leaves it as it is.
    """

    serial: str
    name: str = ""
    brand: str = ""
    model: str = ""
    meter_type: MeterType | None = None
    payment: Payment | None = None
    firmware: str = ""
    driver: str | None = None
    line: str | None = None
    unit_id: int | None = None
    area: str | None = None
    group: str | None = None
    equipment: str = ""
    room: str = ""
    panel: str = ""
    latitude: float | None = None
    longitude: float | None = None
    interval: float | None = None
    slow_interval: float | None = None
    ratio: float = 1.0
    writes_enabled: bool = False
    lifecycle: Lifecycle = Lifecycle.ACTIVE
    client_sap: int | None = None
    server_sap: int | None = None
    physical_address: int | None = None
    authentication: Authentication | None = None
    ciphering: Ciphering | None = None
    suite: int | None = None
    referencing: Referencing | None = None
    via: str | None = None
    system_title: str | None = None
    relay_status: RelayStatus | None = None
    version: int
    created_ms: int
    updated_ms: int


_NAME = optional(name(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "a name of letters, digits and . _ -"))
_SERIAL = name(
    r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}",
    "1 to 64 letters, digits and . _ : - beginning with a letter or digit",
)
_SAP = optional(whole(0, 0xFFFF))
_INTERVAL = optional(seconds(0.1, 31 * 86_400))


def _read_serial(content: Any) -> str:
    return str(_SERIAL(content)).upper()


READERS: Final[dict[str, Reader]] = {
    "serial": _read_serial,
    "name": text(200),
    "brand": text(200),
    "model": text(200),
    "meter_type": optional(choice(MeterType)),
    "payment": optional(choice(Payment)),
    "firmware": text(200),
    "driver": _NAME,
    "line": _NAME,
    "unit_id": optional(whole(0, 255)),
    "area": optional(text(200)),
    "group": _NAME,
    "equipment": text(200),
    "room": text(200),
    "panel": text(200),
    "latitude": optional(number(-90, 90)),
    "longitude": optional(number(-180, 180)),
    "interval": _INTERVAL,
    "slow_interval": _INTERVAL,
    "ratio": lambda content: optional(number(1e-6, 1e9))(content) or 1.0,
    "writes_enabled": yes_no,
    "lifecycle": lambda content: optional(choice(Lifecycle))(content) or Lifecycle.ACTIVE,
    "client_sap": _SAP,
    "server_sap": _SAP,
    "physical_address": optional(whole(0, 0x3FFF)),
    "authentication": optional(choice(Authentication)),
    "ciphering": optional(choice(Ciphering)),
    "suite": optional(whole(0, 2)),
    "referencing": optional(choice(Referencing)),
    "via": optional(_read_serial),
    "system_title": optional(hexadecimal(8)),
    "relay_status": optional(choice(RelayStatus)),
}
ENUMS: Final[tuple[tuple[str, type[StrEnum]], ...]] = (
    ("meter_type", MeterType),
    ("payment", Payment),
    ("lifecycle", Lifecycle),
    ("authentication", Authentication),
    ("ciphering", Ciphering),
    ("referencing", Referencing),
    ("relay_status", RelayStatus),
)
