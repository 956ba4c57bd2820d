"""A meter that costs next to nothing: to the first, second, third APDU it sends what it would answer.

The octets are those of hesd's own server, made once; a client that always begins with the same
counters and the same challenge takes them in every session.
Usage: python -m benchmarks.session_meter CIPHERED; prints its port, ends with its input.
"""

from __future__ import annotations

import select
import socket
import sys
from dataclasses import replace

from benchmarks.dlms_meter import CLIENT, CLIENT_TITLE, COUNTERS, KEY, METER_TITLE, READ, SERVER
from hesd.dlms import get
from hesd.dlms.acse import Context, Mechanism
from hesd.dlms.association import APDUReceived, Terms
from hesd.dlms.client_association import ClientAssociation
from hesd.dlms.conformance import WITH_LOGICAL_NAMES, Conformance
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.invoke_id import invoke_octets
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve
from hesd.dlms.server_association import ServerAssociation
from hesd.dlms.wrapper import HEADER_LENGTH, encode_wpdu
from hesd.model.obis import OBIS

ATTRIBUTES = tuple(AttributeDescriptor(3, OBIS(f"1-0:{number}.8.0"), 2) for number in range(1, 7))
VALUES = tuple(READ + number for number in range(1, 7))
CHALLENGE = b"0123456789abcdef"
_METERS_CHALLENGE = b"fedcba9876543210"
# Otherwise a head end would read it all at once.
_NO_LISTS = WITH_LOGICAL_NAMES & ~Conformance.MULTIPLE_REFERENCES


class Conversation:
    """A whole session in memory: `sent` and `answered` are its wrapper frames."""

    def __init__(self, *, ciphered: bool) -> None:
        self.sent: list[bytes] = []
        self.answered: list[bytes] = []
        self._client = ClientAssociation(_terms(CLIENT_TITLE, METER_TITLE, CHALLENGE, ciphered=ciphered))
        terms = _terms(METER_TITLE, b"", _METERS_CHALLENGE, ciphered=ciphered)
        self._meter = ServerAssociation(replace(terms, conformance=_NO_LISTS))
        self._client.associate()
        self._carry()
        for invoke, attribute in zip(invoke_octets(), ATTRIBUTES, strict=False):
            self._client.send(get.GetRequestNormal(invoke, attribute))
            self._carry()
        self._client.release()
        self._carry()

    def _carry(self) -> None:
        while pdus := self._client.pdus_to_send():
            for pdu in pdus:
                self.sent.append(encode_wpdu(CLIENT, SERVER, pdu))
                for event in self._meter.receive(pdu):
                    if isinstance(event, APDUReceived):
                        self._answer(event.apdu)
                for answer in self._meter.pdus_to_send():
                    self.answered.append(encode_wpdu(SERVER, CLIENT, answer))
                    self._client.receive(answer)

    def _answer(self, request: object) -> None:
        assert isinstance(request, get.GetRequestNormal)
        value = VALUES[ATTRIBUTES.index(request.attribute)]
        data = Data.of(DataType.DOUBLE_LONG_UNSIGNED, value)
        self._meter.send(get.GetResponseNormal(request.invoke, data))


def _terms(own: bytes, other: bytes, challenge: bytes, *, ciphered: bool) -> Terms:
    if not ciphered:
        return Terms()
    protection = Protection(own, other, KEY, CounterReserve(1, COUNTERS))
    return Terms(
        Context.LOGICAL_NAMES_CIPHERED,
        Mechanism.HLS_GMAC,
        challenge=challenge,
        system_title=own,
        protection=protection,
    )


def serve(server: socket.socket, answers: list[bytes]) -> None:
    """Answer everybody until standard input ends."""
    poll = select.epoll()
    poll.register(server, select.EPOLLIN)
    poll.register(sys.stdin, select.EPOLLIN)
    clients: dict[int, tuple[socket.socket, int]] = {}
    while True:
        for number, _ in poll.poll():
            if number == server.fileno():
                client, _ = server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()] = client, 0
                poll.register(client, select.EPOLLIN)
            elif number == sys.stdin.fileno():
                return
            else:
                client, done = clients[number]
                if len(client.recv(4096)) > HEADER_LENGTH:
                    client.send(answers[done])
                    clients[number] = client, done + 1
                else:
                    del clients[number]
                    client.close()


def main(ciphered: bool) -> None:
    answers = Conversation(ciphered=ciphered).answered
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        print(server.getsockname()[1], flush=True)
        serve(server, answers)


if __name__ == "__main__":
    main(sys.argv[1] == "True")
