"""A second connection for a meter that has one: it proves itself, or stands beside for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from hesd.collect.dialled_in_register import DialInRegister
from hesd.collect.dlms_crew import DLMSCrew
from hesd.collect.dlms_meter import DLMSMeter, NotProven
from hesd.collect.dlms_roster import DLMSRoster, Placed
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.links.dial_in import DialledIn
from hesd.model.errors import HesdError

_PROOFS_AT_ONCE: Final = 50
_AGAIN_AFTER: Final = 30.0

Claimed = tuple[str, DialledIn]


class DialInProof:
    """`meter_on` makes a meter to speak with on a connection."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        register: DialInRegister,
        roster: DLMSRoster,
        crew: DLMSCrew,
        meter_on: Callable[[DLMSMeterSpec, DialledIn], DLMSMeter],
    ) -> None:
        self._clock = clock
        self._register = register
        self._roster = roster
        self._crew = crew
        self._meter_on = meter_on
        self._gate = DeferredSemaphore(_PROOFS_AT_ONCE)
        self._tried: dict[Claimed, float] = {}

    def begin(self, serial: str, connection: DialledIn) -> None:
        """Have this connection prove that it is the meter's, unless it has just been asked to."""
        now = self._clock.seconds()
        if now < self._tried.get((serial, connection), float("-inf")) + _AGAIN_AFTER:
            return
        self._tried[serial, connection] = now
        proving = self._gate.run(lambda: Deferred.fromCoroutine(self._prove(serial, connection)))
        proving.addErrback(lambda failure: self.log.failure("no proof of {serial}", failure, serial=serial))

    def heard(self, connection: DialledIn) -> None:
        """One that brought no proof may do so now that it is heard again."""
        if not self._tried:
            return
        for serial in self._register.claimants(connection):
            self.begin(serial, connection)

    def lost(self, connection: DialledIn) -> None:
        """A connection is gone, or what it claims is settled."""
        for claimed in [each for each in self._tried if each[1] is connection]:
            del self._tried[claimed]

    async def _prove(self, serial: str, connection: DialledIn) -> None:
        placed = self._roster.get(serial)
        if placed is None or not self._is_beside(serial, connection):
            return
        meter = self._meter_on(placed.spec, connection)
        try:
            await meter.prove()
        except HesdError as problem:
            await meter.session.close()
            self._unproven(serial, connection, problem)
            return
        if self._roster.get(serial) is placed and self._is_beside(serial, connection):
            self._take_over(placed, connection, meter)
        else:
            await meter.session.close()

    def _unproven(self, serial: str, connection: DialledIn, problem: HesdError) -> None:
        self.log.info(
            "a connection from {address} is not shown to be {serial}: {problem}",
            address=connection.address,
            serial=serial,
            problem=problem,
        )
        if isinstance(problem, NotProven) and not self._register.served(connection):
            connection.close(f"it claims to be {serial}: {problem}")

    def _take_over(self, placed: Placed, connection: DialledIn, meter: DLMSMeter) -> None:
        serial = placed.spec.serial
        before = self._register.bind(serial, connection)
        self._crew.sessions.release(placed)
        self._crew.sessions.take_over(placed, meter)
        self.lost(connection)
        if before is not None and not self._register.served(before):
            before.close(f"another connection has proved to be {serial}")
        self._roster.restored(placed, self._clock.seconds())
        self._crew.pump()

    def _is_beside(self, serial: str, connection: DialledIn) -> bool:
        return connection in self._register.beside(serial)
