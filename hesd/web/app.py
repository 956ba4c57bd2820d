"""Everything the web talks to, put together once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry

from hesd.collect.head_end import HeadEnd
from hesd.collect.jobs import JobRunner
from hesd.config import Config
from hesd.driver.loading import LoadedDriver
from hesd.store.database import Database
from hesd.store.latest import LatestValues
from hesd.store.reading_writer import ReadingWriter
from hesd.store.vault import Vault
from hesd.web.authentication import Authentication
from hesd.web.hub import Hub
from hesd.web.placement import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The parts of one head end. `reactor` gives time, threads and nothing else."""

    db: Database
    vault: Vault
    head_end: HeadEnd
    latest: LatestValues
    writer: ReadingWriter
    drivers: Mapping[str, LoadedDriver]
    hub: Hub
    reactor: Any
    config: Config
    job_runner: JobRunner
    registry: CollectorRegistry
    authentication: Authentication
    placement: Placement

    @property
    def now_ms(self) -> int:
        return int(self.reactor.seconds() * 1000)
