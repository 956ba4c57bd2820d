"""Asks a meter that does not say who it is: its logical device name, else its serial number.

Only what needs no secret of ours is tried, the public client first: whoever dials in may be
anybody, and would learn a password that is sent to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from hesd.collect.cosem_reading import serial_of
from hesd.collect.dlms_spec import DLMSMeterSpec, MeterAddress
from hesd.collect.session import Session
from hesd.collect.session_errors import AssociationFailed
from hesd.dialin.event import Layer
from hesd.dialin.identity import Claim, ClaimSource, serial_of_device_name
from hesd.dlms.access_result import DataResult
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.driver.cosem import Authentication, DLMSDriver
from hesd.links.apdu_line import Conversation
from hesd.links.dial_in import DialledIn
from hesd.links.modbus_link import Priority
from hesd.model.errors import NoReply, ProtocolError
from hesd.model.meter_number import MeterNumberError
from hesd.model.obis import OBIS

_DEVICE_NAME: Final = AttributeDescriptor(1, OBIS("0.0.42.0.0.255"), 2)
_SERIAL_NUMBER: Final = AttributeDescriptor(1, OBIS("0.0.96.1.0.255"), 2)
# One that knows nothing of the meter: the public client, and the standard serial number.
_PUBLIC: Final = DLMSDriver(
    vendor="", models=(), source="", objects=(), client_sap=16, authentication=Authentication.NONE
)
_OTHER: Final = {Layer.WRAPPER: Layer.HDLC, Layer.HDLC: Layer.WRAPPER}

SessionOf = Callable[[DLMSMeterSpec, Conversation], Session]


async def ask_who(connection: DialledIn, drivers: Iterable[DLMSDriver], session_of: SessionOf) -> list[Claim]:
    """What the meter calls itself, best first; nothing where it does not say.

    `drivers` are those whose access points are tried after the public client's. One that is
    silent may speak another framing than its listener thinks. Raises `LinkDown`.
    """
    claims = await _ask_on(connection, drivers, session_of)
    other = _OTHER.get(connection.framing)
    if claims is None and other is not None and connection.family is None:
        connection.use_framing(other)
        claims = await _ask_on(connection, drivers, session_of)
    return claims or []


async def _ask_on(
    connection: DialledIn, drivers: Iterable[DLMSDriver], session_of: SessionOf
) -> list[Claim] | None:
    """The same on the framing there is; None where the meter was silent."""
    is_heard = False
    for spec in _accesses(drivers):
        try:
            return await _asked(session_of(spec, connection.conversation(spec.address)), spec.driver)
        except (AssociationFailed, ProtocolError):
            is_heard = True
        except NoReply:
            break
    return [] if is_heard else None


def _accesses(drivers: Iterable[DLMSDriver]) -> Iterator[DLMSMeterSpec]:
    """Without a password: the public client, then the access points drivers name."""
    tried = set()
    for driver in (_PUBLIC, *drivers):
        address = MeterAddress(driver.client_sap, driver.server_sap)
        if address not in tried:
            tried.add(address)
            yield DLMSMeterSpec(
                serial="",
                line="",
                driver_name="",
                driver=driver,
                address=address,
                authentication=Authentication.NONE,
                interval=0,
                slow_interval=0,
            )


async def _asked(session: Session, driver: DLMSDriver) -> list[Claim]:
    try:
        name, number = await session.get(
            [(_DEVICE_NAME, None), (_SERIAL_NUMBER, None)], priority=Priority.PROBE
        )
    finally:
        await session.close()
    return [Claim(serial, ClaimSource.READ) for serial in _serials(name, number, driver)]


def _serials(name: DataResult, number: DataResult, driver: DLMSDriver) -> Iterator[str]:
    try:
        if isinstance(number, Data):
            yield serial_of(number, driver)
    except MeterNumberError:
        pass
    try:
        if isinstance(name, Data) and isinstance(name.value, bytes | str):
            octets = name.value if isinstance(name.value, bytes) else name.value.encode()
            yield serial_of_device_name(octets)
    except MeterNumberError:
        pass
