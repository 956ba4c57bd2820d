"""The `twistd hesd` command: its options, and the service they make."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from twisted.application.service import IService
from twisted.python import usage

from hesd.config import Config, ConfigError, load
from hesd.state_directory import StateDirectory, StateUnusable


class Options(usage.Options):
    """Options of `twistd hesd`. A configuration that cannot be used ends the command with exit 1."""

    synopsis = "[--config FILE] [--check-config]"
    longdesc = "Runs the head-end system: reads electricity meters, keeps and serves what they say."
    optParameters = (("config", "c", "/etc/hesd/hesd.toml", "the configuration file"),)
    optFlags = (("check-config", None, "say whether the configuration is sound, and stop"),)

    settings: Config

    def postOptions(self) -> None:
        path = Path(self["config"])
        try:
            self.settings = load(path, os.environ)
            self._check_endpoints(path)
            self._check_rooms(path)
        except ConfigError as error:
            raise usage.UsageError(str(error)) from error
        if self["check-config"]:
            sys.stdout.write(f"{path}: sound\n")
            raise SystemExit(0)

    def _check_endpoints(self, path: Path) -> None:
        """Endpoints are spelled for Twisted, so Twisted judges them."""
        from twisted.internet import reactor
        from twisted.internet.endpoints import clientFromString, serverFromString

        spelled = [("http.endpoint", self.settings.http.endpoint, serverFromString)]
        for index, line in enumerate(self.settings.line):
            spelled.append((f"line[{index}].endpoint", line.endpoint, clientFromString))
        for key, endpoint, parse in spelled:
            try:
                parse(reactor, endpoint)
            except Exception as error:  # parsers of endpoints raise whatever their fields raise
                raise ConfigError(
                    f"{path}: {key}: expected an endpoint, got {endpoint!r}: {error}"
                ) from error

    def _check_rooms(self, path: Path) -> None:
        """What only the rooms that use it can judge."""
        from hesd.sim.plant import load_plant
        from hesd.store.database import sqlite_file
        from hesd.store.errors import StoreUnusable

        try:
            sqlite_file(self.settings.store.url, Path(self.settings.state))
        except StoreUnusable as error:
            raise ConfigError(f"{path}: {error}") from error
        if self.settings.demo is not None:
            load_plant(Path(self.settings.demo.plant))


def makeService(options: Options) -> IService:
    """The daemon, which works in its state directory: relative paths of lines start there."""
    from twisted.internet import reactor

    from hesd.daemon import Daemon

    path = Path(options["config"]).resolve()
    try:
        StateDirectory(Path(options.settings.state)).make()
        os.chdir(options.settings.state)
    except (StateUnusable, OSError) as error:
        raise SystemExit(f"{path}: state: {error}") from error
    return Daemon(options.settings, path, os.environ, reactor)
