"""The daemon: puts the rooms together, and takes them up and down in order."""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredLock, TimeoutError, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from hesd import demo, master_key
from hesd.collect.head_end import HeadEnd
from hesd.collect.job_kinds import job_kinds
from hesd.collect.jobs import JobRunner
from hesd.collect.meter import MeterState
from hesd.config import Config, ConfigError
from hesd.driver.loading import load_drivers
from hesd.links.open_link import open_link
from hesd.model.errors import HesdError
from hesd.model.reading import Reading
from hesd.service_manager import ServiceManager
from hesd.sim.plant import load_plant
from hesd.sound_config import load_sound
from hesd.state_directory import StateDirectory
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
from hesd.web.site import WebSite, build_site

DRAIN_SECONDS: Final = 10
BOOT_FAILED: Final = 3
HESCTL_KEY: Final = "hesctl.json"


class Daemon(Service):
    """The whole head end as one service.

    `path` is the file `config` was read from; SIGHUP reads it again with the same
    `environment`. A boot that fails ends the process with exit code 3.
    """

    log = Logger()

    def __init__(self, config: Config, path: Path, environment: Mapping[str, str], reactor: Any) -> None:
        self._config = config
        self._path = path
        self._environment = environment
        self._reactor = reactor
        self._state = Path(config.state)
        self._directory = StateDirectory(self._state)
        self._manager = ServiceManager(environment, reactor)
        self._port: IListeningPort | None = None
        self._plant: demo.DemoPlant | None = None
        # One thing at a time: a reload waits for the boot, and for the reload before it.
        self._settling = DeferredLock()
        self._key: Path | None = None
        self._statuses: dict[str, str] = {}
        self._exit_code = 0

    def startService(self) -> None:
        super().startService()
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._reload_soon))
        self._compose()
        self._reactor.addSystemEventTrigger("after", "shutdown", self._arrange_exit)
        self._booting = self._settled(self._boot).addErrback(self._boot_failed)

    def stopService(self) -> Deferred[None]:
        super().stopService()
        self._manager.stopping()
        self._booting.cancel()
        drained = Deferred.fromCoroutine(self._drain()).addTimeout(DRAIN_SECONDS, self._reactor)
        return drained.addErrback(self._drain_failed)

    def _compose(self) -> None:
        """Make every part and tell it of those it needs; nothing runs yet."""
        config, reactor = self._config, self._reactor
        self._db = Database(config.store.url, self._state, reactor)
        self._vault = Vault()
        self._latest = LatestValues()
        self._writer = ReadingWriter(self._db, reactor)
        self._hub = Hub(reactor)
        self._head_end = HeadEnd(
            partial(open_link, reactor=reactor),
            reactor,
            on_readings=self._collected,
            on_state=self._changed,
            known=lambda serial: self._latest.of(serial).values(),
        )
        self._announcer = Announcer(self._hub, self._head_end, reactor)
        self._jobs = JobRunner(
            JobJournal(self._db), job_kinds(self._head_end), reactor, on_job=self._announcer.job
        )
        self._authentication = Authentication(self._db, Passwords(reactor), reactor)
        drivers = load_drivers(Path(config.drivers.directory))
        for name, loaded in drivers.items():
            if loaded.problem:
                self.log.error("driver {name}: {problem}", name=name, problem=loaded.problem)
        self._placement = Placement(self._db, self._head_end, drivers, config)
        self._site: WebSite = build_site(
            App(
                db=self._db,
                vault=self._vault,
                head_end=self._head_end,
                latest=self._latest,
                writer=self._writer,
                drivers=drivers,
                hub=self._hub,
                reactor=reactor,
                config=config,
                job_runner=self._jobs,
                registry=CollectorRegistry(),
                authentication=self._authentication,
                placement=self._placement,
            )
        )

    async def _boot(self) -> None:
        self._directory.take()
        self._db.migrate()
        master_key.unlock(self._vault, self._db, self._config, self._environment)
        await self._latest.fill(self._db)
        await self._jobs.recover()
        password = await self._start_demo()
        for line in self._config.line:
            self._head_end.add_line(line)
        await self._placement.renew()
        self._announcer.startService()
        self._port = await self._listen(self._config.http.endpoint)
        self._say_where(password)
        self._manager.ready(f"{len(self._config.line)} lines")

    async def _start_demo(self) -> str | None:
        """Play the plant where one is configured; the password of the user to look at it."""
        settings = self._config.demo
        if settings is None:
            return None
        plant = Path(settings.plant)
        now_ms = int(self._reactor.seconds() * 1000)
        password = demo.password(self._state)
        user = await self._db.read(users.find, settings.user)
        # A new hash of the same password would sign everybody out at each start.
        if (
            user is None
            or user.disabled
            or not await self._authentication.passwords.matches(user.password_hash, password)
        ):
            hashed = await self._authentication.passwords.hash(password)
            await self._db.write(demo.add_user, settings.user, hashed, now_ms)
        await self._db.write(demo.register, load_plant(plant), now_ms)
        self._plant = demo.DemoPlant(plant, self._state / "sim", self._reactor)
        self._plant.startService()
        await self._plant.ready()
        return password

    async def _listen(self, endpoint: str) -> IListeningPort:
        port: IListeningPort = await serverFromString(self._reactor, endpoint).listen(self._site)
        return port

    def _say_where(self, password: str | None) -> None:
        url = self._url()
        self._key = self._state / HESCTL_KEY
        self._key.unlink(missing_ok=True)
        with os.fdopen(os.open(self._key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"url": url, "token": self._authentication.open_service("hesctl")}, file)
        # Not through the log: who reads it wants these lines as they are.
        out = sys.__stdout__ or sys.stdout
        out.write(f"hesd: serving {url}\n")
        if password is not None and self._config.demo is not None:
            out.write(f"hesd: demo user {self._config.demo.user} password {password}\n")
        out.flush()

    def _url(self) -> str:
        assert self._port is not None
        kind = self._config.http.endpoint.partition(":")[0]
        address: Any = self._port.getHost()
        host = getattr(address, "host", "localhost")
        if host in ("0.0.0.0", "::"):  # noqa: S104 # told where to go, not where to listen
            host = "localhost"
        return (
            f"{'https' if kind == 'ssl' else 'http'}://{f'[{host}]' if ':' in host else host}:{address.port}/"
        )

    def _collected(self, readings: Sequence[Reading]) -> None:
        self._writer.put(readings)
        self._latest.update(readings)
        self._announcer.readings(readings)

    def _changed(self, state: MeterState) -> None:
        self._announcer.state(state)
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

    def _reload_soon(self) -> None:
        self._settled(self._reload).addErrback(
            lambda failure: self.log.failure("the configuration was not taken over", failure)
        )

    def _settled(self, work: Callable[[], Coroutine[Deferred[Any], Any, None]]) -> Deferred[None]:
        return self._settling.run(lambda: Deferred.fromCoroutine(work()))

    async def _reload(self) -> None:
        """Take over what may change in a running daemon; a file that is wrong changes nothing."""
        if not self.running:
            return
        self._manager.reloading()
        try:
            await self._take_over(load_sound(self._path, self._environment, self._reactor))
        except ConfigError as error:
            self.log.error("the old configuration stays: {error}", error=error)
        finally:
            self._manager.ready(f"{len(self._config.line)} lines")

    async def _take_over(self, config: Config) -> None:
        old, self._config = self._config, config
        gone = [line for line in old.line if line not in config.line]
        new = [line for line in config.line if line not in old.line]
        for line in gone:
            await self._head_end.remove_line(line.name)
        for line in new:
            self._head_end.add_line(line)
        self._placement.configure(config)
        await self._placement.renew()
        if not self.running:
            return
        if config.http.endpoint != old.http.endpoint or config.http.endpoint.startswith("ssl:"):
            await self._listen_anew(old.http.endpoint)
        self.log.info("configuration taken over: {gone} lines gone, {new} new", gone=len(gone), new=len(new))

    async def _listen_anew(self, before: str) -> None:
        """Serve on another port, or with another certificate; who is connected stays so."""
        assert self._port is not None
        await maybeDeferred(self._port.stopListening)
        try:
            self._port = await self._listen(self._config.http.endpoint)
        except Exception as error:
            self.log.error("http.endpoint cannot be used, the old one stays: {error}", error=error)
            self._port = await self._listen(before)

    async def _drain(self) -> None:
        """Take nothing new, finish what is under way, and put on disk what came in."""
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
        self._site.drain()
        if self._announcer.running:
            self._announcer.stopService()
        await self._jobs.stop()
        await self._head_end.stop()
        lost = await self._writer.close()
        if lost:
            self._exit_code = BOOT_FAILED
        await self._db.close()
        if self._plant is not None:
            await self._plant.stopService()
        if self._key is not None:
            self._key.unlink(missing_ok=True)
        self._directory.give_back()

    def _boot_failed(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        self._exit_code = BOOT_FAILED
        self.log.critical("hesd did not start: {reason}", reason=failure.getErrorMessage())
        if not failure.check(HesdError, CannotListenError):
            self.log.failure("where it failed", failure)
        # The database is opened before the reactor turns, and one that does not turn cannot be stopped.
        self._reactor.callWhenRunning(self._reactor.stop)

    def _drain_failed(self, failure: Failure) -> None:
        failure.trap(TimeoutError, Exception)
        self.log.failure("not everything was finished in time", failure)

    def _arrange_exit(self) -> None:
        """Leave with 0 after an orderly end, with our own code after any other.

        twistd would end itself by the signal it was stopped with, and with 0 after a boot
        that failed; what it does in between (its pid file) is left to it.
        """
        self._reactor._exitSignal = None
        if self._exit_code:
            atexit.register(os._exit, self._exit_code)
