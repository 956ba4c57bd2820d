"""Giving a meter another key, and finding out which it has: commands, unlike what `keys` records."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from hesd.collect.key_change import CHANGEABLE
from hesd.model.secrets import KeyName
from hesd.store import keys
from hesd.store.keys import KeyRefused
from hesd.web.app import App
from hesd.web.endpoint import Call, endpoint
from hesd.web.job_requests import JobRequests
from hesd.web.permissions import Permission
from hesd.web.problems import Problem, ProblemType
from hesd.web.shown import JobShown

_CHANGE: Final = "key-change"
_CHECK: Final = "key-check"


class NewKey(Struct, forbid_unknown_fields=True, kw_only=True):
    """Either the new `key`, 32 hex digits (64 for suite 2), or `generate` for one that is made up
    here and shown to nobody."""

    key: str | None = None
    generate: bool = False

    def __repr__(self) -> str:
        return f"NewKey(generate={self.generate})"  # secrets have no business in a log


class KeyChange:
    def __init__(self, app: App, requests: JobRequests) -> None:
        self._app = app
        self._requests = requests

    @endpoint("POST", "/meters/<serial>/keys/<name>/change", Permission.WRITE_METERS, status=202)
    async def change(self, call: Call, serial: str, name: str, body: NewKey) -> JobShown:
        """Send a meter a new key, wrapped under its master key. It is kept beside the old one until
        it is known which of them the meter has. In the job, `new_key` is its fingerprint."""
        if name not in CHANGEABLE:
            raise Problem(ProblemType.INVALID, f"expected one of {', '.join(CHANGEABLE)}", field="name")
        if (body.key is None) is not body.generate:
            raise Problem(ProblemType.INVALID, "expected either a key or to generate one", field="key")
        arguments: dict[str, Any] = {"key": name, "generate": body.generate}
        secret = None
        if body.key is not None:
            new = _read(name, body.key)
            arguments["new_key"] = keys.fingerprint_shown(self._app.vault.fingerprint(new))
            secret = new.hex()
        return await self._requests.answer(call, _CHANGE, serial, arguments, secret)

    @endpoint("POST", "/meters/<serial>/keys/check", Permission.WRITE_METERS, status=202)
    async def check(self, call: Call, serial: str) -> JobShown:
        """Find out whether a meter has taken a key that it did not answer to."""
        return await self._requests.answer(call, _CHECK, serial, {})


def _read(name: str, text: str) -> bytes:
    try:
        return keys.read({name: text})[KeyName(name)]
    except KeyRefused as refusal:
        raise Problem(ProblemType.INVALID, refusal.reason, field="key") from None
