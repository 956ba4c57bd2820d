"""What became of a token."""

from __future__ import annotations

from dataclasses import dataclass

from hesd.model.job import JobState


@dataclass(frozen=True, slots=True)
class TokenVerdict:
    """`state` is confirmed, rejected or unknown."""

    state: JobState
    detail: str
