"""A head end for the tests: a blocking socket, our own cores, one meter, nothing clever."""

from __future__ import annotations

import os
import socket
from typing import Any

from hesd.dlms.access_result import DataAccessResult, DataResult
from hesd.dlms.acse import Context, Mechanism
from hesd.dlms.action import ActionResponse
from hesd.dlms.apdu import APDU
from hesd.dlms.association import (
    APDUDiscarded,
    APDUReceived,
    Associated,
    AssociationEvent,
    AssociationLost,
    AssociationRefused,
    Terms,
)
from hesd.dlms.client_association import ClientAssociation
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.hdlc_address import ServerAddress, client_address
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.invoke_id import invoke_octets
from hesd.dlms.link import Link, PDUReceived, Role
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve, Key, SecurityControl, Suite
from hesd.dlms.selective_access import SelectiveAccess
from hesd.dlms.transfer import ActionTransfer, GetTransfer, SetTransfer, Transfer
from hesd.dlms.wrapper import WrapperLink
from hesd.model.obis import OBIS

EK, AK, MK = "000102030405060708090A0B0C0D0E0F", "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF", "30" * 16
TITLE = b"HSD\x00\x00\x00\x00\x01"


class Silent(Exception):
    """No answer within the timeout."""


class Lost(Exception):
    """The association is refused or gone."""


def wrapper(client: int = 16, server: int = 1) -> WrapperLink:
    return WrapperLink(Role.CLIENT, client, server)


def hdlc(client: int = 16, address: ServerAddress | None = None) -> HDLCLink:
    return HDLCLink(Role.CLIENT, client_address(client), (address or ServerAddress(1)).octets)


def ciphered(
    mechanism: Mechanism = Mechanism.HLS_GMAC,
    *,
    key: str = EK,
    first: int = 1,
    suite: int = 0,
    control: SecurityControl = SecurityControl.AUTHENTICATED_ENCRYPTED,
    general: bool = False,
    dedicated: bytes | None = None,
    authentication_key: str = AK,
) -> Terms:
    keys = Key(bytes.fromhex(key), bytes.fromhex(authentication_key), Suite(suite))
    protection = Protection(
        TITLE, b"", keys, CounterReserve(first, 1 << 20), required=control, general=general
    )
    return Terms(
        Context.LOGICAL_NAMES_CIPHERED,
        mechanism,
        b"00000000" if mechanism is not Mechanism.HLS_GMAC else b"",
        os.urandom(16),
        system_title=TITLE,
        protection=protection,
        dedicated_key=dedicated,
    )


def lls(password: bytes = b"00000000") -> Terms:
    return Terms(mechanism=Mechanism.LLS, secret=password)


class Head:
    """One connection and one association, used from a thread."""

    def __init__(
        self, address: tuple[str, int] | socket.socket, link: Link, terms: Terms, timeout: float = 5
    ) -> None:
        self.socket = socket.create_connection(address) if isinstance(address, tuple) else address
        self.socket.settimeout(timeout)
        self.link = link
        self.association = ClientAssociation(terms)
        self.discarded: list[str] = []
        self._events: list[AssociationEvent] = []
        self._invokes = invoke_octets()

    def __enter__(self) -> Head:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def associate(self) -> Associated:
        """Raises `Lost` where the meter refuses."""
        if not self.link.is_open:
            self.link.connect()
            self._flush()
            while not self.link.is_open:
                self._receive()
        self.association.associate()
        return self._await(Associated)

    def get(self, class_id: int, obis: str, attribute: int = 2, access: SelectiveAccess | None = None) -> Any:
        """The value, or the error the meter gives."""
        (result,) = self.get_all([(AttributeDescriptor(class_id, OBIS(obis), attribute), access)])
        return result.value if isinstance(result, Data) else result

    def get_all(self, attributes: Any) -> tuple[DataResult, ...]:
        transfer = GetTransfer(next(self._invokes), tuple(attributes))
        self.run(transfer)
        return transfer.results

    def data(self, class_id: int, obis: str, attribute: int = 2) -> Data:
        (result,) = self.get_all([(AttributeDescriptor(class_id, OBIS(obis), attribute), None)])
        assert isinstance(result, Data), result
        return result

    def set(self, class_id: int, obis: str, value: Data, attribute: int = 2) -> DataAccessResult | None:
        assert self.association.agreed is not None
        descriptor = AttributeDescriptor(class_id, OBIS(obis), attribute)
        transfer = SetTransfer(next(self._invokes), descriptor, value, None, self.association.agreed.max_pdu)
        self.run(transfer)
        return transfer.result

    def action(self, class_id: int, obis: str, method: int, parameters: Data | None = None) -> ActionResponse:
        descriptor = MethodDescriptor(class_id, OBIS(obis), method)
        assert self.association.agreed is not None
        transfer = ActionTransfer(
            next(self._invokes), descriptor, parameters, self.association.agreed.max_pdu
        )
        self.run(transfer)
        assert transfer.response is not None
        return transfer.response

    def run(self, transfer: Transfer) -> None:
        while transfer.request is not None:
            self.association.send(transfer.request)
            transfer.receive(self.answer(transfer))

    def answer(self, transfer: Transfer) -> APDU:
        while True:
            apdu: APDU = self._await(APDUReceived).apdu
            if transfer.is_answered_by(apdu):
                return apdu
            self.discarded.append(f"late: {apdu}")

    def _await(self, kind: type) -> Any:
        self._flush()
        while True:
            while self._events:
                event = self._events.pop(0)
                if isinstance(event, AssociationRefused | AssociationLost):
                    raise Lost(event.reason, event)
                if isinstance(event, APDUDiscarded):
                    self.discarded.append(event.reason)
                elif isinstance(event, kind):
                    return event
            self._receive()

    def _flush(self) -> None:
        for pdu in self.association.pdus_to_send():
            self.link.send(pdu)
        if octets := self.link.data_to_send():
            self.socket.sendall(octets)

    def _receive(self) -> None:
        found = self.link.receive(b"")
        if not found:
            try:
                octets = self.socket.recv(4096)
            except TimeoutError:
                raise Silent from None
            if not octets:
                raise ConnectionError("closed")
            found = self.link.receive(octets)
        for event in found:
            if isinstance(event, PDUReceived):
                self._events += self.association.receive(event.pdu)
        self._flush()
