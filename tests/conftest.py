"""Lets pytest-twisted fixtures and trial's `TestCase`s share one reactor."""

from __future__ import annotations

import os
from typing import Any

import pytest_twisted
from hypothesis import settings
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

TestCase._wait = lambda self, d, running=None: _blockon(d)  # type: ignore[method-assign,attr-defined]


def _blockon(waiting: Deferred[Any]) -> Any:
    return pytest_twisted.blockon(waiting)


# `make test` runs the default profile; the long one is for a night.
settings.register_profile("default", max_examples=200, deadline=None)
settings.register_profile("nightly", max_examples=100_000, deadline=None)
settings.load_profile(os.environ.get("HESD_HYPOTHESIS", "default"))
