"""A configuration that the rooms which use it find sound too, before anything is begun with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import clientFromString, serverFromString

from hesd.config import Config, ConfigError, load
from hesd.dialin.ascii_registration import compile_pattern
from hesd.dialin.errors import PatternError
from hesd.sim.plant import load_plant
from hesd.store.database import sqlite_file
from hesd.store.errors import StoreUnusable


def load_sound(path: Path, environment: Mapping[str, str], reactor: Any) -> Config:
    """The configuration in `path`, see `hesd.config.load`. Raises `ConfigError`."""
    config = load(path, environment)
    _check_endpoints(path, config, reactor)
    _check_patterns(path, config)
    try:
        sqlite_file(config.store.url, Path(config.state))
    except StoreUnusable as error:
        raise ConfigError(f"{path}: {error}") from error
    if config.demo is not None:
        load_plant(Path(config.demo.plant))
    return config


def _check_endpoints(path: Path, config: Config, reactor: Any) -> None:
    """Endpoints are spelled for Twisted, so Twisted judges them."""
    spelled = [("http.endpoint", config.http.endpoint, serverFromString)]
    for index, line in enumerate(config.line):
        spelled.append((f"line[{index}].endpoint", line.endpoint, clientFromString))
    for index, listener in enumerate(config.listener):
        spelled.append((f"listener[{index}].endpoint", listener.endpoint, serverFromString))
    for key, endpoint, parse in spelled:
        try:
            parse(reactor, endpoint)
        except Exception as error:  # parsers of endpoints raise whatever their fields raise
            raise ConfigError(f"{path}: {key}: expected an endpoint, got {endpoint!r}: {error}") from error


def _check_patterns(path: Path, config: Config) -> None:
    for index, listener in enumerate(config.listener):
        try:
            compile_pattern(listener.pattern or "")
        except PatternError as error:
            raise ConfigError(f"{path}: listener[{index}].pattern: {error}") from error
