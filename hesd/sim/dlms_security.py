"""Who a simulated meter lets in, with which keys, and its counters (classes 64 and 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hesd.dlms.access_result import ActionResult
from hesd.dlms.acse import Mechanism
from hesd.dlms.action import ActionResponse
from hesd.dlms.association import Terms
from hesd.dlms.conformance import WITH_LOGICAL_NAMES, WITH_SHORT_NAMES, Conformance
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import SecurityError
from hesd.dlms.protection import Protection
from hesd.dlms.security import (
    MAX_COUNTER,
    CounterReserve,
    Key,
    ReceivedCounter,
    SecurityControl,
    Suite,
    unwrap_key,
)
from hesd.dlms.security_names import CONTEXTS, CONTROLS, MECHANISMS
from hesd.dlms.signing import PrivateKey, PublicKey, private_key, public_key
from hesd.driver.cosem import Authentication, Ciphering, Referencing
from hesd.model.obis import OBIS
from hesd.sim.dlms_object import Attribute, Rights, ServedObject, done
from hesd.sim.faults import FaultKind, Faults

if TYPE_CHECKING:
    from hesd.sim.dlms_meter import SimulatedDLMSMeter

PUBLIC_CLIENT: Final = 16
SETUP: Final = OBIS("0.0.43.0.0.255")
COUNTER: Final = OBIS("0.0.43.1.0.255")
_CONFORMANCE: Final = {
    Referencing.LOGICAL: WITH_LOGICAL_NAMES,
    Referencing.SHORT: WITH_SHORT_NAMES & ~Conformance.BLOCK_TRANSFER_WITH_SET_OR_WRITE,
}

# Key ids of global_key_transfer (IEC 62056-6-2, 4.4.7.3.2).
_UNICAST, _AUTHENTICATION, _MASTER = 0, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the management client gets in; one value may serve any number of meters."""

    client_sap: int = PUBLIC_CLIENT
    authentication: Authentication = Authentication.NONE
    referencing: Referencing = Referencing.LOGICAL
    ciphering: Ciphering = Ciphering.NONE
    suite: int = 0
    password: bytes = field(default=b"", repr=False)
    encryption_key: bytes = field(default=b"", repr=False)
    authentication_key: bytes = field(default=b"", repr=False)
    master_key: bytes = field(default=b"", repr=False)
    meter_signing_key: bytes = field(default=b"", repr=False)
    client_public_key: bytes = b""

    @property
    def has_keys(self) -> bool:
        return self.ciphering is not Ciphering.NONE or self.authentication is Authentication.HLS_GMAC

    @property
    def mechanism(self) -> Mechanism:
        return MECHANISMS[self.authentication]

    def signing_keys(self) -> tuple[PrivateKey | None, PublicKey | None]:
        """What the meter signs with and what it verifies with; neither where it need not."""
        if self.mechanism is not Mechanism.HLS_ECDSA:
            return None, None
        suite = Suite(self.suite)
        return private_key(self.meter_signing_key, suite), public_key(self.client_public_key, suite)


class MeterSecurity:
    """The keys a meter has now, the counters it sends with and has received."""

    __slots__ = ("access", "client_title", "counters", "keys", "received", "title")

    def __init__(self, access: Access, title: bytes, first_counter: int) -> None:
        self.access = access
        self.title = title
        self.client_title = b""
        self.counters = CounterReserve(first_counter, MAX_COUNTER + 1)
        self.received = ReceivedCounter()
        self.keys = {
            _UNICAST: access.encryption_key,
            _AUTHENTICATION: access.authentication_key,
            _MASTER: access.master_key,
        }

    def terms(self, client_sap: int, max_pdu: int, challenge: bytes) -> tuple[Terms, Rights] | None:
        """What is offered to a client that asks for an association now; None for no client of ours."""
        access = self.access
        if client_sap == access.client_sap:
            return self._management_terms(max_pdu, challenge), Rights.MANAGEMENT
        if client_sap == PUBLIC_CLIENT:
            return self._public_terms(max_pdu), Rights.PUBLIC
        return None

    def _public_terms(self, max_pdu: int) -> Terms:
        names = self.access.referencing
        return Terms(
            CONTEXTS[names][False],
            conformance=_CONFORMANCE[names],
            max_pdu=max_pdu,
            system_title=self.title,
        )

    def _management_terms(self, max_pdu: int, challenge: bytes) -> Terms:
        access = self.access
        signing_key, client_public_key = access.signing_keys()
        return Terms(
            CONTEXTS[access.referencing][access.ciphering is not Ciphering.NONE],
            access.mechanism,
            access.password,
            challenge,
            _CONFORMANCE[access.referencing],
            max_pdu,
            self.title,
            self.protection() if access.has_keys else None,
            signing_key=signing_key,
            peer_public_key=client_public_key,
        )

    def protection(self, *, general: bool = False) -> Protection:
        """The ciphering of an association or, in its general form, of what belongs to none."""
        key = Key(self.keys[_UNICAST], self.keys[_AUTHENTICATION], Suite(self.access.suite))
        control = CONTROLS.get(self.access.ciphering, SecurityControl.AUTHENTICATED_ENCRYPTED)
        return Protection(self.title, b"", key, self.counters, self.received, control, general)

    def take_keys(self, wrapped: list[tuple[int, bytes]]) -> None:
        """Take new keys wrapped under the master key, all or none; they hold from the next association.

        Raises `SecurityError`.
        """
        master = self.keys[_MASTER]
        if not master:
            raise SecurityError("this meter has no master key")
        new = {number: unwrap_key(master, octets) for number, octets in wrapped}
        length = Suite(self.access.suite).key_length
        if any(number not in self.keys or len(key) != length for number, key in new.items()):
            raise SecurityError("no key of this meter")
        if new.get(_UNICAST, self.keys[_UNICAST]) != self.keys[_UNICAST]:
            self.received = ReceivedCounter()
        self.keys |= new


def sealed(apdu: bytes, protection: Protection, faults: Faults) -> bytes:
    """The ciphered form of an APDU, with what is wrong with this meter's."""
    if FaultKind.CLEAR in faults:
        return apdu
    if FaultKind.REPLAYED in faults:
        protection.counters.next = max(0, protection.counters.next - 2)
    octets = protection.protect(apdu)
    return octets[:-1] + bytes((octets[-1] ^ 1,)) if FaultKind.FORGED in faults else octets


def security_objects() -> tuple[ServedObject, ...]:
    """The security setup, and the counter that a client goes on from."""
    setup = ServedObject(
        64,
        SETUP,
        {
            2: Attribute(_policy),
            3: Attribute(lambda meter: Data.of(DataType.ENUM, meter.security.access.suite)),
            4: Attribute(lambda meter: Data.of(DataType.OCTET_STRING, meter.security.client_title)),
            5: Attribute(lambda meter: Data.of(DataType.OCTET_STRING, meter.security.title)),
        },
        {2: _transfer_keys},
    )
    counter = ServedObject(1, COUNTER, {2: Attribute(_last_counter)}, is_public=True)
    return setup, counter


# Of version 0 of the class: nothing, authenticated, encrypted, both.
_POLICIES: Final = {
    Ciphering.NONE: 0,
    Ciphering.AUTHENTICATION: 1,
    Ciphering.ENCRYPTION: 2,
    Ciphering.BOTH: 3,
}


def _policy(meter: SimulatedDLMSMeter) -> Data:
    return Data.of(DataType.ENUM, _POLICIES[meter.security.access.ciphering])


def _last_counter(meter: SimulatedDLMSMeter) -> Data:
    return Data.of(DataType.DOUBLE_LONG_UNSIGNED, max(0, meter.security.received.last))


def _transfer_keys(meter: SimulatedDLMSMeter, parameters: Data | None) -> ActionResponse:
    given = None if parameters is None else parameters.value
    wrapped: list[tuple[int, bytes]] = []
    for each in given if isinstance(given, list) else ():
        match each:
            case (int(number), bytes(octets)):
                wrapped.append((number, octets))
            case _:
                return done(ActionResult.TYPE_UNMATCHED)
    try:
        meter.security.take_keys(wrapped)
    except SecurityError:
        return done(ActionResult.OTHER_REASON)
    return done(ActionResult.SUCCESS if wrapped else ActionResult.TYPE_UNMATCHED)
