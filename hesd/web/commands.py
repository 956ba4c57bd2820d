"""What a client of the feed may have done, by the names the field gateways gave it."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from hesd.model.obis import OBIS
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType, of_validation
from hesd.web.resources.reads import Reads
from hesd.web.resources.relay import Action, Relay
from hesd.web.resources.tokens import Amount, Tokens
from hesd.web.session import Session
from hesd.web.shown import JobShown
from hesd.web.wire import hook

T = TypeVar("T")

# These commands have no field for a reason, and a relay is not switched without one.
_REASON: Final = "remote-control"


class ReadMeter(Struct, rename="camel", forbid_unknown_fields=True):
    meter_serial_number: str
    obis_code: OBIS


class RemoteControl(Struct, rename="camel", forbid_unknown_fields=True):
    meter_serial_number: str
    action: Action


class RemoteLoad(Struct, rename="camel", forbid_unknown_fields=True):
    meter_serial_number: str
    token: str
    amount: Amount | None = None

    def __repr__(self) -> str:
        return f"RemoteLoad({self.meter_serial_number!r})"  # digits have no business in a log


class Commands:
    def __init__(self, reads: Reads, relay: Relay, tokens: Tokens) -> None:
        self._reads = reads
        self._relay = relay
        self._tokens = tokens

    async def call(self, session: Session, name: str, data: dict[str, Any]) -> JobShown:
        """Start the command and give its job. Raises `Problem`."""
        match name:
            case "read-meter":
                read = _asked(session, Permission.READ_METERS, data, ReadMeter)
                return await self._reads.start(session, read.meter_serial_number, [read.obis_code])
            case "remote-control":
                control = _asked(session, Permission.COMMAND_METERS, data, RemoteControl)
                return await self._relay.start(session, control.meter_serial_number, control.action, _REASON)
            case "remote-load":
                load = _asked(session, Permission.COMMAND_METERS, data, RemoteLoad)
                return await self._tokens.start(session, load.meter_serial_number, load.token, load.amount)
        raise Problem(ProblemType.INVALID, f"there is no command {name[:40]!r}", field="name")


def _asked(session: Session, permission: Permission, data: dict[str, Any], model: type[T]) -> T:
    if not session.may(permission):
        raise Problem(ProblemType.FORBIDDEN, f"the role {session.role} may not {permission}")
    try:
        return msgspec.convert(data, model, dec_hook=hook)
    except msgspec.ValidationError as error:
        raise of_validation(error) from error
