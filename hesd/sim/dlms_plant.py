"""The DLMS part of a plant file: who dials in where, and who is dialled.

    [[dialin]]
    name = "gprs"                         # the head end's listener
    endpoint = "tcp:127.0.0.1:4059"
    family = "wrapper"
    heartbeat = "60s"

    [[dialin.meters]]
    serial = "46000755036"
    driver = "hexcell-ddsy1088"
    password = "00000000"
    name = "Flat 1"
    area = "IKD"
    load = "flat"
    rated = 6
    phases = 1

    [[dlms]]
    name = "substation"
    port = 4060
    framing = "hdlc"

The keys and passwords here are for plants that exist nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Final, Literal

from msgspec import Meta

from hesd.config import Name
from hesd.dlms.errors import SecurityError
from hesd.dlms.mode_e import INITIAL_BAUD
from hesd.dlms.security import Suite
from hesd.dlms.signing import private_key, public_key
from hesd.dlms.signing_text import read_private_key, read_public_key
from hesd.driver.cosem import Authentication, Ciphering, Referencing
from hesd.sim.plant_meter import MeteredLoad, Table
from hesd.toml_file import Duration

Framing = Literal["wrapper", "hdlc"]
# What a meter says of itself when it has dialled in.
Family = Literal["wrapper", "hexcell", "ascii", "push", "inverted", "silent"]

_ENDPOINT: Final = re.compile(r"tcp:(?:host=)?([^:=]+):(?:port=)?(\d{1,5})")
_WRAPPER_DIGITS, _HEXCELL_DIGITS = 12, 12
_KEY_NAMES: Final = ("encryption_key", "authentication_key", "master_key")
# What needs no challenge: with short names there is no service to answer one.
_WITH_SHORT_NAMES: Final = (None, Authentication.NONE, Authentication.LLS)
_KEY_OCTETS: Final = {0: 16, 1: 16, 2: 32}
# How the keys of HLS-ECDSA are read, and what has to become of them under a suite.
_SIGNING: Final[dict[str, tuple[Callable[[str], bytes], Callable[[bytes, Suite], object]]]] = {
    "meter_signing_key": (read_private_key, private_key),
    "client_public_key": (read_public_key, public_key),
}


class DLMSMeter(MeteredLoad, frozen=True, kw_only=True):
    """A DLMS meter and what it feeds; what is left out is as its driver has it.

    `address` is its port where it speaks through the wrapper, with HDLC its physical
    address. `credit` is the kWh somebody buys each time the last ones are used up. The clock
    is `clock_offset` seconds wrong at the start, and `clock_drift` more every day.
    With `referencing` short it knows its attributes by number only.
    `selective_access` is by what it gives parts of its profiles and logs.
    A meter with `via` is behind a concentrator of that number, whose connection it shares.
    With HLS-ECDSA it signs with `meter_signing_key` and verifies with `client_public_key`, each
    in PEM or in hex.
    """

    address: Annotated[int, Meta(ge=1, le=0x3FFF)] | None = None
    client: Annotated[int, Meta(ge=1, le=127)] | None = None
    authentication: Authentication | None = None
    referencing: Referencing = Referencing.LOGICAL
    ciphering: Ciphering = Ciphering.NONE
    suite: Literal[0, 1, 2] = 0
    password: str = ""
    encryption_key: str = ""
    authentication_key: str = ""
    master_key: str = ""
    meter_signing_key: str = ""
    client_public_key: str = ""
    credit: Annotated[float, Meta(ge=0)] = 0.0
    relay_mode: Literal[0, 1, 2, 3, 4, 5, 6] = 4
    clock_offset: float = 0.0
    clock_drift: float = 0.0
    newest_first: bool = False
    null_data: bool = False
    selective_access: tuple[Literal["range", "entry"], ...] = ("range", "entry")
    family: Family | None = None
    via: str = ""

    def key(self, name: str) -> bytes:
        """One of its keys; empty where it has none."""
        return bytes.fromhex(getattr(self, name))

    def signing_key(self, name: str) -> bytes:
        """One of those of HLS-ECDSA; empty where it has none."""
        text = getattr(self, name)
        return _SIGNING[name][0](text) if text else b""


class _DLMSPlace(Table, frozen=True, kw_only=True):
    """What all places of DLMS meters have; `utc_offset` in hours, the plant's own if left out."""

    name: Name
    utc_offset: Annotated[float, Meta(ge=-12, le=14)] | None = None
    load_period: Duration = Duration(900)
    meters: tuple[DLMSMeter, ...]


class DialIn(_DLMSPlace, frozen=True, kw_only=True):
    """Meters that dial the head end's listener `name`, at `endpoint`.

    They say who they are as their `family` does, again every `heartbeat` (0: never), and
    dial anew when three of these went unanswered. Those that push say what they measure
    instead, ciphered where their `ciphering` says so. An inverted one asks for an association
    once, as if it were the head end (see `hesd.dialin.inverted`), and a silent one says nothing.
    """

    endpoint: str
    family: Family = "wrapper"
    framing: Framing = "wrapper"
    heartbeat: Duration = Duration(60)

    @property
    def address(self) -> tuple[str, int]:
        return dialled_address(self.endpoint)


class DLMSPort(_DLMSPlace, frozen=True, kw_only=True):
    """Meters on a listening TCP port."""

    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    interface: str = "127.0.0.1"
    framing: Framing = "wrapper"


class DLMSBus(_DLMSPlace, frozen=True, kw_only=True):
    """HDLC meters on a pty, reached by the symbolic link `name`.

    With `mode_e` it is an optical probe: a meter is signed on to at 300 baud (which a pty
    cannot show) before it speaks HDLC.
    """

    baud: Annotated[int, Meta(ge=INITIAL_BAUD, le=921_600)] = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    paced: bool = True
    mode_e: bool = False

    @property
    def bits_per_character(self) -> int:
        """Start bit, eight data bits, parity, stop bits."""
        return 9 + (self.parity != "N") + self.stopbits


DLMSPlace = DialIn | DLMSPort | DLMSBus


def dialled_address(endpoint: str) -> tuple[str, int]:
    """Host and port of ``tcp:HOST:PORT``. Raises `ValueError`."""
    match = _ENDPOINT.fullmatch(endpoint)
    if match is None or not 0 < int(match[2]) < 1 << 16:
        raise ValueError(f'expected an endpoint such as "tcp:127.0.0.1:4059", got {endpoint!r}')
    return match[1].replace("\\:", ":"), int(match[2])


def dlms_problems(key: str, place: DLMSPlace) -> Iterator[str]:
    """What cannot be in a table of DLMS meters, with its key."""
    if isinstance(place, DialIn):
        try:
            dialled_address(place.endpoint)
        except ValueError as error:
            yield f"{key}.endpoint: {error}"
    for index, meter in enumerate(place.meters):
        where = f"{key}.meters[{index}]"
        yield from _key_problems(where, meter)
        yield from _signing_problems(where, meter)
        if isinstance(place, DialIn):
            yield from _login_problems(where, place, meter)
    yield from _repeated_addresses(key, place)


def _key_problems(where: str, meter: DLMSMeter) -> Iterator[str]:
    size = _KEY_OCTETS[meter.suite]
    for name in _KEY_NAMES:
        text = getattr(meter, name)
        if text and not re.fullmatch(f"[0-9a-fA-F]{{{2 * size}}}", text):
            yield f"{where}.{name}: expected {size} octets in hex"
    if meter.referencing is Referencing.SHORT and meter.authentication not in _WITH_SHORT_NAMES:
        yield f"{where}.authentication: expected none or lls with short names, got '{meter.authentication}'"
    needs = meter.ciphering is not Ciphering.NONE or meter.authentication is Authentication.HLS_GMAC
    for name in _KEY_NAMES[:2]:
        if needs and not getattr(meter, name):
            yield f"{where}.{name}: expected a key, for its APDUs or its proof are made with it"


def _signing_problems(where: str, meter: DLMSMeter) -> Iterator[str]:
    needed = meter.authentication is Authentication.HLS_ECDSA
    if needed and not meter.suite:
        yield f"{where}.suite: expected 1 or 2, for suite 0 signs nothing"
    for name, (read, make) in _SIGNING.items():
        text = getattr(meter, name)
        if needed and not text:
            yield f"{where}.{name}: expected a key, for both sides sign"
        try:
            octets = read(text) if text else b""
            if octets and meter.suite:
                make(octets, Suite(meter.suite))
        except SecurityError as error:
            yield f"{where}.{name}: {error}"


def _login_problems(where: str, place: DialIn, meter: DLMSMeter) -> Iterator[str]:
    family, number = meter.family or place.family, meter.via or meter.serial
    longest = {"wrapper": _WRAPPER_DIGITS, "hexcell": _HEXCELL_DIGITS}.get(family)
    if longest and not re.fullmatch(f"[0-9]{{1,{longest}}}", number):
        yield f"{where}.serial: expected up to {longest} digits in a login of this family, got {number!r}"


def _repeated_addresses(key: str, place: DLMSPlace) -> Iterator[str]:
    """Meters that share a line or a concentrator are told apart by address."""
    seen: set[tuple[str, int | None]] = set()
    for index, meter in enumerate(place.meters):
        shared = meter.via or (meter.serial if isinstance(place, DialIn) else "")
        if (shared, meter.address) in seen:
            yield f"{key}.meters[{index}].address: expected one used once, got {meter.address} again"
        seen.add((shared, meter.address))
