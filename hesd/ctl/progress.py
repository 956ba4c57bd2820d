"""How far long work is: a bar with rate and time left on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import click
from rich import progress
from rich.console import Console

_PLAIN_EVERY: Final = 10.0  # seconds


class Progress:
    """Goes to standard error, so that results can be piped. `seconds` is a clock."""

    def __init__(self, total: int, seconds: Callable[[], float]) -> None:
        self._total, self._done = total, 0
        self._seconds = seconds
        self._begun = self._told = seconds()
        self._bar: progress.Progress | None = None
        if sys.stderr.isatty():
            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TextColumn("{task.fields[rate]}"),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("", total=total, rate="")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, text: str) -> None:
        """Something worth a line of its own."""
        if self._bar:
            self._bar.console.print(text, markup=False)
        else:
            click.echo(text, err=True)

    def step(self, text: str) -> None:
        """One more is done."""
        self._done += 1
        now = self._seconds()
        rate = self._done / (now - self._begun) if now > self._begun else 0.0
        if self._bar:
            self._bar.update(self._task, advance=1, description=text, rate=f"{rate:.1f}/s")
        elif now - self._told >= _PLAIN_EVERY:
            self._told = now
            left = (self._total - self._done) / rate if rate else 0.0
            click.echo(f"{self._done} of {self._total}, {rate:.1f}/s, {left:.0f} s left: {text}", err=True)
