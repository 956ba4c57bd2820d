"""`hesctl` against a running head end: meters, areas, users, jobs, and how it finds its daemon."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result
from sqlalchemy import Connection, delete
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase

from hesd.ctl.connection import KEY_FILE, Address, find_address, save
from hesd.ctl.main import hesctl
from hesd.store import users
from hesd.store.tables import meters
from tests.web.world import HASH, PASSWORD, PlantCase, WebCase, reading

METER = ("--driver", "eastron-sdm630", "--line", "bus-1", "--unit-id", "7")


class CommandCase(WebCase):
    def setUp(self) -> None:
        super().setUp()
        token = self.app.authentication.open_service("hesctl")
        save(self.folder / KEY_FILE, Address(self.url, token))

    async def run_ctl(self, *arguments: str, input: str | None = None, **environment: str) -> Result:
        """A command in a thread, its daemon in this one."""
        env = {"HESD_STATE": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "home"), **environment}
        result: Result = await deferToThread(
            CliRunner().invoke, hesctl, arguments, input=input, env=env, prog_name="hesctl"
        )
        return result

    async def done(self, *arguments: str, **others: Any) -> str:
        result = await self.run_ctl(*arguments, **others)
        self.assertEqual(result.exit_code, 0, result.output)
        return result.stdout

    async def json_of(self, *arguments: str) -> Any:
        return json.loads(await self.done(*arguments, "--json"))

    async def refused(self, *arguments: str, **others: Any) -> str:
        result = await self.run_ctl(*arguments, **others)
        self.assertEqual(result.exit_code, 1, result.output)
        return result.stderr


class MeterCommandTests(CommandCase):
    async def test_a_meter_is_added_listed_and_shown(self) -> None:
        self.assertIn("M1 is registered", await self.done("meters", "add", "m1", *METER, "--interval", "15s"))
        self.latest.update([reading("M1", "1.0.1.8.0.255", 1_767_261_600_000, 12345.678)])
        listed = await self.done("meters", "list")
        self.assertIn("bus-1#7", listed)
        shown = await self.done("meters", "show", "M1")
        self.assertIn("12345.678", shown)
        self.assertIn("Active energy import", shown)
        self.assertRegex(shown, r"interval +15\n")
        record = await self.json_of("meters", "show", "M1")
        self.assertEqual((record["unit_id"], record["latest"][0]["value"]), (7, 12345.678))
        self.assertEqual([m["serial"] for m in await self.json_of("meters", "list", "-q", "m1")], ["M1"])
        self.assertEqual(await self.json_of("meters", "list", "--status", "online"), [])

    async def test_refusals_name_the_field(self) -> None:
        await self.done("meters", "add", "m1", *METER)
        self.assertIn(
            "unit_id: 7 on line bus-1 is meter M1", await self.refused("meters", "add", "m2", *METER)
        )
        self.assertIn("no meter M9", await self.refused("meters", "show", "M9"))
        self.assertIn("There is nothing at this address", await self.refused("meters", "show", "../users"))
        self.assertEqual((await self.run_ctl("meters", "add")).exit_code, 2)

    async def test_what_is_exported_can_be_imported(self) -> None:
        await self.call("POST", "areas", {"code": "A", "name": "Halle, Süd"})
        full = {
            "serial": "M1",
            "name": 'the "big" press',
            "driver": "eastron-sdm630",
            "line": "bus-1",
            "unit_id": 7,
            "area": "A",
            "meter_type": "three-phase",
            "payment": "prepaid",
            "latitude": 6.6123456789,
            "interval": 2.5,
            "ratio": 120.5,
            "writes_enabled": True,
            "server_sap": 17,
            "authentication": "hls-gmac",
            "ciphering": "both",
            "system_title": "4858450000000001",
            "relay_status": "ready_for_reconnection",
        }
        await self.call("POST", "meters", full)
        await self.call("POST", "meters", {"serial": "M2", "lifecycle": "warehouse"})
        before = await self.json_of("meters", "export")
        table = self.folder / "meters.csv"
        await self.done("meters", "export", "-o", str(table))
        self.assertEqual(len(list(csv.reader(io.StringIO(table.read_text())))), 3)
        for serial in ("M1", "M2"):
            await self._forget(serial)
        self.assertIn("2 of 2 meters registered", await self.done("meters", "import", str(table)))
        after = await self.json_of("meters", "export")
        times = ("created_at", "updated_at")
        self.assertEqual(
            [{k: v for k, v in meter.items() if k not in times} for meter in after],
            [{k: v for k, v in meter.items() if k not in times} for meter in before],
        )

    async def _forget(self, serial: str) -> None:
        def forget(connection: Connection) -> None:
            connection.execute(delete(meters).where(meters.c.serial == serial))

        await self.db.write(forget)

    async def test_rows_that_fail_are_named_and_the_exit_code_says_so(self) -> None:
        table = self.folder / "meters.csv"
        table.write_text("serial,unit_id\nM1,1\nM2,x\n")
        result = await self.run_ctl("meters", "import", str(table))
        self.assertEqual(result.exit_code, 1)
        self.assertIn("1 of 2 meters registered", result.stdout)
        self.assertIn("row 3: unit_id: expected a number, got 'x'", result.stderr)
        result = await self.run_ctl("meters", "import", str(table), "--json")
        self.assertEqual(len(json.loads(result.stdout)["failures"]), 2)


class OtherCommandTests(CommandCase):
    async def test_areas(self) -> None:
        await self.done("areas", "add", "ikd", "--name", "Ikorodu")
        self.assertEqual([area["code"] for area in await self.json_of("areas", "list")], ["IKD"])
        self.assertIn("Ikorodu", await self.done("areas", "list"))
        self.assertTrue((await self.json_of("areas", "remove", "IKD"))["removed"])
        self.assertEqual(await self.json_of("areas", "list"), [])

    async def test_users(self) -> None:
        self.assertIn(
            "ben is added as operator",
            await self.done(
                "users", "add", "ben", "--role", "operator", "--password-stdin", input="battery staple\n"
            ),
        )
        login = {"username": "ben", "password": "battery staple"}
        token = (await self.call("POST", "auth/login", login, role=None)).json["token"]
        await self.done("users", "passwd", "ben", input="correct battery\ncorrect battery\n")
        self.assertEqual((await self.call("GET", "auth/me", token=token)).status, 401)
        self.assertEqual((await self.json_of("users", "role", "ben", "viewer"))["role"], "viewer")
        self.assertFalse((await self.json_of("users", "enable", "ben"))["disabled"])
        await self.done("users", "disable", "ben")
        (ben,) = await self.json_of("users", "list")
        self.assertEqual((ben["role"], ben["disabled"]), ("viewer", True))
        await self.done("users", "enable", "ben")
        self.assertIn("no", await self.done("users", "list"))
        self.assertIn(
            "8 to 256", await self.refused("users", "add", "x", "--password-stdin", input="short\n")
        )

    async def test_login_and_logout(self) -> None:
        await self.db.write(users.create, "anna", HASH, "viewer", 0)
        arguments = ("login", self.url, "--username", "anna", "--password-stdin")
        self.assertIn("signed in as anna", await self.done(*arguments, input=f"{PASSWORD}\n", HESD_STATE=""))
        kept = self.folder / "home" / "hesd" / KEY_FILE
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)
        self.assertEqual((await self.run_ctl("meters", "list", HESD_STATE="")).exit_code, 0)
        forbidden = await self.refused("users", "list", HESD_STATE="")
        self.assertIn("the role viewer may not manage users", forbidden)
        await self.done("logout", HESD_STATE="")
        self.assertFalse(kept.exists())
        refusal = await self.refused(*arguments, input="guess\n", HESD_STATE="")
        self.assertIn("no user has this name and this password", refusal)

    async def test_a_daemon_that_is_gone_is_said_to_be(self) -> None:
        url = self.url
        await self.port.stopListening()
        self.assertIn(f"no daemon answers at {url}", await self.refused("meters", "list"))


PLANTED = {"serial": "S1", "driver": "eastron-sdm630", "line": "house", "unit_id": 1}


class JobCommandTests(PlantCase, CommandCase):
    async def test_jobs_are_listed_shown_and_watched(self) -> None:
        await self.call("POST", "meters", PLANTED)
        answer = await self.call("POST", "meters/S1/reads", {"obis": ["1-0:32.7.0"]}, role="operator")
        job = answer.json["id"]
        watched = await self.done("jobs", "watch", job)
        self.assertEqual([line.split()[3] for line in watched.splitlines()][-1], "confirmed")
        steps = [json.loads(line) for line in (await self.done("jobs", "watch", job, "--json")).splitlines()]
        self.assertEqual([step["state"] for step in steps], ["accepted", "queued", "sent", "confirmed"])
        self.assertIn("confirmed", await self.done("jobs"))
        self.assertEqual([found["id"] for found in await self.json_of("jobs")], [job])
        self.assertEqual(
            [found["id"] for found in await self.json_of("jobs", "list", "--meter", "S1")], [job]
        )
        shown = await self.done("jobs", "show", job)
        self.assertIn("voltage_l1", shown)

    async def test_the_end_of_a_job_is_the_exit_code(self) -> None:
        await self.call("POST", "meters", PLANTED)
        unmeasured = {"obis": ["1-0:199.7.0"]}
        answer = await self.call("POST", "meters/S1/reads", unmeasured, role="operator")
        result = await self.run_ctl("jobs", "watch", answer.json["id"])
        self.assertEqual(result.exit_code, 1)
        self.assertIn("failed", result.stdout)


class AddressTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.saved = self.folder / "saved.json"

    def state(self, name: str) -> Path:
        save(self.folder / name / KEY_FILE, Address(f"http://{name}/", "t"))
        return self.folder / name

    def find(self, state: Path | None = None, config: Path | None = None, **environment: str) -> str:
        return find_address(state, config, environment, self.saved).url

    def test_what_is_nearest_counts(self) -> None:
        config = self.folder / "hesd.toml"
        config.write_text('state = "configured"\n')
        self.state("configured")
        given, known = self.state("given"), self.state("known")
        environment = {"HESD_URL": "http://url/", "HESD_TOKEN": "t", "HESD_STATE": str(known)}
        self.assertEqual(self.find(given, config, **environment), "http://given/")
        self.assertEqual(self.find(None, config), "http://configured/")
        self.assertEqual(self.find(**environment), "http://url/")
        self.assertEqual(self.find(HESD_STATE=str(known)), "http://known/")
        save(self.saved, Address("http://saved/", "t"))
        self.assertEqual(self.find(HESD_STATE=str(known)), "http://known/")
        self.assertEqual(self.find(), "http://saved/")

    def test_what_is_missing_is_said(self) -> None:
        for environment, words in (
            ({"HESD_URL": "http://url/"}, "HESD_TOKEN is not"),
            ({"HESD_STATE": str(self.folder / "none")}, "is the daemon running"),
        ):
            with self.assertRaises(click.ClickException) as refused:
                self.find(**environment)
            self.assertIn(words, refused.exception.message)

    def test_a_key_file_that_is_none_is_refused(self) -> None:
        for content in ("", "{}", "[]", '{"url": "x"}'):
            (self.folder / KEY_FILE).write_text(content)
            with self.assertRaises(click.ClickException) as refused:
                self.find(self.folder)
            self.assertIn(KEY_FILE, refused.exception.message)

    def test_a_key_is_for_nobody_else(self) -> None:
        path = self.state("x") / KEY_FILE
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        save(path, Address("http://again/", "t"))
        self.assertEqual(self.find(self.folder / "x"), "http://again/")
