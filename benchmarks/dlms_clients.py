"""The two head ends of the DLMS benchmarks, from connecting to values, without any socket.

hesd's checks whatever can be wrong with an answer: ports, or checksums and sequence numbers,
tag and invocation counter, invoke id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from benchmarks import dlms_meter
from hesd.dlms.acse import Context
from hesd.dlms.apdu import decode
from hesd.dlms.association import APDUReceived, Terms
from hesd.dlms.client_association import ClientAssociation
from hesd.dlms.cosem_time import epoch_ms
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import APDUError, LinkError
from hesd.dlms.get import GetRequestNormal, GetResponseNormal
from hesd.dlms.hdlc_address import ServerAddress, client_address
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.invoke_id import answers
from hesd.dlms.link import PDUReceived, Role
from hesd.dlms.profile_buffer import complete_rows
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve
from hesd.dlms.transfer import GetTransfer
from hesd.dlms.wrapper import WrapperLink

Answer = Callable[[bytes], bytes]
_CLOCK = 0
_PERIOD_S = 900


class Client(Protocol):
    """Reads one attribute again and again."""

    def open(self, answer: Answer) -> None:
        """Connect and associate with a meter."""

    def request(self) -> bytes:
        """The octets of a GET, or of what comes first of one."""

    def receive(self, octets: bytes) -> Any:
        """What the answer brings; None while there is more to come."""

    def more(self) -> bytes:
        """The octets that ask for it."""

    def rows(self, value: Any) -> list[tuple[int, ...]]:
        """Of a profile: its rows, each clock as milliseconds since 1970."""


class Hesd:
    """As its sessions read: through the states of link, association and transfer."""

    def __init__(self, attribute: AttributeDescriptor, *, hdlc: bool, ciphered: bool) -> None:
        self._link: HDLCLink | WrapperLink = (
            HDLCLink(Role.CLIENT, client_address(dlms_meter.CLIENT), ServerAddress(dlms_meter.SERVER).octets)
            if hdlc
            else WrapperLink(Role.CLIENT, dlms_meter.CLIENT, dlms_meter.SERVER)
        )
        title, counters = dlms_meter.CLIENT_TITLE, CounterReserve(1, dlms_meter.COUNTERS)
        protection = Protection(title, dlms_meter.METER_TITLE, dlms_meter.KEY, counters)
        self._protection = protection if ciphered else None
        context = Context.LOGICAL_NAMES_CIPHERED if ciphered else Context.LOGICAL_NAMES
        terms = Terms(context, system_title=title, protection=self._protection)
        self._association = ClientAssociation(terms)
        self._attributes = ((attribute, None),)
        self._transfer = GetTransfer(dlms_meter.INVOKE, self._attributes)

    def open(self, answer: Answer) -> None:
        self._link.connect()
        self._link.receive(answer(self._link.data_to_send()))
        self._association.associate()
        self._send_on()
        for event in self._link.receive(answer(self._link.data_to_send())):
            if isinstance(event, PDUReceived):
                self._association.receive(event.pdu)

    def request(self) -> bytes:
        self._transfer = GetTransfer(dlms_meter.INVOKE, self._attributes)
        self._ask()
        return self._link.data_to_send()

    def more(self) -> bytes:
        return self._link.data_to_send()

    def receive(self, octets: bytes) -> Any:
        for event in self._link.receive(octets):
            if not isinstance(event, PDUReceived):
                continue
            for found in self._association.receive(event.pdu):
                if isinstance(found, APDUReceived) and self._transfer.is_answered_by(found.apdu):
                    self._transfer.receive(found.apdu)
                    if self._transfer.request is not None:
                        self._ask()
        return self._transfer.results[0].value if self._transfer.results else None

    def _ask(self) -> None:
        assert self._transfer.request is not None
        self._association.send(self._transfer.request)
        self._send_on()

    def _send_on(self) -> None:
        for pdu in self._association.pdus_to_send():
            self._link.send(pdu)

    def rows(self, value: Any) -> list[tuple[int, ...]]:
        completed = complete_rows(value, frozenset({_CLOCK}), _PERIOD_S)
        return [(epoch_ms(row[_CLOCK]) or 0, *row[1:]) for row in completed]


class HesdCodec(Hesd):
    """The same link and ciphering with the APDUs bare: for an answer that is one APDU."""

    def request(self) -> bytes:
        pdu = GetRequestNormal(dlms_meter.INVOKE, self._attributes[0][0]).encode()
        self._link.send(pdu if self._protection is None else self._protection.protect(pdu))
        return self._link.data_to_send()

    def receive(self, octets: bytes) -> Any:
        (event,) = self._link.receive(octets)
        if not isinstance(event, PDUReceived):
            raise LinkError(f"no answer: {event}")
        apdu = decode(event.pdu if self._protection is None else self._protection.open(event.pdu))
        if not isinstance(apdu, GetResponseNormal) or not answers(dlms_meter.INVOKE, apdu.invoke):
            raise APDUError(f"no answer: {apdu}")
        if not isinstance(apdu.result, Data):
            raise APDUError(f"refused: {apdu.result.text}")
        return apdu.result.value


class Gurux:
    """gurux-dlms as shipped. It verifies no tag, and compares no counter and no invoke id."""

    def __init__(self, attribute: AttributeDescriptor, *, hdlc: bool, ciphered: bool) -> None:
        from gurux_dlms import GXReplyData
        from gurux_dlms.enums import Authentication, InterfaceType, Security
        from gurux_dlms.secure.GXDLMSSecureClient import GXDLMSSecureClient

        interface = InterfaceType.HDLC if hdlc else InterfaceType.WRAPPER
        client, server = dlms_meter.CLIENT, dlms_meter.SERVER
        self._client = GXDLMSSecureClient(True, client, server, Authentication.NONE, None, interface)
        if ciphered:
            ciphering = self._client.ciphering
            ciphering.systemTitle = bytearray(dlms_meter.CLIENT_TITLE)
            ciphering.blockCipherKey = bytearray(dlms_meter.KEY.encryption)
            ciphering.authenticationKey = bytearray(dlms_meter.KEY.authentication)
            ciphering.security = Security.AUTHENTICATION_ENCRYPTION
        self._hdlc = hdlc
        self._attribute = attribute.attribute
        self._object = _register(attribute) if attribute is dlms_meter.ENERGY else _profile(attribute)
        self._new_reply = GXReplyData
        self._reply = GXReplyData()

    def open(self, answer: Answer) -> None:
        if self._hdlc:
            ua = self._heard(answer(bytes(self._client.snrmRequest())))
            self._client.parseUAResponse(ua.data)
        (aarq,) = self._client.aarqRequest()
        self._client.parseAareResponse(self._heard(answer(bytes(aarq))).data)

    def _heard(self, octets: bytes) -> Any:
        reply = self._new_reply()
        if not self._client.getData(bytearray(octets), reply):
            raise RuntimeError("gurux-dlms does not take the meter's answer")
        return reply

    def request(self) -> bytes:
        self._reply = self._new_reply()
        (octets,) = self._client.read(self._object, self._attribute)
        return bytes(octets)

    def receive(self, octets: bytes) -> Any:
        self._client.getData(bytearray(octets), self._reply)
        return None if self._reply.isMoreData() else self._reply.value

    def more(self) -> bytes:
        return bytes(self._client.receiverReady(self._reply))

    def rows(self, value: Any) -> list[tuple[int, ...]]:
        rows = self._client.updateValue(self._object, self._attribute, value)
        return [(int(row[_CLOCK].value.timestamp() * 1000), *row[1:]) for row in rows]


def _register(attribute: AttributeDescriptor) -> Any:
    from gurux_dlms.objects import GXDLMSRegister

    return GXDLMSRegister(str(attribute.instance))


def _profile(attribute: AttributeDescriptor) -> Any:
    """It needs to know what its columns are."""
    from gurux_dlms.objects import GXDLMSClock, GXDLMSData, GXDLMSProfileGeneric, GXDLMSRegister

    profile = GXDLMSProfileGeneric(str(attribute.instance))
    profile.addCaptureObject(GXDLMSClock("0.0.1.0.0.255"), 2, 0)
    profile.addCaptureObject(GXDLMSData("0.0.96.10.1.255"), 2, 0)
    for number in range(1, 7):
        profile.addCaptureObject(GXDLMSRegister(f"1.0.{number}.8.0.255"), 2, 0)
    return profile
