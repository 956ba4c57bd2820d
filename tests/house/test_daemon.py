from __future__ import annotations

import json
import os
import signal
import socket
import stat
from pathlib import Path

import httpx
from twisted.trial.unittest import SynchronousTestCase

from tests.daemon_process import DaemonProcess

SOUND = """
state = "state"
[http]
endpoint = "tcp:0:interface=127.0.0.1"
"""
# Nobody listens there: the line stays down, which is no reason not to serve.
LINE = """
[[line]]
name = "{name}"
endpoint = "tcp:127.0.0.1:1"
protocol = "modbus-tcp"
"""


class DaemonTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)
        self.config = self.folder / "hesd.toml"
        self.config.write_text(SOUND)
        self.environment = {"HESD_HTTP": "", "HESD_STATE": ""}

    def start(self, *options: str, **environment: str) -> DaemonProcess:
        daemon = DaemonProcess(self.config, *options, **{**self.environment, **environment})
        self.addCleanup(daemon.stop)
        return daemon

    def key(self) -> dict[str, str]:
        key: dict[str, str] = json.loads((self.folder / "state" / "hesctl.json").read_text())
        return key

    def lines_of(self, url: str) -> list[str]:
        headers = {"Authorization": f"Bearer {self.key()['token']}"}
        answer = httpx.get(f"{url}/api/v1/lines", headers=headers).raise_for_status().json()
        return [line["name"] for line in answer["items"]]

    def test_serves_until_it_is_told_to_stop(self) -> None:
        daemon = self.start()
        url = daemon.url()
        self.assertEqual(httpx.get(f"{url}/healthz").json()["status"], "ok")
        self.assertEqual(self.key()["url"], f"{url}/")
        mode = (self.folder / "state" / "hesctl.json").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse((self.folder / "state" / "hesctl.json").exists())

    def test_a_wrong_configuration_exits_1_and_says_what_was_expected(self) -> None:
        self.config.write_text("[http]\nport = 8080\n")
        daemon = self.start()
        self.assertEqual(daemon.exit_code(), 1)
        self.assertIn(f"{self.config}: http: object contains unknown field `port`", "\n".join(daemon.said))

    def test_an_endpoint_nobody_can_parse_is_a_wrong_configuration(self) -> None:
        self.config.write_text(
            SOUND + LINE.format(name="a").replace("tcp:127.0.0.1:1", "cereal:/dev/ttyUSB0")
        )
        daemon = self.start()
        self.assertEqual(daemon.exit_code(), 1)
        self.assertIn("line[0].endpoint", "\n".join(daemon.said))

    def test_what_only_its_room_can_judge_is_a_wrong_configuration(self) -> None:
        for text, expected in (
            ('[store]\nurl = "mysql://x/y"', "store.url: expected sqlite:///"),
            ('[demo]\nplant = "none.toml"', "none.toml: cannot be read"),
            (f'state = "{self.config}/state"', "state: "),
        ):
            self.config.write_text(text + "\n")
            daemon = self.start(HESD_HTTP="tcp:0:interface=127.0.0.1")
            self.assertEqual(daemon.exit_code(), 1)
            said = "\n".join(daemon.said)
            self.assertIn(expected, said)
            self.assertNotIn("Traceback", said)

    def test_a_second_daemon_is_kept_from_the_state_of_the_first(self) -> None:
        first = self.start()
        url = first.url()
        second = self.start()
        self.assertNotIn(second.exit_code(), (0, 1))
        self.assertIn(f"another hesd (process {first.process.pid})", "\n".join(second.said))
        self.assertEqual(self.lines_of(url), [])  # its key is still there
        first.kill()
        third = self.start()
        third.url()
        self.assertEqual(third.stop(), 0)

    def test_check_config_only_looks(self) -> None:
        daemon = self.start("--check-config")
        self.assertEqual(daemon.exit_code(), 0)
        self.assertIn("sound", "\n".join(daemon.said))
        self.assertFalse((self.folder / "state").exists())

    def test_a_port_in_use_is_a_failed_start(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            daemon = self.start(HESD_HTTP=f"tcp:{taken.getsockname()[1]}:interface=127.0.0.1")
            self.assertNotIn(daemon.exit_code(), (0, 1))
        self.assertIn("did not start", "\n".join(daemon.said))

    def test_a_database_that_is_none_is_a_failed_start(self) -> None:
        (self.folder / "state").mkdir()
        (self.folder / "state" / "hesd.db").write_text("not a database, but long enough to look at" * 50)
        daemon = self.start()
        self.assertNotIn(daemon.exit_code(), (0, 1))
        self.assertIn("did not start", "\n".join(daemon.said))

    def test_another_master_key_than_the_stores_is_a_failed_start(self) -> None:
        first = self.start()
        first.url()
        self.assertEqual(first.stop(), 0)
        (self.folder / "state" / "master.key").write_text("ab" * 32)
        second = self.start()
        self.assertEqual(second.exit_code(), 3)
        said = "\n".join(second.said)
        self.assertIn("master.key: the master key is not the one", said)
        self.assertNotIn("Traceback", said)
        self.assertNotIn("abab", said)

    def test_sighup_takes_over_lines_and_survives_a_bad_file(self) -> None:
        self.config.write_text(SOUND + LINE.format(name="stays") + LINE.format(name="goes"))
        daemon = self.start()
        url = daemon.url()
        self.assertEqual(self.lines_of(url), ["stays", "goes"])
        self.config.write_text(SOUND + LINE.format(name="stays") + LINE.format(name="comes"))
        daemon.tell(signal.SIGHUP)
        daemon.line(lambda line: "taken over" in line)
        self.assertEqual(self.lines_of(url), ["stays", "comes"])
        for wrong in ("[[line]]\nname = 5\n", LINE.format(name="a").replace("tcp:127.0.0.1", "cereal")):
            self.config.write_text(SOUND + wrong)
            daemon.tell(signal.SIGHUP)
            self.assertIn("line[0]", daemon.line(lambda line: "the old configuration stays" in line))
            self.assertEqual(self.lines_of(url), ["stays", "comes"])
        self.assertEqual(daemon.stop(), 0)

    def test_tells_systemd_how_it_is(self) -> None:
        address = f"@hesd-daemon-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
            inbox.bind("\0" + address[1:])
            inbox.settimeout(30)
            daemon = self.start(NOTIFY_SOCKET=address)
            daemon.url()
            self.assertTrue(inbox.recv(4096).startswith(b"READY=1"))
            daemon.tell(signal.SIGHUP)
            self.assertTrue(inbox.recv(4096).startswith(b"RELOADING=1"))
            self.assertTrue(inbox.recv(4096).startswith(b"READY=1"))
            daemon.tell(signal.SIGTERM)
            self.assertEqual(inbox.recv(4096), b"STOPPING=1")
