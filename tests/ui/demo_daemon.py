"""The demo, real daemon and simulated plant, in a folder and on a port of its own."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx

from hesd.sim.control import socket_address
from tests.daemon_process import CHECKOUT, DaemonProcess

_PATIENCE = 10.0
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
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            self._port, self.dial_in_port = one.getsockname()[1], other.getsockname()[1]
        self._process: DaemonProcess | None = None

    def start(self) -> None:
        """Returns when it serves."""
        http, dial_in = (f"tcp:{port}:interface=127.0.0.1" for port in (self._port, self.dial_in_port))
        self._process = DaemonProcess(
            self._config, HESD_HTTP=http, HESD_DIALIN=dial_in, HESD_STATE=str(self.state)
        )
        self.url = self._process.url() + "/"
        self.user, self.password = self._process.demo_user()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def fault(self, words: str) -> None:
        """Break something in the plant, as `hesctl fault` does."""
        with socket.socket(socket.AF_UNIX) as plant:
            plant.settimeout(_PATIENCE)
            plant.connect(socket_address(self.state / "sim" / "control"))
            plant.sendall(f"fault {words}\n".encode())
            answer = plant.makefile().readline()
        if answer.startswith("error"):
            raise AssertionError(answer)

    def get(self, path: str) -> object:
        """What an address below ``/api/v1/`` gives to the demo's user."""
        return self._ask("GET", path).json()

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str) -> httpx.Response:
        with httpx.Client(base_url=f"{self.url}api/v1/") as client:
            credentials = {"username": self.user, "password": self.password}
            token = client.post("auth/login", json=credentials).raise_for_status().json()["token"]
            answer = client.request(method, path, headers={"Authorization": f"Bearer {token}"})
            return answer.raise_for_status()
