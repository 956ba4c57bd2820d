"""The `twistd hesd` command: its options, and the service they make."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from twisted.application.service import IService
from twisted.python import usage

from hesd.config import Config, ConfigError
from hesd.sound_config import load_sound
from hesd.state_directory import StateDirectory, StateUnusable


class Options(usage.Options):
    """Options of `twistd hesd`. A configuration that cannot be used ends the command with exit 1."""

    synopsis = "[--config FILE] [--check-config]"
    longdesc = "Runs the head-end system: reads electricity meters, keeps and serves what they say."
    optParameters = (("config", "c", "/etc/hesd/hesd.toml", "the configuration file"),)
    optFlags = (("check-config", None, "say whether the configuration is sound, and stop"),)

    settings: Config

    def postOptions(self) -> None:
        from twisted.internet import reactor

        path = Path(self["config"])
        try:
            self.settings = load_sound(path, os.environ, reactor)
        except ConfigError as error:
            raise usage.UsageError(str(error)) from error
        if self["check-config"]:
            sys.stdout.write(f"{path}: sound\n")
            raise SystemExit(0)
        self._choose_logger()

    def _choose_logger(self) -> None:
        """twistd's own logger writes everything, debug too; it is kept only where it was asked for."""
        twistd = self.parent
        if twistd and twistd["nodaemon"] and not any(map(twistd.get, ("logger", "logfile", "syslog"))):
            twistd["logger"] = "hesd.logs.text_lines"  # which twistd has yet to look up


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
