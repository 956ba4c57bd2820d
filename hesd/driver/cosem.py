"""A DLMS/COSEM meter as a table: what a vendor's distribution exports as `DRIVER`.

The objects of a family of meters, which of them are worth reading and how often, where its
profiles and logs are, and how its relay is switched and a token loaded. What an object's
scaler and unit are, the meter itself says (attribute 3); those in the table are what its
object list prints, for tables to be checked against and meters that do not say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hesd.driver.cosem_type import CosemType
from hesd.driver.register import Tier
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS
from hesd.model.units import Unit

_SERIAL_NUMBER = OBIS("0.0.96.1.0.255")
_CLOCK = OBIS("0.0.1.0.0.255")
_FIRMWARE = OBIS("1.0.0.2.0.255")


class Authentication(StrEnum):
    """How a client proves itself (IEC 62056-5-3, 7.3.7.2)."""

    NONE = "none"
    LLS = "lls"
    HLS_MD5 = "hls-md5"
    HLS_SHA1 = "hls-sha1"
    HLS_GMAC = "hls-gmac"
    HLS_SHA256 = "hls-sha256"
    HLS_ECDSA = "hls-ecdsa"


class Referencing(StrEnum):
    """How attributes are named towards a meter (IEC 62056-5-3, 4.2.4.4)."""

    LOGICAL = "logical"
    SHORT = "short"  # older meters


class Ciphering(StrEnum):
    """How APDUs are protected."""

    NONE = "none"
    AUTHENTICATION = "authentication"
    ENCRYPTION = "encryption"
    BOTH = "both"


@dataclass(frozen=True, slots=True, init=False)
class CosemObject:
    """One object of a family's list, and the attribute that holds its value.

    `tier` says how often it is polled; None means never: it is read when somebody asks.
    `secret` marks what must not be shown in full (tokens). `bounds` are in `unit`, both ends
    included; None leaves the quantity's own in force. `writable` is what the list says, and so
    are `type` and `size`, in octets (of a bit-string in bits); None and 0 where it does not.
    """

    obis: OBIS
    class_id: int
    name: str
    attribute: int
    unit: Unit
    scaler: int
    tier: Tier | None
    bounds: tuple[float, float] | None
    writable: bool
    secret: bool
    type: CosemType | None
    size: int

    def __init__(
        self,
        obis: str,
        class_id: int = 3,
        name: str = "",
        unit: Unit = Unit.NONE,
        *,
        scaler: int = 0,
        attribute: int = 2,
        tier: Tier | None = None,
        bounds: tuple[float, float] | None = None,
        writable: bool = False,
        secret: bool = False,
        type: CosemType | None = None,
        size: int = 0,
    ) -> None:
        put = object.__setattr__
        put(self, "obis", OBIS(obis))
        put(self, "class_id", class_id)
        put(self, "name", name)
        put(self, "attribute", attribute)
        put(self, "unit", unit)
        put(self, "scaler", scaler)
        put(self, "tier", tier)
        put(self, "bounds", bounds)
        put(self, "writable", writable)
        put(self, "secret", secret)
        put(self, "type", type)
        put(self, "size", size)


@dataclass(frozen=True, slots=True)
class Column:
    """A captured attribute of a profile, as the list prints it; the meter's own list counts."""

    obis: OBIS
    class_id: int = 3
    attribute: int = 2
    data_index: int = 0
    name: str = ""
    unit: Unit = Unit.NONE
    scaler: int = 0
    secret: bool = False
    type: CosemType | None = None
    size: int = 0


class ProfileKind(StrEnum):
    LOAD = "load"  # captured every so many minutes
    BILLING = "billing"  # captured at the end of a day or month


@dataclass(frozen=True, slots=True)
class ProfileTable:
    """A profile generic with measurements; without `columns` the meter is asked for them."""

    obis: OBIS
    name: str
    kind: ProfileKind = ProfileKind.LOAD
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class EventLog:
    """A profile generic with events, of either shape.

    With `codes` the entries have a clock and a code, whose meaning is `codes` by number.
    Without, every entry is one `event` by itself, with a clock for its start, and one for
    its end where `columns` has two; where it has none, the log says what happened, not when
    (Hexcell keeps the times of tokens in a log of their own). Columns that are `secret` hold
    tokens; in a log that is `secret` itself the table does not know which column does, so no
    text of it is shown.
    """

    obis: OBIS
    name: str
    event: str = ""
    codes: tuple[tuple[int, str], ...] = ()
    columns: tuple[Column, ...] = ()
    secret: bool = False
    times: OBIS | None = None


class TokenWay(StrEnum):
    """How a prepayment token is given to a meter."""

    GATEWAY = "gateway"  # class 115, method 1, and its status is read back
    DATA_BCD = "data-bcd"  # Data, attribute 2, SET of ten octets BCD; the answer is in SET and logs


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """Where and how tokens are entered. `result` is read afterwards where a meter keeps one."""

    way: TokenWay
    obis: OBIS
    result: OBIS | None = None


@dataclass(frozen=True, slots=True)
class SerialNumber:
    """Where a meter keeps its number: tried in this order. `digits` is the printed width."""

    obis: tuple[OBIS, ...] = (_SERIAL_NUMBER,)
    encoding: NumberEncoding | None = None
    digits: int = 0


@dataclass(frozen=True, slots=True)
class CosemVector:
    """What a meter answered and what it means: `data` is A-XDR as hex, without a result byte."""

    obis: OBIS
    data: str
    value: int | float | str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DLMSDriver:
    """The object table of one family of meters, and how it likes to be spoken to.

    A meter's own entry overrides `client_sap`, `server_sap` and `authentication`. With
    `from_object_list` what is read comes from the meter's own list, `objects` beside it.
    `reversed_deviation` is for meters whose clock counts its deviation the wrong way round,
    `time_zone_minutes` for those whose clock says none (minutes east of Greenwich).
    `flags` are the three letters that logical device names of this manufacturer begin with.
    `inactivity` is how long the meter keeps an idle association, in seconds, `max_pdu` the
    longest APDU that these meters agree on, in octets. `template` marks a driver that is
    nothing without a table of the user's own.
    """

    vendor: str
    models: tuple[str, ...]
    source: str
    # Hundreds of objects do not help whoever reads a log.
    objects: tuple[CosemObject, ...] = field(repr=False)
    profiles: tuple[ProfileTable, ...] = field(default=(), repr=False)
    logs: tuple[EventLog, ...] = field(default=(), repr=False)
    client_sap: int = 16
    server_sap: int = 1
    authentication: Authentication = Authentication.LLS
    flags: tuple[str, ...] = ()
    serial: SerialNumber = SerialNumber()
    clock: OBIS = _CLOCK
    firmware: OBIS = _FIRMWARE
    relay: OBIS | None = None
    token: TokenEntry | None = None
    credit: OBIS | None = None
    from_object_list: bool = False
    reversed_deviation: bool = False
    time_zone_minutes: int = 0
    inactivity: float = 120.0
    max_pdu: int = 0xFFFF
    note: str = ""
    vectors: tuple[CosemVector, ...] = field(default=(), repr=False)
    template: bool = False

    @property
    def buffers(self) -> tuple[ProfileTable | EventLog, ...]:
        """Every profile generic of the table: profiles and logs."""
        return (*self.profiles, *self.logs)
