"""A head end with simulated DLMS meters on a dialled line `house` and one that dials in to `gprs`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from twisted.internet import reactor

from hesd.collect.after_command import AfterCommand
from hesd.collect.buffers import Buffers
from hesd.collect.catalogue import Catalogue
from hesd.collect.command_jobs import command_kinds
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.head_end import DLMSDoors
from hesd.collect.job_kinds import job_kinds
from hesd.collect.jobs import JobKind
from hesd.collect.key_job import key_kinds
from hesd.collect.object_list import ObjectLists
from hesd.collect.reading_jobs import reading_kinds
from hesd.collect.token_job import TokenOrders
from hesd.config import Config, Line, Listener
from hesd.driver.loading import usable
from hesd.links.dial_in import DialInObserver
from hesd.links.dial_in_listener import DialInListener
from hesd.links.open_dlms_line import open_dlms_line
from hesd.model.job import Job
from hesd.sim.simulator import Simulator
from hesd.store import settings
from hesd.store.archive import StoredArchive
from hesd.store.cosem_models import StoredModels
from hesd.store.keyring import StoredKeyring
from hesd.toml_file import Duration
from tests.sim.dlms_case import plant_of
from tests.web.world import DRIVERS, WebCase

HEXCELL = "hexcell-ddsy1088"
PASSWORD = "00000000"
SERIALS = ("46000755036", "46000777832")


def simulated(serial: str, **fields: Any) -> dict[str, Any]:
    usual = {"driver": HEXCELL, "area": "A", "load": "flat", "rated": 6.0, "phases": 1, "turnaround": "0s"}
    return {**usual, "serial": serial, "name": serial, "password": PASSWORD, **fields}


class DLMSWorld(WebCase):
    """`self.register` makes the meters known; they are asked for nothing by themselves but once."""

    stepped = False
    lines = ()
    timeout_s = 5.0
    # More about the first meter: in the plant, and where it is registered.
    furnished: Mapping[str, Any] = {}
    known: Mapping[str, Any] = {}

    def setUp(self) -> None:
        self.opened: dict[str, DialInListener] = {}
        super().setUp()
        self.after_command = AfterCommand(self.head_end, self.collected)
        plant = plant_of(
            dlms=[
                {"name": "house", "meters": [simulated(SERIALS[0], credit=100, **self.furnished)]},
                {"name": "other", "meters": [simulated(SERIALS[1], driver="momas", credit=100)]},
            ]
        )
        self.simulator = Simulator(plant, usable(DRIVERS), self.folder, reactor)
        self.simulator.startService()
        self.addCleanup(self.simulator.stopService)
        lines = tuple(
            Line(
                name=name,
                endpoint=self.simulator.endpoints[name],
                protocol="dlms-wrapper",
                interval=Duration(3600),
                slow_interval=Duration(3600),
                timeout=Duration(self.timeout_s),
                retries=0,
            )
            for name in ("house", "other")
        )
        self.listener = Listener(name="gprs", endpoint="tcp:0:interface=127.0.0.1", families=("wrapper",))
        self.app.placement.configure(Config(line=lines, listener=(self.listener,)))
        for line in lines:
            self.head_end.add_line(line)
        self.addCleanup(self.head_end.stop)
        self.addCleanup(self.jobs.stop)

    def told(self, job: Job) -> None:
        super().told(job)
        self.after_command.job(job)

    def doors(self) -> DLMSDoors:
        self.keyring = StoredKeyring(self.db, self.vault, self.reactor)
        desk = DLMSDesk(
            self.reactor,
            self.keyring,
            on_readings=self.collected,
            on_state=lambda state: self.announcer.state(state),
            known=lambda serial: self.latest.of(serial).values(),
            on_stranger=lambda stranger: self.announcer.quarantine(stranger),
            models=StoredModels(self.db, self.reactor),
        )
        return DLMSDoors(
            desk,
            partial(open_dlms_line, reactor=self.reactor),
            self.open_listener,
        )

    def edited(self) -> None:
        self.keyring.titles.forget()

    def open_listener(self, listener: Listener, observer: DialInObserver) -> DialInListener:
        opened = self.opened[listener.name] = DialInListener(listener, observer, self.reactor)
        return opened

    def kinds(self) -> Mapping[str, JobKind]:
        orders = TokenOrders(partial(self.db.write, settings.token_salt))
        models = StoredModels(self.db, self.reactor)
        reading = reading_kinds(
            self.head_end,
            Buffers(models, self.reactor),
            ObjectLists(models, Catalogue()),
            StoredArchive(self.db, lambda new: self.announcer.events(new)),
            self.collected,
        )
        return {
            **job_kinds(self.head_end),
            **command_kinds(self.head_end, orders, self.reactor),
            **key_kinds(self.head_end, self.keyring),
            **reading,
        }

    async def register(self) -> None:
        for serial, driver, line in zip(SERIALS, (HEXCELL, "momas"), ("house", "other"), strict=True):
            more = self.known if serial == SERIALS[0] else {}
            place = {"serial": serial, "driver": driver, "line": line, **more}
            made = await self.call("POST", "meters", place)
            self.assertEqual(made.status, 201, made.body)
            kept = await self.call("PUT", f"meters/{serial}/keys", {"password": PASSWORD})
            self.assertEqual(kept.status, 200, kept.body)
