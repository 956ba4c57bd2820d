"""One line of the result: a number of hesd beside somebody else's, and what it should be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` is hesd's number over the peer's; `goal` bounds it, as in "<= 1.03" or ">= 3".

    `what` says what was measured and how. Without a goal a figure is only shown.
    """

    name: str
    what: str
    hesd: float
    peer: float
    peer_name: str
    goal: str = ""

    @property
    def ratio(self) -> float | None:
        return self.hesd / self.peer if self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; a goal for a peer of 0 is about hesd's number itself."""
        if not self.goal:
            return None
        sign, bound = self.goal.split()
        number = self.hesd if self.ratio is None else self.ratio
        return number <= float(bound) if sign == "<=" else number >= float(bound)


def write(figures: Sequence[Figure], path: Path) -> None:
    """All figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(figure), "ratio": figure.ratio, "met": figure.met} for figure in figures]
    path.write_text(json.dumps(rows, indent=1) + "\n")


def show(figures: Sequence[Figure]) -> None:
    """All figures as a table, and what each means below it."""
    table = Table()
    for column in ("figure", "hesd", "peer", "", "ratio", "goal", ""):
        table.add_column(column, no_wrap=True)
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.3g}"
        verdict = {True: "met", False: "[bold]MISSED[/]", None: ""}[figure.met]
        table.add_row(
            figure.name,
            _short(figure.hesd),
            _short(figure.peer),
            figure.peer_name,
            ratio,
            figure.goal,
            verdict,
        )
    console = Console()
    console.width = max(console.width, 110)  # a file or a pipe says 80
    console.print(table)
    for figure in figures:
        console.print(f"{figure.name}: {figure.what}", highlight=False, soft_wrap=True)


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 or number == int(number) else f"{number:.4g}"
