"""The clocks of meters."""

from __future__ import annotations

from msgspec import Struct

from hesd.web.endpoint import Call, endpoint
from hesd.web.job_requests import JobRequests
from hesd.web.permissions import Permission
from hesd.web.shown import JobShown


class ClockRequest(Struct, forbid_unknown_fields=True):
    """Without `set` the clock is only read. `force` sets one that is further off than is set by
    itself, which falsifies the meter's profiles."""

    set: bool = False
    force: bool = False


class Clock:
    def __init__(self, requests: JobRequests) -> None:
        self._requests = requests

    @endpoint("POST", "/meters/<serial>/clock", Permission.COMMAND_METERS, status=202)
    async def check(self, call: Call, serial: str, body: ClockRequest) -> JobShown:
        """Read how far a meter's clock is off, and set it where that is asked for."""
        return await self._requests.answer(call, "clock", serial, {"set": body.set, "force": body.force})
