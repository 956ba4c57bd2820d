"""Giving a prepayment token to a meter, once, and believing nobody but the meter about it.

A token that was sent and not answered may have been taken: it is never sent again from here,
and what can be read then (status, credit) is only read. Tokens stand in no text but masked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from twisted.internet.interfaces import IReactorTime

from hesd.collect.command import CommandedMeter, CommandRefused, Sent
from hesd.collect.polled_meter import NotMeasured
from hesd.collect.token_data import load_by_data
from hesd.collect.token_gateway import load_by_gateway
from hesd.collect.token_verdict import TokenVerdict
from hesd.dlms.sts_token import STSToken
from hesd.driver.cosem import TokenEntry, TokenWay
from hesd.links.modbus_link import Priority
from hesd.model.errors import HesdError
from hesd.model.job import JSON, JobState
from hesd.model.reading import Reading

_Load = Callable[[CommandedMeter, TokenEntry, STSToken, Sent, IReactorTime], Awaitable[TokenVerdict]]
_WAYS: Final[dict[TokenWay, _Load]] = {
    TokenWay.GATEWAY: load_by_gateway,
    TokenWay.DATA_BCD: load_by_data,
}


@dataclass(frozen=True, slots=True)
class TokenOutcome:
    """`state` is confirmed, rejected or unknown; the credit where the meter tells it."""

    state: JobState
    detail: str
    credit_before: Reading | None = None
    credit_after: Reading | None = None

    @property
    def shown(self) -> JSON:
        return {"credit_before": _credit(self.credit_before), "credit_after": _credit(self.credit_after)}


async def load_token(meter: CommandedMeter, token: STSToken, sent: Sent, clock: IReactorTime) -> TokenOutcome:
    """Enter a token.

    Raises `CommandRefused` where the meter takes none, and what `Session` and `prove` raise
    as long as nothing was sent.
    """
    entry = meter.spec.driver.token
    if entry is None:
        raise CommandRefused(f"{meter.spec.driver_name} does not say how its meters take tokens")
    before = await _read_credit(meter)
    verdict = await _WAYS[entry.way](meter, entry, token, sent, clock)
    try:
        after = await _read_credit(meter)
    except HesdError:
        after = None  # what became of the token is known, or not, without it
    return TokenOutcome(verdict.state, verdict.detail, before, after)


async def _read_credit(meter: CommandedMeter) -> Reading | None:
    credit = meter.spec.driver.credit
    if credit is None:
        return None
    try:
        readings = await meter.read([credit], priority=Priority.COMMAND)
    except NotMeasured:
        return None
    return next((each for each in readings if each.value is not None), None)


def _credit(reading: Reading | None) -> JSON:
    return None if reading is None else {"value": reading.shown, "unit": reading.unit.sign}
