"""The client's part of meters that open the conversation themselves, as if the head end were the meter.

They send SNRM, where they speak HDLC, and AARQ. When the association is made, or refused, they
have registered: from then on they are asked, like any other.
"""

from __future__ import annotations

from typing import Final

from hesd.dlms.association import Associated, AssociationLost, AssociationRefused, Terms
from hesd.dlms.client_association import ClientAssociation
from hesd.dlms.hdlc_address import ServerAddress, client_address
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.link import LinkClosed, LinkOpened, PDUReceived, Role
from hesd.dlms.wrapper import WrapperLink
from hesd.sim.dlms_plant import Framing

_CLIENT: Final = 16
_SERVER: Final = 1
_CONCLUSIONS: Final = (Associated, AssociationRefused, AssociationLost)


class Registration:
    """One meter's registration on a connection of its own."""

    def __init__(self, framing: Framing) -> None:
        self._link: HDLCLink | WrapperLink = (
            WrapperLink(Role.CLIENT, _CLIENT, _SERVER)
            if framing == "wrapper"
            else HDLCLink(Role.CLIENT, client_address(_CLIENT), ServerAddress(_SERVER).octets)
        )
        self._association = ClientAssociation(Terms())
        self._link.connect()
        self.is_over = False

    def begin(self) -> bytes:
        """What is said first."""
        return self.receive(b"")

    def receive(self, octets: bytes) -> bytes:
        """What is said to these octets; once `is_over`, they belong to another conversation."""
        for event in self._link.receive(octets):
            if isinstance(event, LinkOpened):
                self._association.associate()
            elif isinstance(event, LinkClosed):
                self.is_over = True
            elif isinstance(event, PDUReceived):
                self._conclude(event.pdu)
        for pdu in self._association.pdus_to_send():
            self._link.send(pdu)
        return self._link.data_to_send()

    def _conclude(self, pdu: bytes) -> None:
        events = self._association.receive(pdu)
        self.is_over = self.is_over or any(isinstance(event, _CONCLUSIONS) for event in events)
