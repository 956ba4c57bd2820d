"""Tokens by the token gateway (class 115): method 1 takes one, attribute 6 tells how far it got."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from hesd.collect.command import CommandedMeter, Sent, announce, ask
from hesd.collect.token_verdict import TokenVerdict
from hesd.dlms.access_result import ActionResult, DataResult
from hesd.dlms.cosem_meaning import TokenStatus, token_result
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import DataError
from hesd.dlms.sts_token import STSToken
from hesd.driver.cosem import TokenEntry
from hesd.model.errors import HesdError, NoReply
from hesd.model.job import JobState
from hesd.model.obis import OBIS

_CLASS: Final = 115
_ENTER: Final = 1
_TOKEN, _TIME, _STATUS = 2, 3, 6
# How long a meter may work on a token: so many looks, so many seconds apart.
_LOOKS: Final = 15
_BETWEEN: Final = 1.0
_REFUSALS: Final = range(TokenStatus.FORMAT_FAILURE, TokenStatus.EXECUTION_FAILURE + 1)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a gateway says of the last token it was given; None is what it does not tell."""

    token: bytes | None
    time: bytes | None
    status: TokenStatus | None


async def load_by_gateway(
    meter: CommandedMeter, entry: TokenEntry, token: STSToken, sent: Sent, clock: IReactorTime
) -> TokenVerdict:
    """See `load_token`."""
    before = await _look(meter, entry.obis)
    within = await announce(meter, sent, f"token {token}")
    method = MethodDescriptor(_CLASS, entry.obis, _ENTER)
    try:
        answer = await meter.session.action(method, Data.of(DataType.OCTET_STRING, token.bcd), within=within)
    except NoReply as failure:
        return await _without_answer(meter, entry.obis, token, clock, before, failure)
    if answer.result != ActionResult.SUCCESS:
        return TokenVerdict(JobState.REJECTED, f"the meter refuses the token: {answer.result.text}")
    try:
        return _verdict((await _watch(meter, entry.obis, clock)).status)
    except HesdError as problem:
        detail = f"the meter took the token, but did not say what became of it: {problem}"
        return TokenVerdict(JobState.UNKNOWN, detail)


async def _without_answer(
    meter: CommandedMeter,
    gateway: OBIS,
    token: STSToken,
    clock: IReactorTime,
    before: _Seen,
    failure: NoReply,
) -> TokenVerdict:
    """The status counts only where it is surely about this token: it is there now, and was not."""
    try:
        after = await _watch(meter, gateway, clock)
    except HesdError as problem:
        return TokenVerdict(JobState.UNKNOWN, f"{failure}; and asked afterwards: {problem}")
    ours = (token.bcd, token.digits.encode())
    if after.token in ours and (before.token not in ours or after.time != before.time):
        verdict = _verdict(after.status)
        return TokenVerdict(verdict.state, f"no answer came, but the meter has the token: {verdict.detail}")
    return TokenVerdict(JobState.UNKNOWN, f"{failure}; the meter does not show that it has the token")


def _verdict(status: TokenStatus | None) -> TokenVerdict:
    if status is None:
        return TokenVerdict(JobState.UNKNOWN, "the meter took the token and does not tell its status")
    text = status.name.lower().replace("_", " ")
    if status is TokenStatus.EXECUTION_OK:
        return TokenVerdict(JobState.CONFIRMED, text)
    if status in _REFUSALS:
        return TokenVerdict(JobState.REJECTED, text)
    return TokenVerdict(JobState.UNKNOWN, f"the meter has not got further than: {text}")


async def _watch(meter: CommandedMeter, gateway: OBIS, clock: IReactorTime) -> _Seen:
    """What the gateway says once it is done with the token, or was given the time to be."""
    seen = await _look(meter, gateway)
    for _ in range(_LOOKS - 1):
        if seen.status is None or seen.status is TokenStatus.EXECUTION_OK or seen.status in _REFUSALS:
            break
        await deferLater(clock, _BETWEEN)
        seen = await _look(meter, gateway)
    return seen


async def _look(meter: CommandedMeter, gateway: OBIS) -> _Seen:
    attributes = [AttributeDescriptor(_CLASS, gateway, number) for number in (_TOKEN, _TIME, _STATUS)]
    token, time, status = await ask(meter, attributes)
    return _Seen(_octets(token), _octets(time), _status(status))


def _octets(result: DataResult) -> bytes | None:
    value = result.value if isinstance(result, Data) else None
    return value if isinstance(value, bytes) else None


def _status(result: DataResult) -> TokenStatus | None:
    try:
        return token_result(result.value).status if isinstance(result, Data) else None
    except DataError:
        return None
