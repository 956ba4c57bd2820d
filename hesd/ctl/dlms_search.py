"""Which DLMS meters answer on a line, asked one address and one client at a time.

Only what needs no secret of ours is tried, and nothing is written. A meter that refuses has
answered: what it refuses with tells how it wants to be spoken to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twisted.internet.defer import Deferred, TimeoutError

from hesd.collect.dlms_spec import DLMSMeterSpec, MeterAddress, Secrets
from hesd.collect.session import Session
from hesd.collect.session_errors import AssociationFailed
from hesd.ctl.one_time_keyring import OneTimeKeyring
from hesd.ctl.recognise import Candidate
from hesd.ctl.recognise_dlms import GENERIC, Introduction, candidates
from hesd.dlms.access_result import DataResult
from hesd.dlms.acse import Diagnostic
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import LinkRefused
from hesd.driver.cosem import Authentication, DLMSDriver, Referencing
from hesd.driver.generic import DLMS_DRIVER
from hesd.links.apdu_line import APDULine
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, LinkDown, NoReply, ProtocolError
from hesd.model.obis import OBIS

_DEVICE_NAME: Final = OBIS("0.0.42.0.0.255")
_DATA: Final = 1
_RECONNECT: Final = 10.0  # seconds
_FOR_WANT_OF_AUTHENTICATION: Final = frozenset(
    {
        Diagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED,
        Diagnostic.AUTHENTICATION_MECHANISM_NAME_REQUIRED,
        Diagnostic.AUTHENTICATION_FAILURE,
        Diagnostic.AUTHENTICATION_REQUIRED,
    }
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a meter answered one client: `refusal` is empty where it associates.

    `diagnostic` is that of its AARE, where that says no.
    """

    client: int
    referencing: Referencing
    refusal: str = ""
    diagnostic: Diagnostic | None = None

    @property
    def knows_names(self) -> bool:
        """Whether it can be spoken to by this way of naming, unless it wants keys first."""
        return self.diagnostic is not Diagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED


@dataclass(frozen=True, slots=True)
class FoundMeter:
    """A meter that answers: to whom and what, who it says it is, and the drivers that fit, best first.

    `refused` are the attributes it did not tell, each with the reason.
    """

    server: int
    physical: int | None
    heard: tuple[Heard, ...]
    introduction: Introduction
    refused: tuple[str, ...]
    serial: str | None
    candidates: tuple[Candidate, ...]


@dataclass(slots=True)
class Search:
    """Asks the meters of a line; `patience` is in seconds, for one reply.

    `silence` is why the last one that did not answer is taken for silent.
    """

    line: APDULine
    reactor: Any
    clients: Sequence[int]
    drivers: Mapping[str, DLMSDriver]
    patience: float
    silence: str = ""
    _said: dict[OBIS, DataResult | HesdError] = field(default_factory=dict)

    async def look_for(self, server: int, physical: int | None) -> FoundMeter | None:
        """The meter at an address; None where nobody answers. Raises `LinkDown` where the line stays down."""
        self._said = {}
        heard = []
        for client in self.clients:
            answer = await self._heard_by(MeterAddress(client, server, physical))
            if answer is not None:
                heard.append(answer)
        return self._found(server, physical, tuple(heard)) if heard else None

    def _found(self, server: int, physical: int | None, heard: tuple[Heard, ...]) -> FoundMeter:
        said = self._introduction()
        fitting = candidates(said, self.clients, [each.client for each in heard], self.drivers)
        best = self.drivers[fitting[0].driver] if fitting else DLMS_DRIVER
        refused = tuple(
            f"{obis}: {result if isinstance(result, HesdError) else result.text}"
            for obis, result in self._said.items()
            if not isinstance(result, Data)
        )
        return FoundMeter(server, physical, heard, said, refused, said.serial(best), fitting)

    def _introduction(self) -> Introduction:
        told = {obis: result for obis, result in self._said.items() if isinstance(result, Data)}
        name = told.pop(_DEVICE_NAME, None)
        value = None if name is None else name.value
        octets = value.encode() if isinstance(value, str) else value
        return Introduction(octets if isinstance(octets, bytes) else b"", told)

    # -- one client at one address ------------------------------------------------------

    async def _heard_by(self, address: MeterAddress) -> Heard | None:
        """What it answers by logical names; by short ones where it knows no others."""
        heard = await self._asked(address, Referencing.LOGICAL)
        if heard is None or heard.knows_names:
            return heard
        by_short_names = await self._asked(address, Referencing.SHORT)
        return by_short_names if by_short_names and by_short_names.knows_names else heard

    async def _asked(self, address: MeterAddress, referencing: Referencing) -> Heard | None:
        """What it answers; asked once more where the connection broke, for it may have hung up before."""
        for is_last in (False, True):
            await self._connected()
            connection = self.line.counters.reconnects
            try:
                await self._associated(address, referencing)
            except AssociationFailed as failure:
                return Heard(address.client, referencing, _refusal(failure), failure.diagnostic)
            except LinkRefused:
                return Heard(address.client, referencing, "refuses an HDLC link")
            except ProtocolError as error:
                return Heard(address.client, referencing, f"breaks a rule: {error}")
            except (NoReply, LinkDown) as error:
                self.silence = str(error).removeprefix(self.line.name).lstrip(",: ")
                if is_last or (self.line.up and self.line.counters.reconnects == connection):
                    return None
            else:
                return Heard(address.client, referencing)
        return None

    async def _connected(self) -> None:
        """A meter that hung up is dialled again."""
        if self.line.up:
            return
        up: Deferred[None] = Deferred()
        self.line.on_up(lambda: None if up.called else up.callback(None))
        try:
            await up.addTimeout(_RECONNECT, self.reactor)
        except TimeoutError:
            raise LinkDown(f"{self.line.name}: {self.line.problem}") from None

    async def _associated(self, address: MeterAddress, referencing: Referencing) -> None:
        spec = DLMSMeterSpec(
            serial=self.line.name,
            line=self.line.name,
            driver_name=GENERIC,
            driver=DLMS_DRIVER,
            address=address,
            authentication=Authentication.NONE,
            referencing=referencing,
            interval=0,
            slow_interval=0,
        )
        conversation, keyring = self.line.conversation(address), OneTimeKeyring(Secrets(), 1)
        session = Session(spec, conversation, keyring, self.reactor, timeout=self.patience, retries=0)
        try:
            await session.associate(priority=Priority.PROBE)
            await self._introduce(session)
        finally:
            await session.close()

    async def _introduce(self, session: Session) -> None:
        """Ask for what no client was told yet, each by itself: some meters take no lists."""
        for obis in self._wanted():
            if isinstance(self._said.get(obis), Data):
                continue
            try:
                (self._said[obis],) = await session.get(
                    [(AttributeDescriptor(_DATA, obis, 2), None)], priority=Priority.PROBE
                )
            except HesdError as error:
                self._said[obis] = error
                return

    def _wanted(self) -> Iterable[OBIS]:
        serials = (obis for driver in self.drivers.values() for obis in driver.serial.obis)
        return dict.fromkeys((_DEVICE_NAME, *DLMS_DRIVER.serial.obis, *serials))


def _refusal(error: AssociationFailed) -> str:
    """Why the meter associates with nobody of whom it knows nothing."""
    if error.diagnostic in _FOR_WANT_OF_AUTHENTICATION:
        return "associates only with authentication"
    return str(error)
