"""Talking to a meter on demand: reading it, and writing one of its settings."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hesd.model.obis import OBIS
from hesd.web.endpoint import Call, endpoint
from hesd.web.job_requests import JobRequests
from hesd.web.permissions import Permission
from hesd.web.session import Session
from hesd.web.shown import JobShown


class ReadRequest(Struct, forbid_unknown_fields=True):
    """The quantities to read; without any, all that the meter is polled for."""

    obis: Annotated[list[OBIS], Meta(max_length=500)] = []


class SettingRequest(Struct, forbid_unknown_fields=True):
    """A setting of the meter's driver; `password` is sent to meters that want one, and kept nowhere."""

    name: str
    value: float
    password: str | None = None


class Reads:
    def __init__(self, requests: JobRequests) -> None:
        self._requests = requests

    @endpoint("POST", "/meters/<serial>/reads", Permission.READ_METERS, status=202)
    async def read(self, call: Call, serial: str, body: ReadRequest) -> JobShown:
        """Ask the meter itself, now. `Prefer: wait=N` waits up to N seconds for the values."""
        return await self._requests.answer(call, "read", serial, _codes(body.obis))

    @endpoint("POST", "/meters/<serial>/settings", Permission.WRITE_METERS, status=202)
    async def set(self, call: Call, serial: str, body: SettingRequest) -> JobShown:
        """Write one setting of a meter whose entry enables writing, and read it back."""
        arguments = {"name": body.name, "value": body.value}
        return await self._requests.answer(call, "setting", serial, arguments, body.password)

    async def start(self, session: Session, serial: str, codes: list[OBIS]) -> JobShown:
        """Read a meter for a client of the feed."""
        return JobShown.of(await self._requests.begin(session, "read", serial, _codes(codes)))


def _codes(codes: list[OBIS]) -> dict[str, list[str]]:
    return {"obis": [str(code) for code in codes]}
