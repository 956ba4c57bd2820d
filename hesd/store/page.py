"""A long list, one piece at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Page(Generic[T, K]):
    """Some of the records; `next` is where to go on, None where there are no more."""

    items: tuple[T, ...]
    next: K | None = None
