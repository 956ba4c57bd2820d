"""Readings by meter, quantity and time: the history, and the newest of every series.

A reading is either settled (in the clustered table) or still staged; both are looked
at, and where both know a time the staged one is the later word.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Select, and_, func, select, union_all

from hesd.model.obis import OBIS
from hesd.model.reading import Reading
from hesd.store import series
from hesd.store.page import Page
from hesd.store.reading_row import from_row
from hesd.store.tables import readings as settled
from hesd.store.tables import series as series_table
from hesd.store.tables import stage as staged

_COLUMNS = [column.name for column in settled.columns if column.name != "series_id"]


def history(
    connection: Connection, meter: str, obis: OBIS, from_ms: int, to_ms: int, limit: int
) -> Page[Reading, int]:
    """What was read from `from_ms` (included) to `to_ms` (not), oldest first.

    `next` is the `from_ms` of the following page.
    """
    number = series.find(connection, meter, obis)
    if number is None:
        return Page(())
    known = union_all(*of_series(number, from_ms, to_ms)).order_by("at_ms").limit(limit + 1)
    found = [from_row(meter, obis, row) for row in connection.execute(known)]
    return Page(tuple(found[:limit]), found[limit].at_ms if len(found) > limit else None)


def newest(connection: Connection, after: int, count: int) -> Page[Reading, int]:
    """The newest settled reading of each of the `count` series behind number `after`."""
    found = connection.execute(newest_query(after, count)).all()
    readings = tuple(from_row(row[1], OBIS(row[2]), row[3:]) for row in found if row[3] is not None)
    return Page(readings, found[-1][0] if len(found) == count else None)


def newest_query(after: int, count: int) -> Select[Any]:
    """One seek a series: 1.4 ms where grouping the whole table takes a second."""
    last = (
        select(func.max(settled.c.at_ms))
        .where(settled.c.series_id == series_table.c.id)
        .correlate(series_table)
        .scalar_subquery()
    )
    page = (
        select(series_table.c.id, series_table.c.meter, series_table.c.obis, last.label("at_ms"))
        .where(series_table.c.id > after)
        .order_by(series_table.c.id)
        .limit(count)
        .subquery()
    )
    key = and_(settled.c.series_id == page.c.id, settled.c.at_ms == page.c.at_ms)
    columns_of_all = (page.c.id, page.c.meter, page.c.obis, *columns(settled))
    return select(*columns_of_all).select_from(page.outerjoin(settled, key)).order_by(page.c.id)


def newest_staged(connection: Connection) -> list[Reading]:
    """The newest staged readings; of two of one series and time, the later word comes later."""
    last = select(staged.c.series_id, func.max(staged.c.at_ms).label("at_ms")).group_by(staged.c.series_id)
    page = last.subquery()
    found = connection.execute(
        select(series_table.c.meter, series_table.c.obis, *columns(staged))
        .join(page, and_(staged.c.series_id == page.c.series_id, staged.c.at_ms == page.c.at_ms))
        .join(series_table, series_table.c.id == staged.c.series_id)
        .order_by(staged.c.id)
    )
    return [from_row(row[0], OBIS(row[1]), row[2:]) for row in found]


def columns(table: Any) -> list[Column[Any]]:
    """What `from_row` wants of a table of readings."""
    return [table.c[name] for name in _COLUMNS]


def of_series(number: int, from_ms: int, to_ms: int) -> tuple[Select[Any], Select[Any]]:
    """What is settled and what is staged of one series, no time in both."""
    within = (staged.c.series_id == number, staged.c.at_ms >= from_ms, staged.c.at_ms < to_ms)
    last_word = (
        select(func.max(staged.c.id).label("id"), staged.c.at_ms)
        .where(*within)
        .group_by(staged.c.at_ms)
        .cte()
    )
    old = select(*columns(settled)).where(
        settled.c.series_id == number,
        settled.c.at_ms >= from_ms,
        settled.c.at_ms < to_ms,
        settled.c.at_ms.not_in(select(last_word.c.at_ms)),
    )
    return old, select(*columns(staged)).join(last_word, staged.c.id == last_word.c.id)
