"""Loading prepayment tokens. The digits go to the meter and stand nowhere else."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

from msgspec import Meta, Struct

from hesd.collect.jobs import JobRefused
from hesd.collect.token_job import TokenOrder, TokenOrders
from hesd.store import meters, settings
from hesd.web.app import App
from hesd.web.endpoint import Call, endpoint
from hesd.web.job_requests import JobRequests
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.session import Session
from hesd.web.shown import JobShown

Amount = Annotated[float, Meta(ge=0, le=1e12)]

_KIND: Final = "token"


class TokenRequest(Struct, forbid_unknown_fields=True):
    """`token` has 20 digits; blanks and dashes do not count. `amount` is what was paid for it, for
    the record."""

    token: str
    amount: Amount | None = None

    def __repr__(self) -> str:
        return f"TokenRequest(amount={self.amount})"  # digits have no business in a log


class Tokens:
    def __init__(self, app: App, requests: JobRequests) -> None:
        self._app = app
        self._requests = requests
        self._orders = TokenOrders(partial(app.db.write, settings.token_salt))

    @endpoint("POST", "/meters/<serial>/tokens", Permission.COMMAND_METERS, status=202)
    async def load(self, call: Call, serial: str, body: TokenRequest) -> JobShown:
        """Give the meter a token, once. What is not in form is refused before anything is sent."""
        order = await self._ordered(call.user, serial, body.token, body.amount)
        return await self._requests.answer(call, _KIND, serial, order.arguments, order.secret)

    async def start(self, session: Session, serial: str, token: str, amount: float | None) -> JobShown:
        """Load it for a client of the feed."""
        order = await self._ordered(session, serial, token, amount)
        return JobShown.of(
            await self._requests.begin(session, _KIND, serial, order.arguments, secret=order.secret)
        )

    async def _ordered(self, session: Session, serial: str, text: str, amount: float | None) -> TokenOrder:
        meter = await self._app.db.read(meters.get, serial)
        try:
            order = await self._orders.order(meter.serial, text, amount)
        except JobRefused as refusal:
            reason = str(refusal).removeprefix("token: ")
            raise Problem(ProblemType.INVALID, reason, field="token") from None
        if order.needs_permission and not session.may(Permission.MANAGE_TOKENS):
            reason = f"a token of class 2 changes the meter itself; the role {session.role} may not load one"
            raise Problem(ProblemType.FORBIDDEN, reason, field="token")
        return order
