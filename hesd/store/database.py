"""The one way into the database: functions over a connection, run in threads of its own.

A caller says ``await database.write(meters.create, fields, now_ms)``. The function gets
a connection inside a transaction as its first argument and gives plain values back; it
is committed when it returns and rolled back when it raises.

SQLite allows one writer at a time, so there is one writer thread and the order of writes
is the order of the calls. Readers see a snapshot (WAL) and wait for nobody.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, Result, create_engine, event, exc
from sqlalchemy.engine import URL, make_url
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from hesd.store import migration
from hesd.store.errors import StoreDown, StoreUnusable

P = ParamSpec("P")
T = TypeVar("T")

# synchronous=FULL: what was acknowledged survives a power cut, and group commit makes it
# cheap. The journal is cut back to 64 MiB after a long reader let it grow.
_WRITER = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-32768",
)
_READER = ("PRAGMA query_only=ON", "PRAGMA busy_timeout=10000", "PRAGMA cache_size=-16384")


class Database:
    """The store behind `url`; a relative SQLite path starts at `state_dir`.

    Raises `StoreUnusable` for an address that no store of this version answers to.
    """

    def __init__(self, url: str, state_dir: Path, reactor: IReactorFromThreads, *, readers: int = 4) -> None:
        self.path = sqlite_file(url, state_dir)
        address = URL.create("sqlite", database=str(self.path))
        self._reactor = reactor
        self._writer = _engine(address, _WRITER, "BEGIN IMMEDIATE", connections=1)
        self._reader = _engine(address, _READER, "BEGIN", connections=readers)
        self._write_pool = _threads("store-write", 1)
        self._read_pool = _threads("store-read", readers)
        self._running = 0
        self._closed = False
        self._closing: Deferred[None] | None = None

    async def read(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `function(connection, ...)` returns, run in a reader thread over one snapshot."""
        return await self._in_thread(self._read_pool, self.read_blocking, function, *args, **kwargs)

    async def write(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `function(connection, ...)` returns, once what it wrote is on disk."""
        return await self._in_thread(self._write_pool, self.write_blocking, function, *args, **kwargs)

    def read_blocking(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`read` in the calling thread, for commands that have no reactor."""
        return _transact(self._reader, function, *args, **kwargs)

    def write_blocking(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`write` in the calling thread, for commands that have no reactor."""
        return _transact(self._writer, function, *args, **kwargs)

    def migrate(self) -> None:
        """Make the database what this version of hesd needs, in one transaction. Blocks.

        Raises `StoreUnusable` where the file cannot be opened, is no database, or was
        written by a newer hesd.
        """
        try:
            self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            # It holds password hashes: not for everybody. SQLite gives its journal the same mode.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o640))
            self.write_blocking(migration.upgrade, str(self.path))
        except OSError as error:
            raise StoreUnusable(f"{self.path}: cannot be opened: {error.strerror}") from error
        except StoreDown as error:
            raise StoreUnusable(f"{self.path}: cannot be used: {error}") from error

    async def close(self) -> None:
        """Finish what was asked, take nothing new, and leave one tidy file behind."""
        self._closed = True
        if self._running:
            self._closing = Deferred()
            await self._closing
        for pool in (self._read_pool, self._write_pool):
            if pool.started:
                pool.stop()
        self.close_blocking()

    def close_blocking(self) -> None:
        """`close` for commands that have no reactor."""
        self._closed = True
        # The last connection to leave folds the journal into the file and removes it.
        self._reader.dispose()
        self._writer.dispose()

    async def _in_thread(self, pool: ThreadPool, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if self._closed:
            raise StoreDown("the store is closed")
        if not pool.started:
            pool.start()
        self._running += 1
        try:
            return await deferToThreadPool(self._reactor, pool, work, *args, **kwargs)
        finally:
            self._running -= 1
            if self._closing is not None and not self._running:
                # In the next turn: whoever asked for this work comes first.
                self._reactor.callFromThread(self._closing.callback, None)


def sqlite_file(url: str, state_dir: Path) -> Path:
    """The file that `url` means. Raises `StoreUnusable`."""
    try:
        address = make_url(url)
    except exc.ArgumentError as error:
        raise StoreUnusable("store.url: expected an address such as sqlite:///hesd.db") from error
    if address.get_backend_name() == "postgresql":
        raise StoreUnusable(
            "store.url: this version keeps its data in SQLite; PostgreSQL is not built in yet"
        )
    if address.drivername != "sqlite" or not address.database or address.database == ":memory:":
        shown = address.render_as_string(hide_password=True)
        raise StoreUnusable(f"store.url: expected sqlite:/// and a file, got {shown!r}")
    return state_dir / address.database


def _engine(address: URL, pragmas: tuple[str, ...], begin: str, connections: int) -> Engine:
    engine = create_engine(address, pool_size=connections, max_overflow=0)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the sqlite3 module would begin transactions by its own rules
        for pragma in pragmas:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _threads(name: str, most: int) -> ThreadPool:
    pool = ThreadPool(0, most, name=name)
    # A process that ends without `close` must not hang: what was not committed was not promised.
    pool.threadFactory = partial(Thread, daemon=True)  # type: ignore[assignment]
    return pool


def _transact(
    engine: Engine, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    try:
        with engine.begin() as connection:
            found = function(connection, *args, **kwargs)
    except (exc.IntegrityError, exc.ProgrammingError, exc.DataError, exc.InterfaceError):
        raise
    except exc.DBAPIError as error:
        raise StoreDown(str(error.orig)) from error
    if isinstance(found, Result):
        raise TypeError("a Result is bound to its connection: return rows as values")
    return found
