"""One line of what the drills found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Result:
    """`count` things were done in `seconds`; `met` is None where there is no goal to reach.

    `figures` are numbers by name (their unit is in the name), `notes` what has to be said of them.
    """

    name: str
    what: str
    count: int
    seconds: float
    figures: dict[str, float]
    goal: str = ""
    met: bool | None = None
    notes: list[str] = field(default_factory=list)


# Does so much of it, or as much as makes sense.
Drill = Callable[[int], Iterator[Result]]


def write(results: Sequence[Result], path: Path) -> None:
    """All results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


def show(results: Sequence[Result]) -> None:
    """All results as a table, and what there is to say about them below it."""
    table = Table()
    for column in ("drill", "count", "seconds", "figures", "goal", ""):
        table.add_column(column, no_wrap=column == "drill")
    for result in results:
        figures = ", ".join(f"{name} {value:.4g}" for name, value in result.figures.items())
        verdict = {True: "met", False: "[bold]MISSED[/]", None: ""}[result.met]
        table.add_row(
            result.name, f"{result.count:,}", f"{result.seconds:.1f}", figures, result.goal, verdict
        )
    console = Console()
    console.width = max(console.width, 120)  # a file or a pipe says 80
    console.print(table)
    for result in results:
        console.print(f"{result.name}: {result.what}", highlight=False, soft_wrap=True)
        for note in result.notes:
            console.print(f"  {note}", highlight=False, markup=False, soft_wrap=True)
