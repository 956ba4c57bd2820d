"""Tokens as jobs: the digits travel as the job's secret and are kept nowhere.

What is kept is the token masked, and a fingerprint by which the same digits for the same
meter are found again: a hash under a salt of this head end. A token has 66 bits, so nobody
gets back from there to the digits.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Final

from twisted.internet.interfaces import IReactorTime

from hesd.collect.command_meters import CommandMeters, finding_of
from hesd.collect.jobs import Finding, JobRefused, Sent
from hesd.collect.token_load import load_token
from hesd.dlms.errors import TokenError
from hesd.dlms.sts_token import STSToken, parse_token
from hesd.model.job import JSON, Job, JobState

_MASKED: Final = re.compile(r"\*{16}[0-9]{4}")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """What a job of kind `token` is submitted with.

    With `needs_permission` the token can change the meter's keys or clear its credit.
    """

    arguments: Mapping[str, JSON]
    secret: str = field(repr=False)
    needs_permission: bool


class TokenOrders:
    """Makes orders of what people type. `salt` is that of this head end, always the same."""

    def __init__(self, salt: Callable[[], Awaitable[bytes]]) -> None:
        self._salt = salt

    async def order(self, meter: str, text: str, amount: float | None = None) -> TokenOrder:
        """The order for a token. Raises `JobRefused`, with no digit in it, for what is none."""
        try:
            token = parse_token(text)
        except TokenError as error:
            raise JobRefused(f"token: {error}") from None
        arguments: dict[str, JSON] = {
            "token": str(token),
            "token_class": token.token_class.name.lower(),
            "fingerprint": await self.fingerprint(meter, token),
        }
        if amount is not None:
            arguments["amount"] = amount
        return TokenOrder(arguments, token.digits, token.needs_permission)

    async def fingerprint(self, meter: str, token: STSToken) -> str:
        """The same for the same digits and meter, and for nothing else."""
        return hmac.new(await self._salt(), f"{meter} {token.digits}".encode(), sha256).hexdigest()


@dataclass(frozen=True)
class TokenJob:
    """Gives a prepayment token to a meter, once.

    Arguments and secret are those of a `TokenOrder`. The result is the credit before and
    after, where the meter tells it: `{credit_before, credit_after}`, each `{value, unit}` or
    null.
    """

    meters: CommandMeters
    orders: TokenOrders
    clock: IReactorTime

    def check(self, job: Job) -> None:
        for name, form in (("token", _MASKED), ("fingerprint", _FINGERPRINT)):
            value = job.arguments.get(name)
            if not isinstance(value, str) or not form.fullmatch(value):
                raise JobRefused(f"{name}: expected that of a token order")
        amount = job.arguments.get("amount", 0)
        if not isinstance(amount, int | float) or isinstance(amount, bool):
            raise JobRefused("amount: expected a number")

    async def run(self, job: Job, secret: str | None, sent: Sent) -> Finding:
        try:
            order = await self.orders.order(job.meter, secret or "")
            token = parse_token(order.secret)
        except JobRefused as refusal:
            return Finding(JobState.REJECTED, str(refusal))
        if order.arguments["fingerprint"] != job.arguments["fingerprint"]:
            return Finding(JobState.FAILED, "these are not the digits that were ordered")
        return await finding_of(
            self.meters, job.meter, partial(load_token, token=token, sent=sent, clock=self.clock)
        )
