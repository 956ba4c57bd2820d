"""Lets pytest-twisted fixtures and trial's `TestCase`s share one reactor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

TestCase._wait = lambda self, d, running=None: _blockon(d)  # type: ignore[method-assign,attr-defined]


def _blockon(waiting: Deferred[Any]) -> Any:
    from twisted.internet import reactor

    # Trial's clean-up iterates the reactor. Inside a call from a thread that would run the
    # call a second time, so the test goes on in a turn of its own.
    waiting.addBoth(lambda result: deferLater(reactor, 0, lambda: result))  # type: ignore[arg-type]
    return pytest_twisted.blockon(waiting)


@pytest.fixture(scope="session", autouse=True)
def _scratch_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`TestCase.mktemp` counts from the current directory: keep it out of the checkout, as trial does."""
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("trial"))
    yield
    os.chdir(before)
