"""The demo, real daemon and simulated plant, in a folder and on a port of its own."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx

from tests.daemon_process import CHECKOUT, DaemonProcess

DEAD_METER = "23178807"
_FAULT = f'\n[[fault]]\ntarget = "{DEAD_METER}"\nkind = "dead"\n'


class DemoDaemon:
    """Blocks: to be used in a thread, or before there is a reactor to turn.

    One meter of the plant is dead, and the others are asked twice as often as in the demo, so
    that there is something to see sooner. `stop` and `start` again give the same address, state
    and user, as a restarted daemon has them.
    """

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self._config = folder / "demo.toml"
        demo = CHECKOUT / "etc" / "demo.toml"
        faster = demo.read_text(encoding="utf-8").replace('interval = "5s"', 'interval = "2500ms"')
        self._config.write_text(faster, encoding="utf-8")
        plant = CHECKOUT / "etc" / "demo-plant.toml"
        (folder / plant.name).write_text(plant.read_text(encoding="utf-8") + _FAULT, encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: DaemonProcess | None = None

    def start(self) -> None:
        """Returns when it serves."""
        endpoint = f"tcp:{self._port}:interface=127.0.0.1"
        self._process = DaemonProcess(self._config, HESD_HTTP=endpoint, HESD_STATE=str(self.state))
        self.url = self._process.url() + "/"
        self.user, self.password = self._process.demo_user()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def get(self, path: str) -> object:
        """What an address below ``/api/v1/`` gives to the demo's user."""
        with httpx.Client(base_url=f"{self.url}api/v1/") as client:
            credentials = {"username": self.user, "password": self.password}
            token = client.post("auth/login", json=credentials).raise_for_status().json()["token"]
            answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
            return answer.raise_for_status().json()
