"""Takes what meters say unasked: deciphers it where it has to be, and hands on what it means."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_bytes
from typing import Final

from twisted.internet.defer import DeferredLock
from twisted.logger import Logger, LogLevel

from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_roster import DLMSRoster
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.collect.failure_reason import reason_of
from hesd.collect.push_errors import TooMany
from hesd.collect.push_meaning import (
    Notification,
    claims_of,
    event_of,
    is_quantity,
    named_values,
    readings_of,
)
from hesd.collect.push_sender import titled_sender
from hesd.collect.session_counters import Counters
from hesd.collect.session_terms import terms_of
from hesd.dialin.event import AlarmReceived
from hesd.dialin.identity import Claim, ClaimSource
from hesd.dlms.apdu import decode
from hesd.dlms.ciphered import GeneralCiphered, ServiceCiphered
from hesd.dlms.cosem_time import epoch_ms
from hesd.dlms.errors import SecurityError
from hesd.dlms.notification import DataNotification, EventNotification
from hesd.driver.cosem import Ciphering
from hesd.links.apdu_line import Push
from hesd.model.errors import HesdError
from hesd.model.event import MeterEvent
from hesd.model.obis import OBIS

_ALARM: Final = OBIS("0.0.97.98.0.255")  # alarm register 1 (IEC 62056-6-1)
_NOTIFICATIONS: Final = (DataNotification, EventNotification)
_CIPHERED: Final = (GeneralCiphered, ServiceCiphered)
# How many pushes of one meter may wait for those before them: who knows a system title can forge any number.
_MOST_WAITING: Final = 100


class PushDesk:
    """Readings go where all readings go, what is none becomes an event.

    `roster` has the meters that may push here.
    """

    log = Logger()

    def __init__(self, desk: DLMSDesk, roster: DLMSRoster) -> None:
        self._desk = desk
        self._roster = roster
        self._turns: dict[str, DeferredLock] = {}

    async def take(self, push: Push, specs: Sequence[DLMSMeterSpec]) -> list[Claim]:
        """Take a push of one of these meters, told apart by address; whom it names as its sender.

        Of a meter that is to be ciphered, nothing in clear is taken. Where there are no meters yet,
        it may be of any that is known by the system title in it: that claim is proven once the
        push was taken.
        """
        spec = _sender(push, specs)
        try:
            if not specs:
                spec = await titled_sender(push.pdu, self._desk.keyring, self._roster)
            notification = await self._opened(push.pdu, spec)
        except HesdError as error:
            self._refuse(specs, spec, error)
            return []
        if notification is None:
            return []
        if spec is not None:
            self._publish(notification, spec)
        if spec is not None and not specs:
            return [Claim(spec.serial, ClaimSource.SYSTEM_TITLE, proven=True)]
        return claims_of(notification)

    def alarm(self, serial: str, alarm: AlarmReceived) -> None:
        """A DSMR 4 alarm, as an event."""
        event = MeterEvent(
            meter=serial,
            log=alarm.obis or _ALARM,
            at_ms=self._desk.now_ms(),
            name="alarm",
            code=alarm.register,
        )
        self._desk.on_events([event])

    def _refuse(self, specs: Sequence[DLMSMeterSpec], spec: DLMSMeterSpec | None, error: HesdError) -> None:
        self._desk.pushes_refused[reason_of(error)] += 1
        # Strangers may push as often as they like, and the log is to stay readable.
        self.log.emit(
            LogLevel.info if specs else LogLevel.debug,
            "a push of {meter} is refused: {error}",
            meter=spec.serial if spec else "nobody",
            error=error,
        )

    def _publish(self, notification: Notification, spec: DLMSMeterSpec) -> None:
        at_ms = self._time(notification, spec)
        table = self._desk.tables.of_driver(spec.driver_name, spec.driver)
        named = [each for each in named_values(notification) if is_quantity(each.obis)]
        readings = list(readings_of(named, spec, table, at_ms))
        if readings:
            self._desk.on_readings(readings)
        else:
            self._desk.on_events([event_of(notification, spec.serial, at_ms)])

    def _time(self, notification: Notification, spec: DLMSMeterSpec) -> int:
        now, driver = self._desk.now_ms(), spec.driver
        if notification.date_time is None:
            return now
        sign = -1 if driver.reversed_deviation else 1
        told = epoch_ms(notification.date_time, -driver.time_zone_minutes, sign)
        return now if told is None else told

    async def _opened(self, pdu: bytes, spec: DLMSMeterSpec | None) -> Notification | None:
        apdu = decode(pdu)
        is_to_be_ciphered = spec is not None and spec.ciphering is not Ciphering.NONE
        if isinstance(apdu, _CIPHERED) and spec is not None and is_to_be_ciphered:
            apdu = decode(await self._in_turn(pdu, spec))
        elif is_to_be_ciphered:
            raise SecurityError("in clear, from a meter that is to be ciphered")
        return apdu if isinstance(apdu, _NOTIFICATIONS) else None

    async def _in_turn(self, pdu: bytes, spec: DLMSMeterSpec) -> bytes:
        """One after the other: of two with the same counter the second is a replay."""
        turn = self._turns.setdefault(spec.serial, DeferredLock())
        if len(turn.waiting) >= _MOST_WAITING:
            raise TooMany(f"{_MOST_WAITING} others wait already")
        async with turn:
            try:
                return await self._deciphered(pdu, spec)
            finally:
                if not turn.waiting:
                    self._turns.pop(spec.serial, None)

    async def _deciphered(self, pdu: bytes, spec: DLMSMeterSpec) -> bytes:
        keyring = self._desk.keyring
        secrets = await keyring.secrets(spec.serial)
        counters = Counters(spec.serial, keyring)
        await counters.begin(secrets.encryption_key or b"")
        protection = terms_of(spec, secrets, counters, token_bytes).protection
        if protection is None:
            raise SecurityError("there are no keys for it")
        opened = protection.open(pdu)
        await counters.keep_received()
        return opened


def _sender(push: Push, specs: Sequence[DLMSMeterSpec]) -> DLMSMeterSpec | None:
    """The meter of that address, the only one where there is just one, else nobody."""
    if len(specs) == 1:
        return specs[0]
    return next((spec for spec in specs if spec.address.logical == push.address.logical), None)
