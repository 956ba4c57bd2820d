"""The demo: a simulated plant beside the daemon, its meters in the registry, a user to look at it."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.interfaces import IProcessTransport, IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from hesd.driver.cosem import Ciphering, Referencing
from hesd.model.errors import HesdError
from hesd.model.secrets import KeyName
from hesd.sim.dlms_plant import DLMSBus, DLMSMeter, DLMSPlace
from hesd.sim.plant import Plant
from hesd.sim.plant_meter import MeteredLoad
from hesd.store import areas, keys, meters, users
from hesd.store.errors import Unknown
from hesd.store.vault import Vault

_KEYS: Final = (KeyName.ENCRYPTION_KEY, KeyName.AUTHENTICATION_KEY, KeyName.MASTER_KEY)


class PlantFailed(HesdError):
    """The simulated plant ended before it was asked to."""


class DemoPlant(Service):
    """Runs `hesctl sim` as a child, which stops by itself when this process is gone.

    `dialled` are the endpoints its meters dial in at, by the name of the listener; those that
    are not in it are as the plant file says.
    """

    def __init__(
        self, plant: Path, directory: Path, dialled: Mapping[str, str], reactor: IReactorProcess
    ) -> None:
        self._plant = plant
        self._directory = directory
        self._reactor = reactor
        self._dialled = dialled
        self._child = _Child()

    def startService(self) -> None:
        super().startService()
        options = [
            "--until-eof",
            "--dir",
            str(self._directory),
            "--control",
            str(self._directory / "control"),
            *(f"--dial={listener}={endpoint}" for listener, endpoint in self._dialled.items()),
        ]
        command = [sys.executable, "-m", "hesd.ctl.main", "sim", *options, str(self._plant)]
        self._reactor.spawnProcess(self._child, sys.executable, command, env=os.environ)

    def ready(self) -> Deferred[None]:
        """Fires when the meters of the plant answer. Fails with `PlantFailed`."""
        return self._child.ready

    def stopService(self) -> Deferred[None]:
        super().stopService()
        return self._child.stop()


class _Child(ProcessProtocol):
    log = Logger()
    transport: IProcessTransport | None = None

    def __init__(self) -> None:
        self.ready: Deferred[None] = Deferred()
        self._gone: Deferred[None] = Deferred()
        self._stopping = False
        self._said = b""

    def stop(self) -> Deferred[None]:
        self._stopping = True
        if self.transport is not None:
            self.transport.closeStdin()
        elif not self._gone.called:  # it was never started
            self._gone.callback(None)
        return self._gone

    def outReceived(self, data: bytes) -> None:
        self._said = (self._said + data)[-4096:]
        if not self.ready.called and b"READY" in self._said:
            self.ready.callback(None)

    def errReceived(self, data: bytes) -> None:
        for line in data.decode(errors="replace").splitlines():
            self.log.warn("plant: {line}", line=line)

    def processEnded(self, reason: Failure) -> None:
        self.transport = None
        if not self.ready.called:
            self.ready.errback(PlantFailed(f"the simulated plant did not start: {reason.getErrorMessage()}"))
        elif not self._stopping and not reason.check(ProcessDone):
            self.log.error("the simulated plant ended: {reason}", reason=reason.getErrorMessage())
        if not self._gone.called:
            self._gone.callback(None)


def register(connection: Connection, plant: Plant, vault: Vault, now_ms: int) -> None:
    """Put what the registry and the vault lack of the plant into them.

    What is there stays as people left it.
    """
    for area in plant.area:
        if not _is_there(areas.get, connection, area.code):
            known = {"code": area.code, "name": area.name, "description": area.description}
            areas.create(connection, known, now_ms)
    modbus = ((line, meter, {"unit_id": meter.unit_id}) for line, meter in plant.meters())
    dlms = ((place.name, meter, _way_in(place, meter)) for place, meter in plant.dlms_meters())
    for line, meter, way in (*modbus, *dlms):
        if not _is_there(meters.get, connection, meter.serial):
            meters.create(connection, {**_described(line, meter), **way}, now_ms)
    for _, entry in plant.dlms_meters():
        _keep_secrets(connection, entry, vault, now_ms)


def _described(line: str, meter: MeteredLoad) -> dict[str, Any]:
    """The fields of a meter that do not depend on what it speaks."""
    return {
        "serial": meter.serial,
        "name": meter.name,
        "equipment": meter.name,
        "driver": meter.driver,
        "line": line,
        "area": meter.area,
        "room": meter.room,
        "panel": meter.panel,
        "meter_type": "single-phase" if meter.phases == 1 else "three-phase",
    }


def _way_in(place: DLMSPlace, meter: DLMSMeter) -> dict[str, Any]:
    """How a DLMS meter is spoken to, where that is not as its driver has it."""
    wrapped = not isinstance(place, DLMSBus) and place.framing == "wrapper"
    fields = {
        "client_sap": meter.client,
        "server_sap" if wrapped else "physical_address": meter.address,
        "authentication": meter.authentication,
        "referencing": None if meter.referencing is Referencing.LOGICAL else meter.referencing,
        "ciphering": None if meter.ciphering is Ciphering.NONE else meter.ciphering,
        "suite": meter.suite or None,
        "via": meter.via or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _keep_secrets(connection: Connection, meter: DLMSMeter, vault: Vault, now_ms: int) -> None:
    """Give the vault the password and keys of a meter of which it has none."""
    given = {KeyName.PASSWORD: meter.password.encode()} if meter.password else {}
    given |= {name: meter.key(name) for name in _KEYS if meter.key(name)}
    if given and not keys.listed(connection, meter.serial):
        keys.put(connection, vault, meter.serial, given, now_ms)


def _is_there(get: Callable[[Connection, str], Any], connection: Connection, key: str) -> bool:
    try:
        get(connection, key)
    except Unknown:
        return False
    return True


def add_user(connection: Connection, username: str, password_hash: str, now_ms: int) -> None:
    """Give the demo's user a password, and everything to look at and to try."""
    if users.find(connection, username) is None:
        users.create(connection, username, password_hash, users.Role.ADMIN, now_ms)
    else:
        users.change(connection, username, now_ms, password_hash=password_hash, disabled=False)


def password(state: Path) -> str:
    """The demo's password: made once and kept, so that it stays the same over restarts."""
    path = state / "demo-password"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(9))
    except FileExistsError:
        pass
    return path.read_text().strip()
