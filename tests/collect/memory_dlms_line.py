"""A DLMS line in memory, dialled or dialled in on, with meters on the server's core behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from hesd.dialin.event import Family, Layer
from hesd.dialin.identity import Claim, ClaimSource
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.driver.cosem import Authentication, CosemObject, DLMSDriver, SerialNumber
from hesd.driver.register import Tier
from hesd.links.apdu_line import Listener, MeterAddress, Push
from hesd.links.flight_recorder import FlightRecorder
from hesd.links.modbus_link import LinkCounters, Priority
from hesd.model.errors import LinkDown, NoReply
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS
from hesd.model.units import Unit
from tests.collect.memory_meter import MemoryMeter, number

# An exchange over a cellular network, more or less (seconds).
ROUND_TRIP = 0.1

VOLTAGE = CosemObject("1-0:32.7.0", 3, "voltage", Unit.V, scaler=-1, tier=Tier.FAST)
ENERGY = CosemObject("1-0:1.8.0", 3, "import", Unit.WH, scaler=1, tier=Tier.SLOW)
CREDIT = CosemObject("1-0:96.66.0", 1, "credit", Unit.WH, scaler=1, tier=Tier.SLOW)
STATUS = CosemObject("0-0:97.97.12", 1, "run status")
DRIVER = DLMSDriver(
    vendor="Memory",
    models=("M1",),
    source="tests",
    objects=(VOLTAGE, ENERGY, CREDIT, STATUS),
    client_sap=17,
    authentication=Authentication.LLS,
    serial=SerialNumber(encoding=NumberEncoding.BCD, digits=11),
    time_zone_minutes=60,
)
SERIAL = AttributeDescriptor(1, OBIS("0.0.96.1.0.255"), 2)
FIRMWARE = AttributeDescriptor(1, OBIS("1.0.0.2.0.255"), 2)
DEVICE_NAME = AttributeDescriptor(1, OBIS("0.0.42.0.0.255"), 2)


def value_of(object_: CosemObject) -> AttributeDescriptor:
    return AttributeDescriptor(object_.class_id, object_.obis, object_.attribute)


def scaler_of(object_: CosemObject) -> AttributeDescriptor:
    return AttributeDescriptor(object_.class_id, object_.obis, 3)


def scaler_unit(scaler: int, unit: Unit) -> Data:
    return Data.structure(Data.of(DataType.INTEGER, scaler), Data.of(DataType.ENUM, int(unit)))


def octets(value: bytes) -> Data:
    return Data.of(DataType.OCTET_STRING, value)


def meter(serial: str = "46000755036", **terms: Any) -> MemoryMeter:
    """A meter of `DRIVER` at 230.1 V that has counted 1234 times 10 Wh."""
    meter = MemoryMeter(**terms)
    meter.values = {
        SERIAL: octets(bytes.fromhex(f"{int(serial):012d}")),
        FIRMWARE: Data.of(DataType.VISIBLE_STRING, "V1.0"),
        DEVICE_NAME: octets(b"MEM" + f"{int(serial):013d}".encode()),
        value_of(VOLTAGE): number(2301),
        scaler_of(VOLTAGE): scaler_unit(-1, Unit.V),
        value_of(ENERGY): number(1234),
        scaler_of(ENERGY): scaler_unit(1, Unit.WH),
        value_of(CREDIT): number(55),
        value_of(STATUS): Data.of(DataType.BIT_STRING, "01000000"),
    }
    return meter


class MemoryDLMSConversation:
    """Every exchange takes its time; one with nobody takes the whole timeout."""

    def __init__(self, line: MemoryDLMSLine, address: MeterAddress) -> None:
        self.address = address
        self.is_open = False
        self._line = line
        self._answers: deque[bytes] = deque()

    async def open(self, *, timeout: float, priority: Priority) -> None:  # noqa: ASYNC109
        self._line.check_up()
        self.is_open = True

    def exchange(
        self, pdu: bytes | None, listener: Listener, *, timeout: float, priority: Priority = Priority.POLL
    ) -> None:
        answer = Deferred.fromCoroutine(self._answer(pdu, timeout, priority))
        answer.addCallbacks(listener.heard, lambda failure: listener.missed(failure.value))

    async def _answer(self, pdu: bytes | None, timeout: float, priority: Priority) -> bytes:  # noqa: ASYNC109
        self._line.check_up()
        if pdu is not None:
            self._line.sent.append((self.address, pdu, priority))
            self._answers += self._line.answers(self.address, pdu)
        await self._line.wait(ROUND_TRIP if self._answers else timeout)
        if not self._answers:
            raise NoReply("the meter does not answer")
        return self._answers.popleft()

    async def close(self) -> None:
        self.is_open = False
        self._answers.clear()


class MemoryDLMSLine:
    """`meters` are by logical address; those in `silent` hear and do not answer."""

    def __init__(self, clock: Clock, name: str = "l") -> None:
        self.name = name
        self.up = True
        self.problem = ""
        self.counters = LinkCounters()
        self.recorder = FlightRecorder()
        self.meters: dict[int, MemoryMeter] = {}
        self.silent: set[int] = set()
        self.sent: list[tuple[MeterAddress, bytes, Priority]] = []
        self.clock = clock
        self._conversations: dict[MeterAddress, MemoryDLMSConversation] = {}
        self._waiting: list[Deferred[None]] = []
        self._up_callbacks: list[Callable[[], None]] = []

    def on_up(self, callback: Callable[[], None]) -> None:
        self._up_callbacks.append(callback)

    def on_push(self, callback: Callable[[Push], None]) -> None:
        """Nobody pushes on a dialled line in these tests."""

    def conversation(self, address: MeterAddress) -> MemoryDLMSConversation:
        return self._conversations.setdefault(address, MemoryDLMSConversation(self, address))

    def go_down(self, why: str = "the modem is off") -> None:
        self.up, self.problem = False, why
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.called:
                each.errback(NoReply("the connection broke"))
        self._conversations.clear()

    def come_up(self) -> None:
        self.up, self.problem = True, ""
        for meter in self.meters.values():
            meter.server.reset()
        for callback in self._up_callbacks:
            callback()

    def check_up(self) -> None:
        if not self.up:
            raise LinkDown(f"{self.name}: {self.problem}")

    def answers(self, address: MeterAddress, pdu: bytes) -> list[bytes]:
        meter = self.meters.get(address.logical)
        if meter is None or address.logical in self.silent:
            return []
        return meter.receive(pdu)

    async def wait(self, seconds: float) -> None:
        waiter: Deferred[None] = Deferred()
        self._waiting.append(waiter)
        call = self.clock.callLater(seconds, lambda: None if waiter.called else waiter.callback(None))
        try:
            await waiter
        finally:
            self._waiting = [each for each in self._waiting if each is not waiter]
            if call.active():
                call.cancel()


class MemoryDialledIn(MemoryDLMSLine):
    """A connection a meter dialled in on; `observer` is told what a listener would tell."""

    def __init__(
        self, clock: Clock, observer: Any, serial: str | None = None, family: Family | None = None
    ) -> None:
        super().__init__(clock, "gprs 10.0.0.1:1000")
        self.observer = observer
        self.listener = "gprs"
        self.address = "10.0.0.1"
        self.family = family or (None if serial is None else Family.HEXCELL)
        self.claim = None if serial is None else Claim(serial, ClaimSource.LOGIN)
        self.framing = Layer.WRAPPER
        self.framings: list[Layer] = []
        self.last_seen_ms = int(clock.seconds() * 1000)
        self.closed = ""

    def use_framing(self, framing: Layer) -> None:
        self.framing = framing
        self.framings.append(framing)

    def dial(self) -> MemoryDialledIn:
        self.observer.identified(self)
        return self

    def beat(self) -> None:
        self.last_seen_ms = int(self.clock.seconds() * 1000)
        self.observer.heard(self)

    def push(self, pdu: bytes, address: MeterAddress | None = None) -> None:
        self.last_seen_ms = int(self.clock.seconds() * 1000)
        self.observer.pushed(self, Push(pdu, address or MeterAddress()))

    def close(self, reason: str) -> None:
        if self.up:
            self.closed = reason
            self.hang_up()

    def hang_up(self) -> None:
        self.go_down("hung up")
        self.observer.lost(self)

    def answers(self, address: MeterAddress, pdu: bytes) -> list[bytes]:
        found = super().answers(address, pdu)
        if found:
            self.last_seen_ms = int(self.clock.seconds() * 1000)
        return found
