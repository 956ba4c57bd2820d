from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from hesd.config import Config, ConfigError, Duration, load

WHOLE = """
state = "/var/lib/hesd"
[http]
endpoint = "tcp:8080:interface=127.0.0.1"
[[line]]
name = "bus-1"
endpoint = "serial:/dev/serial/by-id/usb-FTDI:baudrate=9600:parity=E"
protocol = "modbus-rtu"
interval = "15m"
timeout = "300ms"
[[line]]
name = "feeder-7"
endpoint = "tcp:10.1.2.3:502"
protocol = "modbus-tcp"
[[line]]
name = "probe"
endpoint = "serial:/dev/ttyUSB1"
protocol = "dlms-hdlc"
mode_e = true
[[listener]]
name = "gprs"
endpoint = "tcp:4059"
families = ["wrapper", "hexcell", "ascii", "push"]
meter_initiated = "refuse"
[[schedule]]
name = "load profile"
cron = "*/15 * * * *"
what = "profile:1-0:99.1.0"
meters = "driver:hexcell-*"
[[group]]
name = "flats"
interval = "15m"
"""


class ConfigTests(SynchronousTestCase):
    def load(self, text: str, **environment: str) -> Config:
        path = Path(self.mktemp())
        path.write_text(text)
        return load(path, environment)

    def refusal(self, text: str, **environment: str) -> str:
        with self.assertRaises(ConfigError) as caught:
            self.load(text, **environment)
        return str(caught.exception)

    def test_the_documented_file_is_read(self) -> None:
        config = self.load(WHOLE)
        self.assertEqual([line.name for line in config.line], ["bus-1", "feeder-7", "probe"])
        self.assertEqual((config.line[0].interval, config.line[0].timeout), (900, 0.3))
        self.assertEqual(config.group[0].interval, Duration(900))
        (listener,), (schedule,) = config.listener, config.schedule
        self.assertEqual((listener.grace, listener.offline_after, listener.framing), (10, 120, "wrapper"))
        self.assertEqual((schedule.what, schedule.meters), ("profile:1-0:99.1.0", "driver:hexcell-*"))

    def test_dlms_meters_have_longer_to_answer_unless_it_is_said(self) -> None:
        line = '[[line]]\nname = "a"\nendpoint = "tcp:10.1.2.3:4059"\nprotocol = "dlms-wrapper"\n'
        self.assertEqual(self.load(line).line[0].timeout, 5)
        self.assertEqual(self.load(line + 'timeout = "500ms"').line[0].timeout, 0.5)

    def test_the_environment_says_where_to_listen_and_to_keep_state(self) -> None:
        config = self.load(WHOLE, HESD_HTTP="tcp:18080:interface=127.0.0.1", HESD_STATE="/tmp/x")
        self.assertEqual((config.http.endpoint, config.state), ("tcp:18080:interface=127.0.0.1", "/tmp/x"))

    def test_the_environment_says_where_meters_dial_in(self) -> None:
        config = self.load(WHOLE, HESD_DIALIN="tcp:14059:interface=127.0.0.1")
        self.assertEqual([each.endpoint for each in config.listener], ["tcp:14059:interface=127.0.0.1"])
        self.assertEqual(self.load("", HESD_DIALIN="tcp:14059").listener, ())

    def test_relative_paths_start_where_the_file_is(self) -> None:
        folder = Path(self.mktemp()).absolute()
        folder.mkdir(parents=True)
        path = folder / "hesd.toml"
        path.write_text('state = "../var"\n[demo]\nplant = "plant.toml"\n')
        config = load(path, {})
        self.assertEqual(config.state, str((folder / "../var").resolve()))
        self.assertEqual(config.drivers.directory, str(folder / "drivers.d"))
        assert config.demo is not None
        self.assertEqual(config.demo.plant, str(folder / "plant.toml"))
        path.write_text('[keys]\nmaster_key_file = "../master.key"\n')
        self.assertEqual(load(path, {}).keys.master_key_file, str((folder / "../master.key").resolve()))
        self.assertEqual(load(path, {"HESD_STATE": "here"}).state, str(Path("here").resolve()))

    def test_an_error_names_file_key_and_expectation(self) -> None:
        for text, key, expectation in (
            (
                '[[line]]\nname = "a"\nendpoint = "tcp:x:1"\nprotocol = "modbus-rtx"',
                "line[0].protocol",
                "expected one of dlms-hdlc, dlms-wrapper, modbus-rtu, modbus-tcp",
            ),
            (
                '[[line]]\nname = 5\nendpoint = ""\nprotocol = "modbus-rtu"',
                "line[0].name",
                "expected `str`, got `int`",
            ),
            ('[[line]]\nname = "a"\nprotocol = "modbus-rtu"', "line[0]", "required field `endpoint`"),
            (
                "[http]\nport = 8080",
                "http",
                "unknown field `port`, expected one of endpoint, behind_proxy, metrics",
            ),
            (
                '[[group]]\nname = "g"\ninterval = "soon"',
                "group[0].interval",
                'expected a duration such as "300ms"',
            ),
            ('[[group]]\nname = "g"\ninterval = "1h"\n' * 2, "group[1].name", "used once"),
            ("state = 1", "state", "expected `str`, got `int`"),
            ("colour = 1", "(top level)", "unknown field `colour`"),
            ("state = ", "not a TOML file", "Invalid value"),
        ):
            message = self.refusal(text)
            self.assertIn(key, message)
            self.assertIn(expectation, message)

    def test_settings_that_no_line_can_have_are_refused(self) -> None:
        rtu = '[[line]]\nname = "a"\nendpoint = "serial:/dev/x:baudrate=9600"\nprotocol = "modbus-rtu"\n'
        tcp = '[[line]]\nname = "b"\nendpoint = "tcp:10.1.2.3:4001"\nprotocol = "modbus-tcp"\n'
        for text, key, expectation in (
            (rtu + 'interval = "0s"', "line[0].interval", "expected 0.1 to 2678400 seconds, got 0"),
            (rtu + 'timeout = "0s"', "line[0].timeout", "expected 0.01 to 60 seconds"),
            (rtu + 'turnaround = "1m"', "line[0].turnaround", "got 60"),
            ('[[group]]\nname = "g"\ninterval = "1ms"', "group[0].interval", "got 0.001"),
            (rtu.replace("modbus-rtu", "modbus-tcp"), "line[0].protocol", "expected modbus-rtu"),
            (rtu + "baudrate = 9600", "line[0].baudrate", "over TCP only"),
            (tcp + "baudrate = 9600", "line[0].baudrate", "over TCP only"),
            (tcp + rtu + rtu.replace('"a"', '"c"'), "line[2].endpoint", "a has /dev/x"),
        ):
            message = self.refusal(text)
            self.assertIn(key, message)
            self.assertIn(expectation, message)
        dlms = tcp.replace("modbus-tcp", "dlms-hdlc")
        for text, key, expectation in (
            (dlms + "in_flight = 2", "line[0].in_flight", "with Modbus only"),
            (dlms + "baudrate = 9600", "line[0].baudrate", "with Modbus only"),
            (dlms + "echo = true", "line[0].echo", "with Modbus only"),
            (dlms + 'turnaround = "5ms"', "line[0].turnaround", "with Modbus only"),
            (dlms + "mode_e = true", "line[0].mode_e", "on a serial port only"),
            (rtu + "mode_e = true", "line[0].mode_e", "on a serial port only"),
            (rtu.replace("modbus-rtu", "dlms-wrapper"), "line[0].protocol", "expected dlms-hdlc"),
        ):
            message = self.refusal(text)
            self.assertIn(key, message)
            self.assertIn(expectation, message)
        gateway = self.load(tcp.replace("modbus-tcp", "modbus-rtu") + "baudrate = 19200")
        self.assertEqual(gateway.line[0].baudrate, 19200)

    def test_listeners_and_schedules_that_cannot_be_are_refused(self) -> None:
        line = '[[line]]\nname = "a"\nendpoint = "tcp:10.1.2.3:4059"\nprotocol = "dlms-wrapper"\n'
        listener = '[[listener]]\nname = "a"\nendpoint = "tcp:4059"\n'
        schedule = '[[schedule]]\nname = "every night"\ncron = "0 2 * * *"\nwhat = "events"\n'
        for text, key, expectation in (
            (listener + line, "listener[0].name", "expected no line's name, got 'a'"),
            (listener + listener, "listener[1].name", "used once"),
            (listener + "families = []", "listener[0].families", "at least one"),
            (listener + 'families = ["modem"]', "listener[0].families", "ascii, hexcell, push, wrapper"),
            (listener + 'grace = "0s"', "listener[0].grace", "1 to 300 seconds"),
            (listener + 'offline_after = "1s"', "listener[0].offline_after", "10 to 86400 seconds"),
            (schedule.replace("0 2", "61 2"), "schedule[0].cron", "five fields"),
            (schedule.replace("events", "profile:1.8"), "schedule[0].what", "profile:OBIS"),
            (schedule.replace("events", "relay"), "schedule[0].what", "read, events, clock"),
            (schedule + 'meters = "46000755036"', "schedule[0].meters", "meter:..."),
            (schedule + 'meters = "driver:"', "schedule[0].meters", "driver:..."),
            (schedule + schedule, "schedule[1].name", "used once"),
        ):
            message = self.refusal(text)
            self.assertIn(key, message)
            self.assertIn(expectation, message)
        self.assertEqual(self.load(schedule + 'meters = "meter:4600*"').schedule[0].meters, "meter:4600*")

    def test_a_file_that_is_not_there_is_named(self) -> None:
        with self.assertRaises(ConfigError) as caught:
            load(Path("/nonexistent/hesd.toml"), {})
        self.assertIn("/nonexistent/hesd.toml: cannot be read", str(caught.exception))

    def test_clear_http_off_loopback_is_refused_unless_behind_a_proxy(self) -> None:
        for endpoint in ("tcp:8080", "tcp:8080:interface=0.0.0.0", "tcp:8080:interface=192.168.1.5"):
            self.assertIn("http.endpoint", self.refusal(f'[http]\nendpoint = "{endpoint}"'))
            self.load(f'[http]\nendpoint = "{endpoint}"\nbehind_proxy = true')
        self.assertIn("http.endpoint", self.refusal("", HESD_HTTP="tcp:8080"))

    def test_tls_loopback_and_unix_sockets_are_closed(self) -> None:
        for endpoint in (
            "ssl:8443:privateKey=key.pem:certKey=cert.pem",
            "tcp:8080:interface=127.0.0.1",
            "tcp:8080:interface=localhost",
            r"tcp6:8080:interface=\\:\\:1",
            "unix:/run/hesd.sock",
        ):
            self.load(f'[http]\nendpoint = "{endpoint}"')
