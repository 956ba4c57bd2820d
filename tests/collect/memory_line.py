"""A line in memory: the head end's Modbus core speaking into the ear of the meters' one.

Frames are real, and so is the time they take: each exchange keeps the line for what
`BusTiming` says, and a silent meter for the whole time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from hesd.driver import Holding, ModbusDriver, Order, Unit
from hesd.driver.codec import RegisterCodec
from hesd.driver.register import Register
from hesd.links.modbus_link import LinkCounters, Priority
from hesd.modbus import rtu
from hesd.modbus.errors import BadReply, MeterException
from hesd.modbus.read_plan import BusTiming, Timing
from hesd.modbus.server import serve
from hesd.model.errors import LinkDown, NoReply
from hesd.model.reading import Raw


class Bank:
    """A meter's registers by function and address; what is not set reads as 0."""

    def __init__(self, missing: Sequence[range] = (), limit: int = 125) -> None:
        self.missing = missing
        self.limit = limit
        self.words: dict[tuple[int, int], int] = {}
        self.written: list[tuple[int, bytes]] = []
        self.refuses_writes_with: int | None = None
        self.forgets_writes = False

    def put(self, register: Register, raw: Raw, base: int = 0) -> None:
        data = RegisterCodec([register], register.address, register.order or Order.ABCD).encode([raw])
        for index in range(0, len(data), 2):
            address = register.address - base + index // 2
            self.words[register.function, address] = int.from_bytes(data[index : index + 2])

    def read_registers(self, function: int, address: int, count: int) -> bytes:
        wanted = range(address, address + count)
        if count > self.limit:
            raise MeterException(3, function)
        if any(max(hole.start, wanted.start) < min(hole.stop, wanted.stop) for hole in self.missing):
            raise MeterException(2, function)
        return b"".join(self.words.get((function, each), 0).to_bytes(2) for each in wanted)

    def read_bits(self, function: int, address: int, count: int) -> tuple[bool, ...]:
        return tuple(bool(self.words.get((function, address + n), 0)) for n in range(count))

    def write_registers(self, address: int, data: bytes) -> None:
        self.written.append((address, data))
        if self.refuses_writes_with is not None:
            raise MeterException(self.refuses_writes_with, 16)
        if self.forgets_writes:
            return
        for index in range(0, len(data), 2):
            self.words[3, address + index // 2] = int.from_bytes(data[index : index + 2])

    def write_coils(self, address: int, values: tuple[bool, ...]) -> None:
        raise MeterException(1, 15)

    def identification(self) -> Mapping[int, bytes]:
        raise MeterException(1, 43)


class MemoryLine:
    """A `ModbusLink` whose meters are `banks` by unit id; units in `silent` never answer."""

    def __init__(self, clock: Clock, timing: Timing | None = None, in_flight: int = 1) -> None:
        self.name = "bus-1"
        self.up = True
        self.problem = ""
        self.counters = LinkCounters()
        self.timing: Timing = timing or BusTiming(9600)
        self.in_flight = in_flight
        self.turnarounds: dict[int, float] = {}
        self.banks: dict[int, Bank] = {}
        self.silent: set[int] = set()
        self.garbled: set[int] = set()
        self.fail_at: tuple[int, int] | None = None  # a unit, and an address it never answers for
        self.loses_replies_to_writes = False
        self.asked: list[tuple[float, int, Any]] = []
        self.most_at_once = 0
        self._clock = clock
        self._order = count()
        self._queue: list[tuple[int, int, int, Any, float, Deferred[Any]]] = []
        self._busy = 0
        self._up_callbacks: list[Callable[[], None]] = []

    def turnaround(self, unit: int) -> float | None:
        return self.turnarounds.get(unit)

    def on_up(self, callback: Callable[[], None]) -> None:
        self._up_callbacks.append(callback)

    def go_down(self) -> None:
        """The adapter is pulled: what waits was never sent."""
        self.up, self.problem = False, "the adapter is gone"
        waiting, self._queue = self._queue, []
        for *_, waiter in waiting:
            waiter.errback(LinkDown(self.problem))

    def come_up(self) -> None:
        self.up, self.problem = True, ""
        for callback in self._up_callbacks:
            callback()

    async def exchange(
        self,
        unit: int,
        request: Any,
        *,
        timeout: float,  # noqa: ASYNC109
        priority: Priority = Priority.POLL,
    ) -> Any:
        if not self.up:
            raise LinkDown(self.problem)
        waiter: Deferred[Any] = Deferred()
        heappush(self._queue, (priority, next(self._order), unit, request, timeout, waiter))
        self._send()
        return await waiter

    def _send(self) -> None:
        while self._queue and self._busy < self.in_flight:
            _, _, unit, request, timeout, waiter = heappop(self._queue)
            if waiter.called:
                continue
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)
            self.asked.append((self._clock.seconds(), unit, request))
            reply = self._reply(unit, request)
            seconds = self._seconds(request, reply) + (timeout if isinstance(reply, NoReply) else 0)
            self.counters.requests += 1
            self.counters.busy_seconds += seconds
            self._clock.callLater(seconds, self._finish, waiter, reply)

    def _finish(self, waiter: Deferred[Any], reply: Any) -> None:
        self._busy -= 1
        if not self.up:
            reply = NoReply("the connection broke")
        if not waiter.called:
            (waiter.errback if isinstance(reply, Exception) else waiter.callback)(reply)
        self._send()

    def _reply(self, unit: int, request: Any) -> Any:
        if unit in self.silent or unit not in self.banks:
            return NoReply(f"unit {unit} is silent")
        if request.function == 16:
            return self._write(unit, request)
        first = request.address
        if any((unit, address) == self.fail_at for address in range(first, first + request.count)):
            return NoReply(f"unit {unit} is silent at {first}")
        if unit in self.garbled:
            return BadReply("a frame with a wrong CRC")
        return self._answer(unit, request)

    def _write(self, unit: int, request: Any) -> Any:
        reply = self._answer(unit, request)
        return NoReply("the reply was lost") if self.loses_replies_to_writes else reply

    def _answer(self, unit: int, request: Any) -> Any:
        (frame,) = rtu.RequestReader().feed(rtu.encode_frame(unit, request.encode()))
        reader = rtu.ReplyReader()
        reader.expect(unit, request)
        (event,) = reader.feed(rtu.encode_frame(unit, serve(frame.pdu, self.banks[unit])))
        assert isinstance(event, rtu.ReplyReceived)
        try:
            return request.decode_reply(event.pdu)
        except MeterException as refusal:
            return refusal

    def _seconds(self, request: Any, reply: Any) -> float:
        size = 2 if isinstance(reply, Exception) else request.reply_length
        framing = self.timing.framing
        return self.timing.transaction(len(request.encode()) + framing, size + framing)


VOLTAGE = Holding(3028, "1-0:32.7.0", Unit.V)
CURRENT = Holding(3000, "1-0:31.7.0", Unit.A)
POWER = Holding(3054, "1-0:1.7.0", Unit.W, scaler=3)
ENERGY = Holding(3204, "1-0:1.8.0", Unit.WH, scaler=3)
DRIVER = ModbusDriver(
    vendor="Schneider", models=("EM",), source="field note", registers=(CURRENT, VOLTAGE, POWER, ENERGY)
)


def bank(current: float = 5.0, voltage: float = 230.0, power: float = 3.5, energy: float = 1000.0) -> Bank:
    """A meter of `DRIVER` that shows these values."""
    bank = Bank()
    for register, raw in zip(DRIVER.registers, (current, voltage, power, energy), strict=True):
        bank.put(register, raw)
    return bank
