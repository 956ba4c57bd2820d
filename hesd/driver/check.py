"""One check of a driver: what the conformance kits of both protocols give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a driver was checked for, and what was found against it."""

    name: str
    detail: str
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def run_check(name: str, detail: str, check: Callable[[D], Iterable[str]], driver: D) -> Check:
    """The problems that `check` finds. What it trips over is one of them, never raised."""
    try:
        return Check(name, detail, tuple(check(driver)))
    # A driver is foreign code: what it trips over is a finding, not the end of the check.
    except Exception as error:
        return Check(name, detail, (f"{type(error).__name__}: {error}",))
