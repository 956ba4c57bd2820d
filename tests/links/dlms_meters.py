"""Meters on the cores' server side: octets in, octets out, and a few ways to misbehave."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from hesd.dlms import get
from hesd.dlms.acse import Mechanism
from hesd.dlms.association import APDUReceived, Terms
from hesd.dlms.client_association import ClientAssociation
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.hdlc_address import ServerAddress, client_address
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.link import PDUReceived, Role
from hesd.dlms.mode_e import BaudSwitched, ModeEAnswer
from hesd.dlms.server_association import ServerAssociation
from hesd.dlms.wrapper import StreamBroken, WPDUReader, encode_wpdu
from hesd.links.apdu_line import Conversation
from hesd.links.dlms_conversation import Waiter
from hesd.links.modbus_link import Priority
from hesd.model.obis import OBIS

PASSWORD = b"00000000"
SERIAL = AttributeDescriptor(1, OBIS("0-0:96.1.0.255"), 2)
INVOKE = 0xC1
GET_SERIAL = get.GetRequestNormal(INVOKE, SERIAL).encode()


class Meter:
    """One logical device that answers every GET with its serial number, padded to `size`."""

    def __init__(self, serial: bytes, size: int = 0) -> None:
        self.serial = serial.ljust(size, b".")
        self.asked: list[bytes] = []
        self.association = ServerAssociation(Terms(mechanism=Mechanism.LLS, secret=PASSWORD, max_pdu=0xFFFF))

    def answers(self, pdu: bytes) -> list[bytes]:
        self.asked.append(pdu)
        for event in self.association.receive(pdu):
            if isinstance(event, APDUReceived) and isinstance(event.apdu, get.GetRequestNormal):
                value = Data.of(DataType.OCTET_STRING, self.serial)
                self.association.send(get.GetResponseNormal(event.apdu.invoke, value))
        return self.association.pdus_to_send()


class WrapperMeters:
    """Meters behind one connection, by their port."""

    def __init__(self, meters: dict[int, Meter]) -> None:
        self.meters = meters
        self.mute = False
        self._reader = WPDUReader()

    def receive(self, octets: bytes) -> bytes:
        out = b""
        for found in self._reader.feed(octets):
            assert not isinstance(found, StreamBroken)
            meter = self.meters.get(found.destination)
            if meter is not None and not self.mute:
                out += b"".join(
                    encode_wpdu(found.destination, found.source, answer)
                    for answer in meter.answers(found.apdu)
                )
        return out


class HDLCMeters:
    """Meters on one bus, by their address. `lose` drops what it says yes to, of what they say."""

    def __init__(self, meters: dict[ServerAddress, Meter]) -> None:
        self.meters = [
            (HDLCLink(Role.SERVER, address.octets, None), meter) for address, meter in meters.items()
        ]
        self.lose: Callable[[bytes], bool] = lambda _said: False

    def receive(self, octets: bytes) -> bytes:
        out = b""
        for link, meter in self.meters:
            for event in link.receive(octets):
                if isinstance(event, PDUReceived):
                    for answer in meter.answers(event.pdu):
                        link.send(answer)
            said = link.data_to_send()
            out += b"" if self.lose(said) else said
        return out


class OpticalMeter(HDLCMeters):
    """One that is spoken to in ASCII at first. `bauds` are those it switched to."""

    def __init__(self, meter: Meter) -> None:
        super().__init__({ServerAddress(1): meter})
        self.bauds: list[int] = []
        self.unheard = 0  # sign-ons it misses
        self._opening: ModeEAnswer | None = ModeEAnswer("HXE", "DDSY1088", 9600)

    def receive(self, octets: bytes) -> bytes:
        if self._opening is None:
            return super().receive(octets)
        if b"/?" in octets and self.unheard:
            self.unheard -= 1
            return b""
        for event in self._opening.receive(octets):
            if isinstance(event, BaudSwitched):
                self.bauds.append(event.baud)
                self._opening = None
                return octets  # some echo the acknowledgement
        return self._opening.data_to_send()


def push(link_client: int, pdu: bytes) -> bytes:
    """A push in a UI frame from logical device 1."""
    link = HDLCLink(Role.SERVER, ServerAddress(1).octets, client_address(link_client))
    link.send_unnumbered(pdu)
    return link.data_to_send()


def exchange(
    conversation: Conversation, pdu: bytes | None, timeout: float = 5, priority: Priority = Priority.POLL
) -> Deferred[bytes]:
    """What comes for an APDU."""
    waiter = Waiter()
    conversation.exchange(pdu, waiter, timeout=timeout, priority=priority)
    return waiter.done


async def associate(conversation: Conversation, secret: bytes = PASSWORD) -> ClientAssociation:
    """An association over a conversation, link and all."""
    association = ClientAssociation(Terms(mechanism=Mechanism.LLS, secret=secret))
    await conversation.open(timeout=5)
    association.associate()
    for pdu in association.pdus_to_send():
        association.receive(await exchange(conversation, pdu))
    return association


async def serial(conversation: Conversation) -> bytes:
    """What the meter says its number is."""
    answer = get.decode_get_response(await exchange(conversation, GET_SERIAL))
    assert isinstance(answer, get.GetResponseNormal)
    assert isinstance(answer.result, Data)
    value = answer.result.value
    assert isinstance(value, bytes)
    return value.rstrip(b".")
