"""Registers the meters of a CSV table, row by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection

from hesd.store import meters
from hesd.store.database import Database
from hesd.store.errors import Refused
from hesd.store.meters import Meter, MeterType, Payment
from hesd.web.problems import Problem, ProblemType

_AT_ONCE = 500
"""Rows a transaction; between two of them others may write."""

_ALIASES = {
    "meter_number": "serial",
    "serial_number": "serial",
    "number": "serial",
    "unit": "unit_id",
    "client_address": "client_sap",
    "server_address": "server_sap",
}
COLUMNS = tuple(
    field for field in Meter.__dataclass_fields__ if field not in ("version", "created_ms", "updated_ms")
)


class RowFailure(Struct):
    """`row` counts like a spreadsheet does: the header is row 1."""

    row: int
    field: str
    error: str


class ImportResult(Struct):
    total: int
    created: int
    failures: list[RowFailure]


Row = tuple[int, dict[str, str] | RowFailure]


async def import_csv(
    db: Database, table: bytes, check: Callable[[Mapping[str, str]], None], now_ms: int
) -> ImportResult:
    """Register every row that can be; `check` refuses what only the head end can judge.

    Raises `Problem` for what is no table of meters at all.
    """
    rows = [_checked(row, check) for row in _rows(table)]
    failures: list[RowFailure] = []
    for start in range(0, len(rows), _AT_ONCE):
        failures += await db.write(_register, rows[start : start + _AT_ONCE], now_ms)
    return ImportResult(len(rows), len(rows) - len(failures), failures)


def _checked(row: Row, check: Callable[[Mapping[str, str]], None]) -> Row:
    number, fields = row
    if isinstance(fields, dict):
        try:
            check(fields)
        except Refused as refusal:
            return number, RowFailure(number, refusal.field, refusal.reason)
    return row


def _register(connection: Connection, rows: Sequence[Row], now_ms: int) -> list[RowFailure]:
    failures = []
    for number, row in rows:
        if isinstance(row, RowFailure):
            failures.append(row)
            continue
        try:
            meters.create(connection, row, now_ms)
        except Refused as refusal:
            failures.append(RowFailure(number, refusal.field, refusal.reason))
    return failures


def _rows(table: bytes) -> Iterator[Row]:
    try:
        text = table.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(ProblemType.MALFORMED, f"the table is not UTF-8: {error.reason}") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [_column(name) for name in next(reader, [])]
        _check(header)
        # Blank lines are no rows, but a spreadsheet counts them.
        for number, cells in enumerate(reader, 2):
            if any(cell.strip() for cell in cells):
                yield number, _row(number, header, cells)
    except csv.Error as error:
        raise Problem(ProblemType.MALFORMED, f"line {reader.line_num} is not CSV: {error}") from error


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _column(name: str) -> str:
    """`meterNumber`, `Meter number` and `meter_number` are one."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    snake = re.sub(r"[\s_-]+", "_", words).lower()
    return _ALIASES.get(snake, snake)


def _check(header: Sequence[str]) -> None:
    if "serial" not in header:
        raise Problem(ProblemType.INVALID, "the first row has to name the columns", field="serial")
    for index, column in enumerate(header):
        if column not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise Problem(ProblemType.INVALID, f"there is no such column; known are {known}", field=column)
        if column in header[:index]:
            raise Problem(ProblemType.INVALID, "there are two columns of this name", field=column)


def _row(number: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, str] | RowFailure:
    if len(cells) > len(header):
        return RowFailure(number, header[-1], f"{len(cells)} cells under {len(header)} columns")
    given = {column: cell for column, cell in zip(header, cells, strict=False) if cell.strip()}
    return {**given, **split_meter_type(given)}


_TYPES = {kind.value.replace("-", ""): ("meter_type", kind.value) for kind in MeterType} | {
    kind.value: ("payment", kind.value) for kind in Payment
}


def split_meter_type(given: Mapping[str, str]) -> dict[str, str]:
    """What older systems write into one field: ``single-phase prepaid`` is two facts."""
    words = re.sub(r"(single|three)[\s_-]*phase", r"\1phase", given.get("meter_type", "").lower())
    found = dict(_TYPES[word] for word in re.split(r"[\s,;/_-]+", words) if word in _TYPES)
    if "payment" not in found:
        return {}
    return {"meter_type": "", **found}
