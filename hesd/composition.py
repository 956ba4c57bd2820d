"""Every part of a head end, told of those it needs. Nothing runs yet: that is the daemon's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry
from twisted.logger import Logger, LogLevel

from hesd.collect.after_command import AfterCommand
from hesd.collect.buffers import Buffers
from hesd.collect.catalogue import Catalogue
from hesd.collect.command_jobs import command_kinds
from hesd.collect.cron import CronJobs
from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.head_end import DLMSDoors, HeadEnd
from hesd.collect.job_kinds import job_kinds
from hesd.collect.jobs import JobKind, JobRunner
from hesd.collect.key_job import key_kinds
from hesd.collect.meter import MeterState
from hesd.collect.object_list import ObjectLists
from hesd.collect.reading_jobs import reading_kinds
from hesd.collect.token_job import TokenOrders
from hesd.config import Config, Listener
from hesd.driver.loading import load_drivers
from hesd.links.dial_in import DialInObserver
from hesd.links.dial_in_listener import DialInListener
from hesd.links.open_dlms_line import open_dlms_line
from hesd.links.open_link import open_link
from hesd.model.event import MeterEvent
from hesd.model.job import Job
from hesd.model.reading import Reading
from hesd.model.stranger import Stranger
from hesd.store import events, meters, quarantine, settings
from hesd.store.archive import StoredArchive
from hesd.store.book import Book
from hesd.store.cosem_models import StoredModels
from hesd.store.database import Database
from hesd.store.job_journal import JobJournal
from hesd.store.keyring import StoredKeyring
from hesd.store.latest import LatestValues
from hesd.store.reading_writer import ReadingWriter
from hesd.store.vault import Vault
from hesd.web.announcer import Announcer
from hesd.web.app import App
from hesd.web.authentication import Authentication
from hesd.web.hub import Hub
from hesd.web.passwords import Passwords
from hesd.web.placement import Placement
from hesd.web.site import WebSite, build_site

# How many of each may wait for the disk.
_MOST_EVENTS: Final = 20_000
_MOST_STRANGERS: Final = 1_000


class Composition:
    """The parts of one head end by name."""

    log = Logger()

    def __init__(self, config: Config, state: Path, reactor: Any) -> None:
        self.db = Database(config.store.url, state, reactor)
        self.vault = Vault()
        self.latest = LatestValues()
        self.writer = ReadingWriter(self.db, reactor)
        self.hub = Hub(reactor)
        self.strangers: Book[Stranger, None] = Book(self.db, quarantine.seen, most=_MOST_STRANGERS)
        self.listeners: dict[str, DialInListener] = {}
        self.events: Book[MeterEvent, list[MeterEvent]] = Book(
            self.db, events.put, lambda new: self.announcer.events(new), most=_MOST_EVENTS
        )
        self.models = StoredModels(self.db, reactor)
        self.keyring = StoredKeyring(self.db, self.vault, reactor)
        self.head_end = self._head_end(reactor)
        self.announcer = Announcer(self.hub, self.head_end, reactor)
        self.after_command = AfterCommand(self.head_end, self._collected)
        self.jobs = JobRunner(JobJournal(self.db), self._job_kinds(reactor), reactor, on_job=self._job)
        self.cron = CronJobs(
            reactor, self.jobs, partial(self.db.read, meters.in_service), self.head_end.speaks_dlms
        )
        self.cron.configure(config.schedule)
        self.authentication = Authentication(self.db, Passwords(reactor), reactor)
        self._statuses: dict[str, str] = {}
        drivers = load_drivers(Path(config.drivers.directory))
        for name, loaded in drivers.items():
            if loaded.problem:
                self.log.error("driver {name}: {problem}", name=name, problem=loaded.problem)
        self.placement = Placement(self.db, self.head_end, drivers, config, self.keyring.titles.forget)
        self.site: WebSite = build_site(
            App(
                db=self.db,
                vault=self.vault,
                head_end=self.head_end,
                latest=self.latest,
                writer=self.writer,
                drivers=drivers,
                hub=self.hub,
                reactor=reactor,
                config=config,
                job_runner=self.jobs,
                registry=CollectorRegistry(),
                authentication=self.authentication,
                placement=self.placement,
            )
        )

    def _head_end(self, reactor: Any) -> HeadEnd:
        desk = DLMSDesk(
            reactor,
            self.keyring,
            on_readings=self._collected,
            on_state=self._changed,
            known=self._known,
            on_events=self.events.extend,
            on_stranger=self._stranger,
            models=self.models,
        )
        return HeadEnd(
            partial(open_link, reactor=reactor),
            reactor,
            on_readings=self._collected,
            on_state=self._changed,
            known=self._known,
            dlms=DLMSDoors(
                desk, partial(open_dlms_line, reactor=reactor), partial(self._listener, reactor=reactor)
            ),
        )

    def _job_kinds(self, reactor: Any) -> Mapping[str, JobKind]:
        orders = TokenOrders(partial(self.db.write, settings.token_salt))
        archive = StoredArchive(self.db, self.announcer.events)
        buffers, lists = Buffers(self.models, reactor), ObjectLists(self.models, Catalogue())
        return {
            **job_kinds(self.head_end),
            **command_kinds(self.head_end, orders, reactor),
            **key_kinds(self.head_end, self.keyring),
            **reading_kinds(self.head_end, buffers, lists, archive, self.writer.put),
        }

    def _listener(self, listener: Listener, observer: DialInObserver, reactor: Any) -> DialInListener:
        opened = self.listeners[listener.name] = DialInListener(listener, observer, reactor)
        return opened

    def dialled(self) -> dict[str, str]:
        """How each listener that is open is reached from this machine, as an endpoint to connect to."""
        ports = {name: opened.address for name, opened in self.listeners.items() if opened.address}
        return {name: f"tcp:127.0.0.1:{address.port}" for name, address in ports.items()}

    def _known(self, serial: str) -> Sequence[Reading]:
        return tuple(self.latest.of(serial).values())

    def _collected(self, readings: Sequence[Reading]) -> None:
        self.writer.put(readings)
        self.latest.update(readings)
        self.announcer.readings(readings)

    def _stranger(self, stranger: Stranger) -> None:
        self.strangers.add(stranger)
        self.announcer.quarantine(stranger)

    def _job(self, job: Job) -> None:
        self.announcer.job(job)
        self.after_command.job(job)
        self.cron.told(job)

    def _changed(self, state: MeterState) -> None:
        self.announcer.state(state)
        is_news = self._statuses.get(state.serial) != state.status
        self._statuses[state.serial] = state.status
        # What goes wrong again and again, or once and is got over, is for those who look for it.
        self.log.emit(
            LogLevel.info if is_news else LogLevel.debug,
            "meter {serial} is {status}{detail}",
            serial=state.serial,
            status=state.status,
            detail=f": {state.reason}" if state.reason else "",
        )
