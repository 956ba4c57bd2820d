"""The meters behind one byte stream, told apart by their addresses, whoever opened it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final, Protocol

from twisted.internet.interfaces import IReactorTime

from hesd.dlms.errors import FrameError
from hesd.dlms.hdlc_address import ServerAddress, client_address
from hesd.dlms.hdlc_frame import FrameReader, HDLCFrame
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.link import LinkOpened, PDUReceived, Role
from hesd.dlms.wrapper import StreamBroken, WPDUReader, encode_wpdu
from hesd.sim.dlms_outbox import Outbox
from hesd.sim.faults import FaultKind
from hesd.sim.streamed_meter import StreamClient, StreamedMeter

# By address: the wrapper's port, or HDLC's physical address, None for a meter without one.
Meters = Mapping[int | None, StreamedMeter]

# The pre-established client that pushes are for, by its SAP.
PUSH_CLIENT: Final = 102
# Octets of a wrapper's version, by which a corrupted frame shows.
_VERSION: Final = 2
# Types and command of a family W acknowledgement, which is no APDU.
_ACKNOWLEDGEMENTS: Final = (b"\xaa\x03", b"\xcc\x03")


class MeterStream(Protocol):
    """Takes what the head end sends; answers go to the `transmit` it was made with."""

    def received(self, octets: bytes) -> bool:
        """False when nothing can be understood on this stream any more."""

    def push(self, address: int | None, pdu: bytes) -> None:
        """Say something unasked, from the meter at this address."""

    def hang_up(self) -> None:
        """The stream is gone, with all associations on it."""


class WrapperStream:
    """Meters that speak through the TCP wrapper."""

    __slots__ = ("_clients", "_meters", "_outbox", "_random", "_reader")

    def __init__(
        self, meters: Meters, clock: IReactorTime, transmit: Callable[[bytes], None], random: Random
    ) -> None:
        self._meters = meters
        self._random = random
        self._outbox = Outbox(clock, transmit, random, telltale=_VERSION)
        self._reader = WPDUReader()
        self._clients: dict[tuple[int, int], StreamClient] = {}

    def received(self, octets: bytes) -> bool:
        for found in self._reader.cut(octets):
            if isinstance(found, StreamBroken):
                return False
            source, destination, apdu = found
            meter = self._meters.get(destination)
            if meter is None or FaultKind.DEAD in meter.faults or apdu[:2] in _ACKNOWLEDGEMENTS:
                continue
            for pdu in self._client(meter, destination, source).receive(apdu):
                self._outbox.answer(meter, encode_wpdu(destination, source, pdu))
        return True

    def push(self, address: int | None, pdu: bytes) -> None:
        meter = self._meters[address]
        self._outbox.answer(meter, encode_wpdu(meter.server_sap, PUSH_CLIENT, pdu))

    def hang_up(self) -> None:
        self._outbox.hang_up()
        self._clients.clear()
        self._reader = WPDUReader()

    def _client(self, meter: StreamedMeter, address: int, sap: int) -> StreamClient:
        client = self._clients.get((address, sap))
        if client is None:
            client = self._clients[address, sap] = meter.client(sap, self._random)
        return client


class _Station:
    """One meter under one form of its address: the link, and the client that opened it."""

    __slots__ = ("client", "link", "meter")

    def __init__(self, meter: StreamedMeter, address: bytes) -> None:
        self.meter = meter
        self.link = HDLCLink(Role.SERVER, address, None)
        self.client: StreamClient | None = None


class HDLCStream:
    """Meters that speak HDLC; `character` is the time an octet takes on a serial line."""

    __slots__ = ("_meters", "_outbox", "_random", "_reader", "_stations")

    def __init__(
        self,
        meters: Meters,
        clock: IReactorTime,
        transmit: Callable[[bytes], None],
        random: Random,
        character: float = 0.0,
    ) -> None:
        self._meters = meters
        self._random = random
        self._outbox = Outbox(clock, transmit, random, character=character)
        self._reader = FrameReader()
        self._stations: dict[bytes, _Station | None] = {}

    def received(self, octets: bytes) -> bool:
        for found in self._reader.feed(octets):
            if not isinstance(found, HDLCFrame):
                continue
            station = self._station(found.destination)
            if station is not None and FaultKind.DEAD not in station.meter.faults:
                self._heard(station, found)
        return True

    def push(self, address: int | None, pdu: bytes) -> None:
        meter = self._meters[address]
        own = ServerAddress(meter.server_sap, address).octets
        link = HDLCLink(Role.SERVER, own, client_address(PUSH_CLIENT))
        link.send_unnumbered(pdu)
        self._outbox.answer(meter, link.data_to_send())

    def hang_up(self) -> None:
        self._outbox.hang_up()
        self._stations.clear()
        self._reader = FrameReader()

    def _heard(self, station: _Station, frame: HDLCFrame) -> None:
        link = station.link
        for event in link.receive(frame.encode()):
            if isinstance(event, LinkOpened):
                # A client that opens its link anew has forgotten the association.
                station.client = station.meter.client(frame.source[0] >> 1, self._random)
            elif isinstance(event, PDUReceived) and station.client is not None:
                answers = station.client.receive(event.pdu)
                for pdu in answers:
                    link.send(pdu)
                if not answers:
                    link.acknowledge()
        octets = link.data_to_send()
        if octets:
            self._outbox.answer(station.meter, octets)

    def _station(self, address: bytes) -> _Station | None:
        if address not in self._stations:
            meter = self._meter_at(address)
            self._stations[address] = None if meter is None else _Station(meter, address)
        return self._stations[address]

    def _meter_at(self, address: bytes) -> StreamedMeter | None:
        """The meter under an address; one that is alone on its line hears any physical part."""
        try:
            wanted = ServerAddress.from_octets(address)
        except FrameError:
            return None
        meter = self._meters.get(wanted.physical)
        if meter is None and len(self._meters) == 1:
            (meter,) = self._meters.values()
        return meter if meter is not None and meter.server_sap == wanted.logical else None
