"""How `hesctl` reaches a running daemon: where it is, with what token, and what it answers."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

import click
import httpx

from hesd.config import load
from hesd.model.errors import HesdError

KEY_FILE = "hesctl.json"
"""What the daemon leaves in its state directory for the programs of its own machine."""

DEFAULT_CONFIG = Path("/etc/hesd/hesd.toml")

_TIMEOUT = 60.0
_PAGE = 500

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Address:
    """A daemon and a token for it."""

    url: str
    token: str


def find_address(
    state: Path | None, config: Path | None, environment: Mapping[str, str], saved: Path
) -> Address:
    """Where to go: the options count first, then `HESD_URL` with `HESD_TOKEN`, then `HESD_STATE`,
    then what `hesctl login` saved, then this machine's own daemon. Raises `ClickException`."""
    if state is not None:
        return _read(state / KEY_FILE)
    if config is not None:
        return _of_config(config, environment)
    if url := environment.get("HESD_URL"):
        token = environment.get("HESD_TOKEN")
        if not token:
            raise click.ClickException("HESD_URL is set and HESD_TOKEN is not")
        return Address(url, token)
    if directory := environment.get("HESD_STATE"):
        return _read(Path(directory) / KEY_FILE)
    if saved.exists():
        return _read(saved)
    return _of_config(DEFAULT_CONFIG, environment)


def saved_login(environment: Mapping[str, str]) -> Path:
    """Where `hesctl login` keeps a token."""
    home = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "hesd" / KEY_FILE


def save(path: Path, address: Address) -> None:
    """Write an address down for nobody else to read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"url": address.url, "token": address.token}, file)


def item(collection: str, key: str) -> str:
    """The path of one thing of a collection."""
    return f"{collection}/{quote(key, safe='')}"


class Daemon:
    """The REST API of one daemon. Every method raises `ClickException` where it is refused."""

    def __init__(self, address: Address) -> None:
        self._client = httpx.Client(
            base_url=address.url.rstrip("/") + "/api/v1/",
            headers={"Authorization": f"Bearer {address.token}"} if address.token else {},
            timeout=_TIMEOUT,
            # A certificate is made out to a name, and here nobody can stand in between.
            verify=not _is_loopback(address.url),
        )
        self._url = address.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, **parameters: Any) -> Any:
        return self.send("GET", path, params=_given(parameters)).json()

    def all(self, path: str, **parameters: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, **parameters, limit=_PAGE, cursor=cursor)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def post(self, path: str, body: Any) -> Any:
        return self.send("POST", path, json=body).json()

    def put(self, path: str, body: Any) -> Any:
        return self.send("PUT", path, json=body).json()

    def patch(self, path: str, body: Any) -> Any:
        return self.send("PATCH", path, json=body).json()

    def delete(self, path: str) -> None:
        self.send("DELETE", path)

    def send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One request. `path` starts below `/api/v1/`."""
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise click.ClickException(f"no daemon answers at {self._url}: {error}") from error
        if answer.is_error:
            raise click.ClickException(_explanation(answer))
        return answer


def with_daemon(function: F) -> F:
    """Give a command `daemon` as its first argument, and `--state` and `--config` to find it by."""

    @click.option("--state", type=click.Path(path_type=Path), help="The state directory of the daemon.")
    @click.option("--config", type=click.Path(path_type=Path), help="The configuration of the daemon.")
    @functools.wraps(function)
    def command(*args: Any, state: Path | None, config: Path | None, **kwargs: Any) -> Any:
        address = find_address(state, config, os.environ, saved_login(os.environ))
        with Daemon(address) as daemon:
            return function(daemon, *args, **kwargs)

    return command  # type: ignore[return-value]


def _of_config(path: Path, environment: Mapping[str, str]) -> Address:
    try:
        return _read(Path(load(path, environment).state) / KEY_FILE)
    except HesdError as error:
        raise click.ClickException(
            "which daemon? Give --state or --config, set HESD_URL and HESD_TOKEN, or "
            f"`hesctl login` ({error})"
        ) from error


def _read(path: Path) -> Address:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Address(str(found["url"]), str(found["token"]))
    except FileNotFoundError as error:
        raise click.ClickException(f"{path} does not exist: is the daemon running?") from error
    except PermissionError as error:
        owner = path.stat().st_uid if os.access(path.parent, os.X_OK) else "another user"
        raise click.ClickException(f"{path} may be read by its owner ({owner}) only") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"{path} is not what a daemon writes: {error}") from error


def _explanation(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        field = f"{problem['field']}: " if problem.get("field") else ""
        return f"{field}{problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}"


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
