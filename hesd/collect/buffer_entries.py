"""Rows of a profile or log by number (IEC 62056-6-2, 4.3.6, selective access 2): the newest ones.

Which numbers those have, the meter's count of entries and their order say. A meter that takes no
numbers, or keeps its entries in another order than that of time, is asked by range where it
captures at a fixed period, from the time of its own clock back until there are enough. Else it is
not asked at all: its whole buffer may be megabytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hesd.collect.buffer_request import (
    FINAL,
    PIECE,
    TRIES,
    BufferRequests,
    BufferRows,
    DatedRow,
    ShapeChanged,
)
from hesd.collect.profile_shape import ProfileShape
from hesd.collect.session_errors import AccessRefused
from hesd.dlms.selective_access import EntryDescriptor
from hesd.model.errors import HesdError, ProtocolError

# A range with fewer rows than periods is followed by one that is so many times longer.
_GROWTH: Final = 2

Between = Callable[[int, int], Awaitable[BufferRows]]


class NewestUnknown(HesdError):
    """There is no way to have the newest rows and not all there are."""


async def newest_rows(ask: BufferRequests, shape: ProfileShape, count: int, between: Between) -> BufferRows:
    """The newest `count` rows, or all where there are fewer; by range there may be some more.

    `between` gives the rows of a range, both ends included. Raises only where no rows came:
    `NewestUnknown`, and what `BufferRequests.rows` and `between` raise.
    """
    in_use = None
    try:
        in_use = await ask.entries_in_use()
        if shape.in_order_of_time or in_use <= count:
            return await _by_number(ask, shape, min(count, in_use), in_use)
        reason = "its entries are not in the order of time"
    except AccessRefused as refusal:
        if refusal.result in FINAL:
            raise
        reason = f"its entries cannot be had by number ({refusal.result.text})"
    if not shape.period or not shape.clocks:
        raise NewestUnknown(f"{reason}, and it captures at no fixed period: ask for a range of time")
    found = await _by_time(ask, shape, count if in_use is None else min(count, in_use), between, reason)
    found.in_use = in_use
    return found


async def rows_of(ask: BufferRequests, wanted: EntryDescriptor, *, newest_first: bool) -> BufferRows:
    """The rows with these numbers, in as few requests as it takes with what breaks.

    Raises where nothing came what `BufferRequests.rows` raises.
    """
    found, first = BufferRows(), wanted.from_entry
    for _ in range(TRIES):
        try:
            part = await ask.rows(EntryDescriptor(first, wanted.to_entry).access)
        except HesdError as problem:
            if not found.rows or isinstance(problem, ShapeChanged):
                raise
            part = BufferRows(problem=problem)
        news = part.rows[_seam(found.rows, part.rows) :]
        found.rows += news
        found.problem = part.problem
        if part.problem is None:
            due = wanted.to_entry - first + 1
            # With the newest first the buffer may have come to its end; else it is the newest that lack.
            if len(part.rows) < due and not newest_first:
                found.problem = ProtocolError(f"the meter sent {len(part.rows)} of {due} entries")
            break
        if not news:
            break
        # What was captured meanwhile may have moved them: the last one is asked for again, if it can be told.
        first = wanted.from_entry + len(found.rows) - (news[-1].at_ms is not None)
        if first > wanted.to_entry:
            found.problem = None
            break
    return found


async def joined(found: BufferRows, asked: Awaitable[BufferRows], *, newest_first: bool) -> BufferRows:
    """Put rows that are asked for to the newer ones that were `found`; what came of them.

    Raises where nothing was found at all.
    """
    try:
        part = await asked
    except HesdError as problem:
        if not found.rows or isinstance(problem, ShapeChanged):
            raise
        part = BufferRows(problem=problem)
    # The oldest that were found may be here again: moved by what was captured meanwhile, or at both ends.
    before, after = (found.rows, part.rows) if newest_first else (part.rows, found.rows)
    found.rows = [*before, *after[_seam(before, after) :]]
    found.problem = part.problem
    return part


def _seam(before: Sequence[DatedRow], after: Sequence[DatedRow]) -> int:
    """How many rows at the end of the one are those at the beginning of the other.

    Rows without a time cannot be told from each other.
    """
    for count in range(min(len(before), len(after), PIECE), 0, -1):
        if before[-count].at_ms is not None and before[-count:] == after[:count]:
            return count
    return 0


async def _by_number(ask: BufferRequests, shape: ProfileShape, count: int, in_use: int) -> BufferRows:
    found = await _numbered(ask, count, in_use, newest_first=shape.newest_first)
    if count == in_use or not is_contrary(found, newest_first=shape.newest_first):
        return found
    # Its clock was set back, or its numbers run otherwise than its sort method says: the later rows tell.
    try:
        other = await _numbered(ask, count, in_use, newest_first=not shape.newest_first)
    except ShapeChanged:
        raise
    except HesdError as problem:
        found.problem = problem
        return found
    return max(found, other, key=_latest)


def is_contrary(found: BufferRows, *, newest_first: bool) -> bool:
    """Whether the rows run from the newest to the oldest where they should not, or the other way round."""
    times = [each.at_ms for each in found.rows if each.at_ms is not None]
    return bool(times) and (times[0] < times[-1] if newest_first else times[0] > times[-1])


def _latest(found: BufferRows) -> int:
    return max((each.at_ms for each in found.rows if each.at_ms is not None), default=0)


async def _numbered(ask: BufferRequests, count: int, in_use: int, *, newest_first: bool) -> BufferRows:
    found, done = BufferRows(in_use=in_use), 0
    while len(found.rows) < count and done < in_use:
        due = min(PIECE, count - len(found.rows), in_use - done)
        wanted = EntryDescriptor.from_newest(done, due, in_use, newest_first=newest_first)
        asked = rows_of(ask, wanted, newest_first=newest_first)
        part = await joined(found, asked, newest_first=newest_first)
        if part.problem is not None or not part.rows:
            break
        done += due
    return found


async def _by_time(
    ask: BufferRequests, shape: ProfileShape, count: int, between: Between, reason: str
) -> BufferRows:
    """From now back, in spans that hold what is missing where no capture failed, and longer ones after."""
    until = await ask.now_ms()
    if until is None:
        raise NewestUnknown(f"{reason}, and its clock says no time: ask for a range of time")
    found, growth = BufferRows(), 1
    while until > 0:
        missing = count - sum(each.at_ms is not None for each in found.rows)
        if missing <= 0:
            break
        # Whole seconds, for clocks in a range have no others.
        since = max(0, (until - missing * shape.period * 1000 * growth) // 1000 * 1000)
        part = await joined(found, _in_order(between(since, until)), newest_first=False)
        if part.problem is not None:
            break
        until, growth = since, growth * _GROWTH
    return found


async def _in_order(asked: Awaitable[BufferRows]) -> BufferRows:
    found = await asked
    found.rows.sort(key=lambda row: row.at_ms or 0)
    return found
