"""Switching the relay of a meter (class 70), and seeing whether it moved.

A meter may take the command and not switch: its control mode decides (IEC 62056-6-2,
4.5.8.2.2.4). So only what attributes 2 and 3 say afterwards confirms it. A meter that is
ready for reconnection after "connect" waits for somebody to press its button: the supply is
not on, which is what was asked for, so this is no confirmation; the sentence says what it
waits for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from hesd.collect.command import CommandedMeter, CommandRefused, Sent, announce, ask
from hesd.collect.dlms_spec import DLMSMeterSpec
from hesd.dlms.access_result import ActionResult, DataAccessResult, DataResult
from hesd.dlms.cosem_meaning import ControlState
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.model.errors import HesdError, NoReply
from hesd.model.job import JSON, JobState
from hesd.model.obis import OBIS

_CLASS: Final = 70
_STANDARD: Final = OBIS("0.0.96.3.10.255")
_NEVER_REMOTE: Final = 0  # control mode: the relay is always connected
# How long a relay may take to move: so many looks, so many seconds apart.
_LOOKS: Final = 5
_BETWEEN: Final = 1.0


class RelayAction(StrEnum):
    CONNECT = "connect"
    DISCONNECT = "disconnect"


_CONTROLS: Final[dict[int | None, ControlState]] = {each.value: each for each in ControlState}
_METHODS: Final = {RelayAction.DISCONNECT: 1, RelayAction.CONNECT: 2}
_WANTED: Final = {
    RelayAction.DISCONNECT: (False, ControlState.DISCONNECTED),
    RelayAction.CONNECT: (True, ControlState.CONNECTED),
}


@dataclass(frozen=True, slots=True)
class RelayState:
    """Attributes 2, 3 and 4 of the disconnect control; None is what the meter does not tell."""

    output: bool | None = None
    control: ControlState | None = None
    mode: int | None = None

    @property
    def is_known(self) -> bool:
        return self.output is not None or self.control is not None

    def shows(self, action: RelayAction) -> bool:
        """Whether everything the meter tells is as that action makes it."""
        output, control = _WANTED[action]
        return self.is_known and self.output in (output, None) and self.control in (control, None)

    @property
    def status(self) -> str | None:
        """One word: connected, disconnected, ready_for_reconnection."""
        if self.control is not None:
            return self.control.name.lower()
        return None if self.output is None else "connected" if self.output else "disconnected"

    def __str__(self) -> str:
        return (self.status or "not told").replace("_", " ")


@dataclass(frozen=True, slots=True)
class RelayOutcome:
    """`state` is confirmed, rejected or unknown; `relay` is what the meter said last."""

    state: JobState
    detail: str
    relay: RelayState

    @property
    def shown(self) -> JSON:
        return {
            "relay_status": self.relay.status,
            "output_state": self.relay.output,
            "control_mode": self.relay.mode,
        }


async def switch_relay(
    meter: CommandedMeter, action: RelayAction, sent: Sent, clock: IReactorTime
) -> RelayOutcome:
    """Connect or disconnect the supply.

    Raises `CommandRefused` where the meter has no relay, and what `Session` and `prove` raise
    as long as nothing was sent.
    """
    relay = _relay_of(meter.spec)
    before = await _look(meter, relay)
    if before.mode == _NEVER_REMOTE:
        detail = "in control mode 0 the relay is always connected and cannot be switched"
        return RelayOutcome(JobState.REJECTED, detail, before)
    within = await announce(meter, sent, f"{action}; the relay is {before}")
    method = MethodDescriptor(_CLASS, relay, _METHODS[action])
    try:
        answer = await meter.session.action(method, Data.of(DataType.INTEGER, 0), within=within)
    except NoReply as failure:
        return await _without_answer(meter, relay, action, clock, before, failure)
    if answer.result != ActionResult.SUCCESS:
        return RelayOutcome(JobState.REJECTED, f"the meter refuses: {answer.result.text}", before)
    try:
        after = await _watch(meter, relay, action, clock)
    except HesdError as problem:
        detail = f"the meter took it, but did not say afterwards whether the relay moved: {problem}"
        return RelayOutcome(JobState.UNKNOWN, detail, before)
    return _answered(action, after)


def _answered(action: RelayAction, after: RelayState) -> RelayOutcome:
    if after.shows(action):
        return RelayOutcome(JobState.CONFIRMED, f"the relay is {after}", after)
    if not after.is_known:
        detail = "the meter took it, but does not tell the state of its relay"
        return RelayOutcome(JobState.UNKNOWN, detail, after)
    if after.control is ControlState.READY_FOR_RECONNECTION:
        detail = "not connected yet: the meter is ready for it and waits for its button to be pressed"
        return RelayOutcome(JobState.REJECTED, detail, after)
    return RelayOutcome(JobState.REJECTED, f"the meter took it, but the relay is {after}", after)


async def _without_answer(
    meter: CommandedMeter,
    relay: OBIS,
    action: RelayAction,
    clock: IReactorTime,
    before: RelayState,
    failure: NoReply,
) -> RelayOutcome:
    """Nobody knows whether it was done, unless the relay moved meanwhile."""
    try:
        after = await _watch(meter, relay, action, clock)
    except HesdError as problem:
        return RelayOutcome(JobState.UNKNOWN, f"{failure}; and asked afterwards: {problem}", before)
    if after.shows(action) and before.is_known and not before.shows(action):
        detail = f"no answer came, but the relay was {before} and is {after} now"
        return RelayOutcome(JobState.CONFIRMED, detail, after)
    return RelayOutcome(JobState.UNKNOWN, f"{failure}; the relay is {after}", after)


async def _watch(meter: CommandedMeter, relay: OBIS, action: RelayAction, clock: IReactorTime) -> RelayState:
    """What the relay is like once it has moved, or was given the time to."""
    seen = await _look(meter, relay)
    for _ in range(_LOOKS - 1):
        if seen.shows(action):
            break
        await deferLater(clock, _BETWEEN)
        seen = await _look(meter, relay)
    return seen


async def _look(meter: CommandedMeter, relay: OBIS) -> RelayState:
    results = await ask(meter, [AttributeDescriptor(_CLASS, relay, number) for number in (2, 3, 4)])
    if all(each is DataAccessResult.OBJECT_UNDEFINED for each in results):
        raise CommandRefused(f"the meter has no relay {relay}")
    output, control, mode = map(_number, results)
    return RelayState(None if output is None else bool(output), _CONTROLS.get(control), mode)


def _number(result: DataResult) -> int | None:
    value = result.value if isinstance(result, Data) else None
    return value if isinstance(value, int) else None


def _relay_of(spec: DLMSMeterSpec) -> OBIS:
    """The relay in the driver's table; a meter that lists its objects itself has the standard's."""
    driver = spec.driver
    if driver.from_object_list:
        return driver.relay or _STANDARD
    if driver.relay is None or not any(
        each.class_id == _CLASS and each.obis == driver.relay for each in driver.objects
    ):
        raise CommandRefused(f"{spec.driver_name} knows no relay of class {_CLASS}")
    return driver.relay
