"""Talking to a meter on demand: reading it, and writing one of its settings."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from hesd.model.obis import OBIS
from hesd.model.profile import MOST_NEWEST
from hesd.web.endpoint import Call, endpoint
from hesd.web.job_requests import JobRequests
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.resources.profiles import profile_code
from hesd.web.session import Session
from hesd.web.shown import JobShown
from hesd.web.wire import Moment, milliseconds


class ReadRequest(Struct, forbid_unknown_fields=True):
    """The quantities to read; without any, all that the meter is polled for."""

    obis: Annotated[list[OBIS], Meta(max_length=500)] = []


class SettingRequest(Struct, forbid_unknown_fields=True):
    """A setting of the meter's driver; `password` is sent to meters that want one, and kept nowhere."""

    name: str
    value: float
    password: str | None = None


Newest = Annotated[int, Meta(ge=1, le=MOST_NEWEST)]


class ProfileReadRequest(Struct, forbid_unknown_fields=True):
    """From `from` (included) to `to` (not), of the meter's own time of capture; or the `newest` rows."""

    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    newest: Newest | None = None


class EventReadRequest(Struct, forbid_unknown_fields=True):
    """One log, without it all that the meter's driver knows: what is new, or the `newest` entries too."""

    log: OBIS | None = None
    newest: Newest | None = None


class Reads:
    def __init__(self, requests: JobRequests) -> None:
        self._requests = requests

    @endpoint("POST", "/meters/<serial>/reads", Permission.READ_METERS, status=202)
    async def read(self, call: Call, serial: str, body: ReadRequest) -> JobShown:
        """Ask the meter itself, now. `Prefer: wait=N` waits up to N seconds for the values."""
        return await self._requests.answer(call, "read", serial, _codes(body.obis))

    @endpoint("POST", "/meters/<serial>/profiles/<obis>/reads", Permission.READ_METERS, status=202)
    async def profile(self, call: Call, serial: str, obis: str, body: ProfileReadRequest) -> JobShown:
        """Have the meter send the rows of a profile; they are kept with those that were read before."""
        arguments = {"obis": str(profile_code(obis)), **_rows(body)}
        return await self._requests.answer(call, "profile", serial, arguments)

    @endpoint("POST", "/meters/<serial>/events/reads", Permission.READ_METERS, status=202)
    async def events(self, call: Call, serial: str, body: EventReadRequest) -> JobShown:
        """Have the meter send what happened since its logs were read last, or the newest entries."""
        arguments: dict[str, Any] = {} if body.log is None else {"log": str(body.log)}
        if body.newest is not None:
            arguments["newest"] = body.newest
        return await self._requests.answer(call, "events", serial, arguments)

    @endpoint("POST", "/meters/<serial>/settings", Permission.WRITE_METERS, status=202)
    async def set(self, call: Call, serial: str, body: SettingRequest) -> JobShown:
        """Write one setting of a meter whose entry enables writing, and read it back."""
        arguments = {"name": body.name, "value": body.value}
        return await self._requests.answer(call, "setting", serial, arguments, body.password)

    async def start(self, session: Session, serial: str, codes: list[OBIS]) -> JobShown:
        """Read a meter for a client of the feed."""
        return JobShown.of(await self._requests.begin(session, "read", serial, _codes(codes)))


def _rows(body: ProfileReadRequest) -> dict[str, int]:
    """The arguments that say which rows. Raises `Problem`."""
    if body.newest is not None:
        if body.from_ is not None or body.to is not None:
            raise Problem(ProblemType.INVALID, "the newest rows are not those of a time too", field="newest")
        return {"newest": body.newest}
    for moment, field in ((body.from_, "from"), (body.to, "to")):
        if moment is None:
            raise Problem(ProblemType.INVALID, "expected from and to, or newest", field=field)
    assert body.from_ is not None
    assert body.to is not None
    if body.from_ >= body.to:
        raise Problem(
            ProblemType.INVALID, "the time from which is not before the time to which", field="from"
        )
    # The job's end belongs to it.
    return {"from_ms": milliseconds(body.from_), "to_ms": milliseconds(body.to) - 1}


def _codes(codes: list[OBIS]) -> dict[str, Any]:
    return {"obis": [str(code) for code in codes]}
