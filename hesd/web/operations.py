"""What machines ask a daemon: whether it lives, whether it can work, how it is doing."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal

from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, text

from hesd import __version__
from hesd.web.app import App
from hesd.web.endpoint import Call, Text, endpoint
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType


class Health(Struct):
    status: Literal["ok", "ready"]
    version: str


class Operations:
    def __init__(self, app: App) -> None:
        self._app = app

    @endpoint("GET", "/healthz", None)
    async def health(self) -> Health:
        """The process lives and answers."""
        return Health("ok", __version__)

    @endpoint("GET", "/readyz", None)
    async def ready(self) -> Health:
        """The store answers too, so requests can be served; else 503."""
        await self._app.db.read(_select)
        return Health("ready", __version__)

    @endpoint("GET", "/metrics", None)
    async def metrics(self, call: Call) -> Text:
        """Metrics for Prometheus; who may see them is configured by `http.metrics`."""
        await self._check(call)
        return Text(CONTENT_TYPE_LATEST, generate_latest(self._app.registry))

    async def _check(self, call: Call) -> None:
        policy = self._app.config.http.metrics
        if policy == "open" or (policy == "loopback" and _is_loopback(call.address)):
            return
        session = await self._app.authentication.session(call.token)
        if not session.may(Permission.SEE):
            raise Problem(ProblemType.FORBIDDEN, f"the role {session.role} may not see metrics")


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _select(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
