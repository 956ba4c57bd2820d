"""A whole head end in this process: store, lines, web, on real sockets and a real database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, ResponseDone
from twisted.web.http_headers import Headers

from hesd.collect.head_end import DLMSDoors, HeadEnd
from hesd.collect.job_kinds import job_kinds
from hesd.collect.jobs import JobKind, JobRunner
from hesd.config import HTTP, Config, Line
from hesd.driver.loading import load_drivers, usable
from hesd.links.open_link import open_link
from hesd.model.job import Job
from hesd.model.obis import OBIS
from hesd.model.reading import Quality, Reading
from hesd.model.units import Unit
from hesd.sim.plant import TCP, Area, Meter, Plant
from hesd.sim.simulator import Simulator
from hesd.store import users
from hesd.store.database import Database
from hesd.store.job_journal import JobJournal
from hesd.store.latest import LatestValues
from hesd.store.reading_writer import ReadingWriter
from hesd.store.vault import Vault
from hesd.web.announcer import Announcer
from hesd.web.app import App
from hesd.web.authentication import Authentication
from hesd.web.hub import Hub
from hesd.web.passwords import Passwords
from hesd.web.placement import Placement
from hesd.web.site import build_site

PASSWORD = "correct horse"
# A cheap hash: what it costs to check stands in the hash itself.
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
DRIVERS = load_drivers(None)


class SteppedReactor:
    """The real reactor, on which time passes only when a test says so."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._clock.advance(int(reactor.seconds()))
        self.seconds = self._clock.seconds
        self.callLater = self._clock.callLater
        self.advance = self._clock.advance

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


@dataclass
class Reply:
    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        values = self.headers.getRawHeaders(name)
        return values[0] if values else None


class _Collect(Protocol):
    def __init__(self, done: Deferred[bytes]) -> None:
        self._done = done
        self._data = b""

    def dataReceived(self, data: bytes) -> None:
        self._data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(ResponseDone):
            self._done.callback(self._data)
        else:
            self._done.errback(reason)


def _body(answer: Any) -> Deferred[bytes]:
    done: Deferred[bytes] = Deferred()
    answer.deliverBody(_Collect(done))
    return done


class WebCase(TestCase):
    """Starts an empty head end for each test. `stepped` worlds have a clock that stands still."""

    stepped = True
    timeout = 20
    http = HTTP()
    lines: tuple[Line, ...] = (Line(name="bus-1", endpoint="tcp:127.0.0.1:1", protocol="modbus-tcp"),)

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.reactor: Any = SteppedReactor() if self.stepped else reactor
        self.config = Config(state=str(self.folder), http=self.http, line=self.lines)
        self.db = Database("sqlite:///hesd.db", self.folder, reactor)
        self.db.migrate()
        self.addCleanup(self.db.close)
        self.vault = Vault()
        self.vault.unlock(bytes(range(32)))
        self.latest = LatestValues()
        self.writer = ReadingWriter(self.db, reactor)
        self.addCleanup(self.writer.close)
        self.hub = Hub(self.reactor)
        self.addCleanup(self.hub.flush)
        self.head_end = HeadEnd(
            partial(open_link, reactor=self.reactor),
            self.reactor,
            on_readings=self.collected,
            on_state=lambda state: self.announcer.state(state),
            dlms=self.doors(),
        )
        self.announcer = Announcer(self.hub, self.head_end, self.reactor)
        self.jobs = JobRunner(JobJournal(self.db), self.kinds(), self.reactor, self.told)
        self.app = App(
            db=self.db,
            vault=self.vault,
            head_end=self.head_end,
            latest=self.latest,
            writer=self.writer,
            drivers=DRIVERS,
            hub=self.hub,
            reactor=self.reactor,
            config=self.config,
            job_runner=self.jobs,
            registry=CollectorRegistry(),
            authentication=Authentication(self.db, Passwords(reactor), self.reactor),
            placement=Placement(self.db, self.head_end, DRIVERS, self.config, self.edited),
        )
        self.site = build_site(self.app, self.folder / "static")
        self.port = reactor.listenTCP(0, self.site, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        pool = HTTPConnectionPool(reactor, persistent=False)
        self.agent = Agent(reactor, pool=pool)
        self.tokens: dict[str, str] = {}

    def doors(self) -> DLMSDoors | None:
        """How DLMS meters are reached; not at all unless a test wants some."""
        return None

    def edited(self) -> None:
        """The registry has been edited."""

    def kinds(self) -> Mapping[str, JobKind]:
        return job_kinds(self.head_end)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port.getHost().port}"

    def collected(self, readings: Any) -> None:
        self.writer.put(readings)
        self.latest.update(readings)
        self.announcer.readings(readings)

    def told(self, job: Job) -> None:
        self.announcer.job(job)

    async def store(self, batch: list[Reading]) -> None:
        """Have readings on disk."""
        self.writer.put(batch)
        await self.writer.flushed()

    async def user(self, role: str) -> str:
        """A token of a user with this role, whose name is the role."""
        if role not in self.tokens:
            await self.db.write(users.create, role, HASH, role, 0)
            token, _ = await self.app.authentication.sign_in(role, PASSWORD, "test")
            self.tokens[role] = token
        return self.tokens[role]

    async def call(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        role: str | None = "admin",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; `content` is sent as JSON unless it is bytes."""
        sent = dict(headers or {})
        if role is not None and token is None:
            token = await self.user(role)
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        body = None
        if content is not None:
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            if not isinstance(content, bytes):
                sent.setdefault("Content-Type", "application/json")
            body = FileBodyProducer(BytesIO(raw))
        address = path if path.startswith(("/api", "/m", "/h", "/r")) else f"/api/v1/{path}"
        answer = await self.agent.request(
            method.encode(), (self.url + address).encode(), Headers({k: [v] for k, v in sent.items()}), body
        )
        return Reply(answer.code, answer.headers, await _body(answer))

    def assert_problem(self, reply: Reply, status: int, kind: str, field: str | None = None) -> None:
        self.assertEqual((reply.status, reply.json.get("type")), (status, f"/problems/{kind}"), reply.body)
        self.assertEqual(reply.header("content-type"), "application/problem+json")
        self.assertEqual(reply.json.get("field"), field, reply.body)
        self.assertEqual(reply.json["status"], status)
        self.assertTrue(reply.json["detail"])


def reading(
    meter: str, obis: str, at_ms: int, value: float, unit: Unit = Unit.V, quality: Quality = Quality.GOOD
) -> Reading:
    return Reading(meter, OBIS(obis), at_ms, value, 0, value, unit, quality)


class PlantCase(WebCase):
    """A head end whose line `house` leads to simulated meters over Modbus TCP."""

    stepped = False
    lines = ()

    def setUp(self) -> None:
        super().setUp()
        self.plant = Plant(
            title="Test",
            area=(Area(code="A", name="Area"),),
            tcp=(TCP(name="house", meters=tuple(_meter(n) for n in (1, 2))),),
        )
        self.simulator = Simulator(self.plant, usable(DRIVERS), self.folder, reactor)
        self.simulator.startService()
        self.addCleanup(self.simulator.stopService)
        line = Line(
            name="house", endpoint=self.simulator.endpoints["house"], protocol="modbus-tcp", interval=60.0
        )
        self.app.placement.configure(Config(line=(line,)))
        self.head_end.add_line(line)
        self.addCleanup(self.head_end.stop)
        self.addCleanup(self.jobs.stop)


def _meter(number: int) -> Meter:
    return Meter(
        unit_id=number, serial=f"S{number}", driver="eastron-sdm630", name=f"Flat {number}",
        area="A", load="flat", rated=9.0, turnaround=0.001,
    )  # fmt: skip
