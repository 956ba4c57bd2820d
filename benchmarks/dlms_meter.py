"""What a meter answers in the DLMS benchmarks: octets, made before anything is measured."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import cycle

from hesd.dlms import get
from hesd.dlms.acse import Context
from hesd.dlms.association import APDUReceived, Terms
from hesd.dlms.block_transfer import datablocks
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.hdlc_address import ServerAddress
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.link import PDUReceived, Role
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve, Key
from hesd.dlms.server_association import ServerAssociation
from hesd.dlms.wrapper import WrapperLink
from hesd.model.obis import OBIS

CLIENT, SERVER = 16, 1
CLIENT_TITLE, METER_TITLE = b"HSD\x00\x00\x00\x00\x01", b"MTR\x00\x00\x00\x00\x02"
KEY = Key(bytes(range(16)), bytes(range(0xD0, 0xE0)))
COUNTERS = 1 << 30
INVOKE = 0xC1  # what gurux-dlms always asks with
ENERGY = AttributeDescriptor(3, OBIS("1-0:1.8.0"), 2)
PROFILE = AttributeDescriptor(7, OBIS("1-0:99.1.0"), 2)
READ = 74565
ROWS = 2880
MAX_PDU = 1024
_BLOCK_OVERHEAD = 12
_PERIOD = dt.timedelta(minutes=15)
_BEGAN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def energy() -> list[get.GetResponse]:
    """The answer to a request for a register."""
    return [get.GetResponseNormal(INVOKE, Data.of(DataType.DOUBLE_LONG_UNSIGNED, READ))]


def profile() -> list[get.GetResponse]:
    """The answers to the requests for 30 days of quarter hours, in blocks of 1 KB."""
    octets = Data.array(*map(_row, range(ROWS))).octets
    return [
        get.GetResponseWithDatablock(INVOKE, block.last_block, block.block_number, block.raw)
        for block in datablocks(octets, MAX_PDU - _BLOCK_OVERHEAD)
    ]


def _row(number: int) -> Data:
    """A clock, a status, six counters."""
    clock = Data.of(DataType.OCTET_STRING, DateTime.of(_BEGAN + number * _PERIOD).octets)
    status = Data.of(DataType.UNSIGNED, number & 7)
    counters = [Data.of(DataType.DOUBLE_LONG_UNSIGNED, number * 1000 + column * 7) for column in range(6)]
    return Data.structure(clock, status, *counters)


class Meter:
    """Answers one client, over and over with the same `answers` to its requests."""

    def __init__(self, answers: list[get.GetResponse], *, hdlc: bool, ciphered: bool) -> None:
        self._link: HDLCLink | WrapperLink = (
            HDLCLink(Role.SERVER, ServerAddress(SERVER).octets, None)
            if hdlc
            else WrapperLink(Role.SERVER, SERVER, CLIENT)
        )
        protection = Protection(METER_TITLE, CLIENT_TITLE, KEY, CounterReserve(1, COUNTERS))
        context = Context.LOGICAL_NAMES_CIPHERED if ciphered else Context.LOGICAL_NAMES
        terms = Terms(context, system_title=METER_TITLE, protection=protection if ciphered else None)
        self._association = ServerAssociation(terms)
        self._answers: Iterator[get.GetResponse] = cycle(answers)

    def answer(self, octets: bytes) -> bytes:
        """What goes back for these octets."""
        for event in self._link.receive(octets):
            if isinstance(event, PDUReceived):
                self._take(event.pdu)
        return self._link.data_to_send()

    def _take(self, pdu: bytes) -> None:
        for event in self._association.receive(pdu):
            if isinstance(event, APDUReceived):
                self._association.send(next(self._answers))
        for answer in self._association.pdus_to_send():
            self._link.send(answer)
