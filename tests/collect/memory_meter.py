"""A DLMS meter in memory, on the server's core, and a conversation with it that goes wrong when told.

Time is a `task.Clock`: an answer that does not come takes its timeout of that and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from hesd.collect.dlms_spec import DLMSMeterSpec, Secrets
from hesd.dlms import action, get
from hesd.dlms import set as set_service
from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.acse import Context, Mechanism
from hesd.dlms.apdu import APDU
from hesd.dlms.association import APDUReceived, Terms
from hesd.dlms.conformance import WITH_LOGICAL_NAMES
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.exception import ExceptionResponse, ServiceError, StateError
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve, Key, SecurityControl, Suite
from hesd.dlms.served_transfer import ServedGet, ServedSet
from hesd.dlms.server_association import ServerAssociation
from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver
from hesd.links.apdu_line import Listener, MeterAddress
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError, LinkDown, NoReply
from hesd.model.obis import OBIS
from tests.dlms.signing_pairs import METER_PAIR, OUR_PAIR

EK, AK, MASTER = bytes(range(16)), bytes(range(0xD0, 0xE0)), bytes(range(0x30, 0x40))
OURS, THEIRS = b"HSD\x00\x00\x00\x00\x01", b"MTR\x00\x00\x00\x00\x02"
PASSWORD = b"00000000"
CHALLENGE = b"fedcba9876543210"
PUBLIC = MeterAddress(client=16)
SERIAL = AttributeDescriptor(1, OBIS("0.0.96.1.0.255"), 2)
STALE = ExceptionResponse(StateError.SERVICE_NOT_ALLOWED, ServiceError.OPERATION_NOT_POSSIBLE)

Read = Callable[[], DataResult]
Write = Callable[[Data], DataAccessResult]
Call = Callable[[Data | None], action.ActionResponse]
# What becomes of a PDU on its way to the meter and back: the PDUs that come for it.
Fault = Callable[["MemoryMeter", bytes], list[bytes]]


def number(value: int) -> Data:
    return Data.of(DataType.DOUBLE_LONG_UNSIGNED, value)


class MemoryMeter:
    """Serves `values`; `written` and `called` are what changed it, in order."""

    def __init__(
        self,
        mechanism: Mechanism = Mechanism.LLS,
        *,
        ciphered: bool = False,
        control: SecurityControl = SecurityControl.AUTHENTICATED_ENCRYPTED,
        key: Key | None = None,
        max_pdu: int = 200,
        signing_suite: Suite = Suite.AES_128_P256,
    ) -> None:
        signs = mechanism is Mechanism.HLS_ECDSA
        keyed = ciphered or mechanism is Mechanism.HLS_GMAC
        self.protection = Protection(
            THEIRS, b"", key or Key(EK, AK), CounterReserve(1, 1 << 32), required=control
        )
        terms = Terms(
            Context.LOGICAL_NAMES_CIPHERED if ciphered else Context.LOGICAL_NAMES,
            mechanism,
            PASSWORD,
            CHALLENGE,
            WITH_LOGICAL_NAMES,
            max_pdu,
            THEIRS,
            self.protection if keyed else None,
            signing_key=METER_PAIR[signing_suite].private if signs else None,
            peer_public_key=OUR_PAIR[signing_suite].private.public_key() if signs else None,
        )
        self.server = ServerAssociation(terms)
        self.values: dict[AttributeDescriptor, DataResult | Read] = {}
        self.writes: dict[AttributeDescriptor, Write] = {}
        self.methods: dict[MethodDescriptor, Call] = {}
        self.written: list[tuple[AttributeDescriptor, Data]] = []
        self.called: list[tuple[MethodDescriptor, Data | None]] = []
        self.asked: list[APDU] = []
        self._get, self._set = ServedGet(max_pdu), ServedSet()

    def offer(self, **terms: Any) -> None:
        """Other terms from the next association on."""
        self.server.terms = replace(self.server.terms, **terms)

    def receive(self, pdu: bytes) -> list[bytes]:
        for event in self.server.receive(pdu):
            if isinstance(event, APDUReceived):
                self.asked.append(event.apdu)
                self.server.send(self.answer(event.apdu))
        return self.server.pdus_to_send()

    def answer(self, apdu: APDU) -> APDU:
        match apdu:
            case get.GetRequestNormal():
                return self._get.answer(apdu.invoke, (self._value(apdu.attribute),))
            case get.GetRequestWithList():
                results = tuple(self._value(each) for each, _ in apdu.attributes)
                return self._get.answer(apdu.invoke, results, as_list=True)
            case get.GetRequestNext():
                return self._get.next(apdu)
            case set_service.SetRequestNormal():
                return set_service.SetResponseNormal(apdu.invoke, self._write(apdu.attribute, apdu.value))
            case set_service.SetRequestWithFirstDatablock() | set_service.SetRequestWithDatablock():
                refused_or_more = self._set.take(apdu)
                if refused_or_more is not None:
                    return refused_or_more
                assert self._set.first is not None
                assert self._set.value is not None
                result = self._write(self._set.first.attribute, self._set.value)
                return set_service.SetResponseLastDatablock(apdu.invoke, result, apdu.block.block_number)
            case action.ActionRequestNormal():
                self.called.append((apdu.method, apdu.parameters))
                call = self.methods.get(apdu.method, _no_method)
                return action.ActionResponseNormal(apdu.invoke, call(apdu.parameters))
        raise AssertionError(apdu)

    def _value(self, attribute: AttributeDescriptor) -> DataResult:
        value = self.values.get(attribute, DataAccessResult.OBJECT_UNDEFINED)
        return value if isinstance(value, Data | DataAccessResult) else value()

    def _write(self, attribute: AttributeDescriptor, value: Data) -> DataAccessResult:
        self.written.append((attribute, value))
        return self.writes.get(attribute, lambda _: DataAccessResult.SUCCESS)(value)


def _no_method(_: Data | None) -> action.ActionResponse:
    return action.ActionResponse(ActionResult.OBJECT_UNDEFINED)


class MemoryConversation:
    """`faults` are used up one for each PDU that is sent; `sent` are all of them."""

    def __init__(self, meter: MemoryMeter, clock: Clock, address: MeterAddress | None = None) -> None:
        self.meter = meter
        self.address = address or MeterAddress(client=17)
        self.faults: deque[Fault | None] = deque()
        self.sent: list[bytes] = []
        self.priorities: list[Priority] = []
        self.up = True
        self.is_open = False
        self.opened = 0
        self._clock = clock
        self._answers: deque[bytes] = deque()
        self._asked: deque[tuple[bytes | None, Listener, float, Priority]] = deque()
        self._answering = False

    async def open(self, *, timeout: float, priority: Priority) -> None:  # noqa: ASYNC109
        self._check_up()
        self.opened += not self.is_open
        self.is_open = True

    def exchange(
        self, pdu: bytes | None, listener: Listener, *, timeout: float, priority: Priority = Priority.POLL
    ) -> None:
        """Answers at once; who asks again meanwhile is answered after that, not inside it."""
        self._asked.append((pdu, listener, timeout, priority))
        if self._answering:
            return
        self._answering = True
        while self._asked:
            pdu, listener, timeout, priority = self._asked.popleft()
            try:
                answer = self._answer(pdu, timeout, priority)
            except HesdError as error:
                listener.missed(error)
            else:
                listener.heard(answer)
        self._answering = False

    def _answer(self, pdu: bytes | None, timeout: float, priority: Priority) -> bytes:
        self._check_up()
        if pdu is not None:
            self.sent.append(pdu)
            self.priorities.append(priority)
            fault = self.faults.popleft() if self.faults else None
            self._answers += self.meter.receive(pdu) if fault is None else fault(self.meter, pdu)
        if not self._answers:
            self._clock.advance(timeout)
            raise NoReply("the meter does not answer")
        return self._answers.popleft()

    async def close(self) -> None:
        self.is_open = False
        self._answers.clear()

    def _check_up(self) -> None:
        if not self.up:
            raise LinkDown("the line is down")


def lost_request(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
    return []


def lost_reply(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
    meter.receive(pdu)
    return []


def stale(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
    """The meter had a power cut: no association any more."""
    meter.server.reset()
    return [STALE.encode()]


def forged_tag(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
    answers = meter.receive(pdu)
    return [*answers[:-1], answers[-1][:-1] + bytes((answers[-1][-1] ^ 1,))]


def in_clear(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
    """A reply without the ciphering that was agreed."""
    events = meter.server.receive(pdu)
    return [meter.answer(event.apdu).encode() for event in events if isinstance(event, APDUReceived)]


def instead(*answers: bytes) -> Fault:
    return lambda meter, pdu: list(answers)


def before(*answers: bytes) -> Fault:
    """Something else first, then the answer."""
    return lambda meter, pdu: [*answers, *meter.receive(pdu)]


class MemoryKeyring:
    """Keeps secrets, counters and what came of them in memory; `next` outlives sessions, as a disk does."""

    def __init__(self, secrets: Secrets | None = None) -> None:
        self.kept = secrets or Secrets(
            password=PASSWORD, encryption_key=EK, authentication_key=AK, master_key=MASTER, own_title=OURS
        )
        self.next: dict[bytes | None, int] = {}
        self.highest: dict[bytes | None, int] = {}
        self.waiting: dict[str, bytes] = {}
        self.titles: dict[str, bytes] = {}
        self.writes = 0

    def secrets(self, serial: str) -> Deferred[Secrets]:
        return succeed(self.kept)

    def reserve(self, serial: str, count: int, at_least: int = 0) -> Deferred[tuple[int, int]]:
        key = self.kept.encryption_key
        first = max(self.next.get(key, 1), at_least)
        self.next[key] = first + count
        return succeed((first, first + count))

    def received(self, serial: str) -> Deferred[int]:
        return succeed(self.highest.get(self.kept.encryption_key, -1))

    def set_received(self, serial: str, counter: int) -> Deferred[None]:
        key = self.kept.encryption_key
        self.writes += 1
        self.highest[key] = max(counter, self.highest.get(key, -1))
        return succeed(None)

    def set_peer_title(self, serial: str, title: bytes) -> Deferred[None]:
        self.kept = replace(self.kept, peer_title=title)
        self.titles[serial] = title
        return succeed(None)

    def titled(self, title: bytes) -> Deferred[Sequence[str]]:
        return succeed([serial for serial, kept in self.titles.items() if kept == title])

    def replace_keys(self, serial: str, **keys: bytes) -> Deferred[None]:
        self.kept = replace(self.kept, **keys)  # type: ignore[arg-type]
        return succeed(None)

    def keep_pending(self, serial: str, **keys: bytes) -> Deferred[None]:
        self.waiting.update(keys)
        return succeed(None)

    def pending(self, serial: str) -> Deferred[dict[str, bytes]]:
        return succeed(dict(self.waiting))

    def settle_pending(self, serial: str, *, taken: bool) -> Deferred[None]:
        waiting, self.waiting = self.waiting, {}
        return self.replace_keys(serial, **waiting) if taken else succeed(None)


def spec_of(
    driver: DLMSDriver,
    authentication: Authentication = Authentication.LLS,
    ciphering: Ciphering = Ciphering.NONE,
    **more: Any,
) -> DLMSMeterSpec:
    return DLMSMeterSpec(
        serial="46000755036",
        line="l",
        driver_name="memory",
        driver=driver,
        address=MeterAddress(client=17),
        authentication=authentication,
        ciphering=ciphering,
        interval=60,
        slow_interval=900,
        **more,
    )


def outcome_of(clock: Clock, work: Coroutine[Any, Any, Any], steps: int = 200) -> Any:
    """The result of some work that takes time, of which there is enough; raises what it raises."""
    results: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(results.append)
    for _ in range(steps):
        if results:
            break
        clock.advance(0.5)
    (result,) = results
    if hasattr(result, "raiseException"):
        result.raiseException()
    return result


def waits(values: Sequence[DataResult]) -> Read:
    """A value that changes each time it is read, and stays at the last."""
    left = deque(values)
    return lambda: left.popleft() if len(left) > 1 else left[0]
