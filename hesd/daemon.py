"""The daemon: takes the parts of a head end up and down in order."""

from __future__ import annotations

import atexit
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredLock, TimeoutError, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.python.failure import Failure

from hesd import demo, master_key
from hesd.composition import Composition
from hesd.config import Config, ConfigError, Listener
from hesd.model.errors import HesdError
from hesd.quiet_reactor import QuietReactor
from hesd.service_manager import ServiceManager
from hesd.sim.plant import load_plant
from hesd.sound_config import load_sound
from hesd.state_directory import StateDirectory
from hesd.store import users

T = TypeVar("T")

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
        self._quiet = QuietReactor(reactor)
        self._state = Path(config.state)
        self._directory = StateDirectory(self._state)
        self._manager = ServiceManager(environment, reactor)
        self._port: IListeningPort | None = None
        self._plant: demo.DemoPlant | None = None
        # One thing at a time: a reload waits for the boot, and for the reload before it.
        self._settling = DeferredLock()
        self._key: Path | None = None
        self._exit_code = 0

    def startService(self) -> None:
        super().startService()
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._reload_soon))
        self._parts = Composition(self._config, self._state, self._reactor)
        self._reactor.addSystemEventTrigger("after", "shutdown", self._arrange_exit)
        self._booting = self._settled(self._boot).addErrback(self._boot_failed)

    def stopService(self) -> Deferred[None]:
        super().stopService()
        self._manager.stopping()
        self._quiet.stop()
        self._booting.cancel()
        drained = Deferred.fromCoroutine(self._drain()).addTimeout(DRAIN_SECONDS, self._reactor)
        return drained.addErrback(self._drain_failed)

    async def _boot(self) -> None:
        parts = self._parts
        self._directory.take()
        parts.db.migrate()
        master_key.unlock(parts.vault, parts.db, self._config, self._environment)
        await parts.latest.fill(parts.db)
        await parts.jobs.recover()
        password = await self._prepare_demo()
        # Before anybody dials in: a meter that is not placed yet would be a stranger.
        await parts.placement.renew()
        self._quiet.start()
        for listener in self._config.listener:
            await parts.head_end.add_listener(listener)
        await self._start_plant()
        for line in self._config.line:
            parts.head_end.add_line(line)
        parts.announcer.startService()
        parts.cron.startService()
        self._port = await self._listen(self._config.http.endpoint)
        self._say_where(password)
        self._manager.ready(self._summary())

    def _summary(self) -> str:
        return f"{len(self._config.line)} lines, {len(self._config.listener)} listeners"

    async def _prepare_demo(self) -> str | None:
        """Register the plant where one is configured; the password of the user to look at it."""
        settings, parts = self._config.demo, self._parts
        if settings is None:
            return None
        now_ms = int(self._reactor.seconds() * 1000)
        password = demo.password(self._state)
        user = await parts.db.read(users.find, settings.user)
        # A new hash of the same password would sign everybody out at each start.
        if (
            user is None
            or user.disabled
            or not await parts.authentication.passwords.matches(user.password_hash, password)
        ):
            hashed = await parts.authentication.passwords.hash(password)
            await parts.db.write(demo.add_user, settings.user, hashed, now_ms)
        await parts.db.write(demo.register, load_plant(Path(settings.plant)), parts.vault, now_ms)
        return password

    async def _start_plant(self) -> None:
        """Play the plant of the demo: its lines can be opened then, and its meters dial in."""
        if self._config.demo is not None:
            where = self._parts.dialled()
            plant = Path(self._config.demo.plant)
            self._plant = demo.DemoPlant(plant, self._state / "sim", where, self._reactor)
            self._plant.startService()
            await self._plant.ready()

    async def _listen(self, endpoint: str) -> IListeningPort:
        port: IListeningPort = await serverFromString(self._reactor, endpoint).listen(self._parts.site)
        return port

    def _say_where(self, password: str | None) -> None:
        url = self._url()
        self._key = self._state / HESCTL_KEY
        self._key.unlink(missing_ok=True)
        with os.fdopen(os.open(self._key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"url": url, "token": self._parts.authentication.open_service("hesctl")}, file)
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
            self._manager.ready(self._summary())

    async def _take_over(self, config: Config) -> None:
        old, self._config = self._config, config
        parts, head_end = self._parts, self._parts.head_end
        for line in _without(old.line, config.line):
            await head_end.remove_line(line.name)
        for listener in _without(old.listener, config.listener):
            await head_end.remove_listener(listener.name)
        parts.placement.configure(config)
        parts.cron.configure(config.schedule)
        await parts.placement.renew()
        for line in _without(config.line, old.line):
            head_end.add_line(line)
        for listener in _without(config.listener, old.listener):
            await self._listen_for_meters(listener)
        if not self.running:
            return
        if config.http.endpoint != old.http.endpoint or config.http.endpoint.startswith("ssl:"):
            await self._listen_anew(old.http.endpoint)
        self.log.info("configuration taken over: {summary}", summary=self._summary())

    async def _listen_for_meters(self, listener: Listener) -> None:
        """One that cannot be opened keeps none of the others shut."""
        try:
            await self._parts.head_end.add_listener(listener)
        except Exception as error:
            self.log.error("listener {name}: {error}", name=listener.name, error=error)

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
        self._parts.site.drain()
        if self._parts.announcer.running:
            self._parts.announcer.stopService()
        if self._parts.cron.running:
            self._parts.cron.stopService()
        await self._parts.jobs.stop()
        await self._parts.head_end.stop()
        await self._parts.strangers.close()
        await self._parts.events.close()
        lost = await self._parts.writer.close()
        if lost:
            self._exit_code = BOOT_FAILED
        await self._parts.db.close()
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


def _without(these: Sequence[T], those: Sequence[T]) -> list[T]:
    return [each for each in these if each not in those]
