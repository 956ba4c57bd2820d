"""What a client of the feed may have done, by the names the field gateways gave it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from hesd.model.obis import OBIS
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType, of_validation
from hesd.web.resources.reads import Reads
from hesd.web.session import Session
from hesd.web.shown import JobShown
from hesd.web.wire import hook

_NOT_YET = ("remote-control", "remote-load")


class ReadMeter(Struct, rename="camel", forbid_unknown_fields=True):
    meter_serial_number: str
    obis_code: OBIS


class Commands:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def call(self, session: Session, name: str, data: dict[str, Any]) -> JobShown:
        """Start the command and give its job. Raises `Problem`."""
        if name in _NOT_YET:
            raise Problem(ProblemType.NOT_AVAILABLE, f"{name} is not built in yet", field="name")
        if name != "read-meter":
            raise Problem(ProblemType.INVALID, f"there is no command {name[:40]!r}", field="name")
        if not session.may(Permission.READ_METERS):
            raise Problem(ProblemType.FORBIDDEN, f"the role {session.role} may not read meters")
        try:
            wanted = msgspec.convert(data, ReadMeter, dec_hook=hook)
        except msgspec.ValidationError as error:
            raise of_validation(error) from error
        return await self._reads.start(session, wanted.meter_serial_number, [wanted.obis_code])
