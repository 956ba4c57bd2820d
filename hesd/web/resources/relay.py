"""Switching a meter's relay."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from hesd.web.endpoint import Call, endpoint
from hesd.web.job_requests import JobRequests
from hesd.web.permissions import Permission
from hesd.web.session import Session
from hesd.web.shown import JobShown

Action = Literal["connect", "disconnect"]
Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]

_KIND: Final = "relay"


class RelayRequest(Struct, forbid_unknown_fields=True):
    """`reason` is kept with the job: who switches somebody off says why."""

    action: Action
    reason: Reason


class Relay:
    def __init__(self, requests: JobRequests) -> None:
        self._requests = requests

    @endpoint("POST", "/meters/<serial>/relay", Permission.COMMAND_METERS, status=202)
    async def switch(self, call: Call, serial: str, body: RelayRequest) -> JobShown:
        """Connect or disconnect the supply. It is sent once and confirmed by reading the relay back."""
        return await self._requests.answer(call, _KIND, serial, _arguments(body.action, body.reason))

    async def start(self, session: Session, serial: str, action: Action, reason: str) -> JobShown:
        """Switch it for a client of the feed."""
        return JobShown.of(await self._requests.begin(session, _KIND, serial, _arguments(action, reason)))


def _arguments(action: Action, reason: str) -> dict[str, str]:
    return {"action": action, "reason": reason}
