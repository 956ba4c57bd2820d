"""Rows of a profile buffer, decoded a run at a time.

The rows of a load profile look alike: the same tags, and strings of the same length. So
the first row of a run gives one struct format in which everything that is not a value
(tags, lengths, nulls) is a column of its own; the run is unpacked in one call, and those
columns are compared. A row that differs ends its run and starts the next one. What no
format describes, and shapes that change all the time, are decoded row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import repeat
from struct import Struct
from typing import Any, Final

from hesd.dlms.data_type import MOMENTS, NUMBERS, DataType

_FIRST_CHUNK: Final = 16
_CHUNK_GROWTH: Final = 4
_WORTH_IT: Final = 8
_MAX_SHORT_RUNS: Final = 3
_NULL: Final = -1  # where in the unpacked columns a value is: nowhere

# Deltas are left out: they are not plain numbers.
_CODES: Final[dict[int, tuple[int, str]]] = {
    **{tag: (1, code) for tag, code in NUMBERS.items() if tag < DataType.DELTA_INTEGER},
    **{tag: (1, f"{size}s") for tag, size in MOMENTS.items()},
}


class _Shape:
    """How the rows of a run are laid out."""

    __slots__ = ("constants", "struct", "values")

    def __init__(self, struct: Struct, constants: list[tuple[int, bytes]], values: list[int]) -> None:
        self.struct = struct
        self.constants = constants
        self.values = values

    def rows(self, octets: memoryview) -> tuple[Sequence[tuple[Any, ...]], bool]:
        """The rows up to the first that differs, and whether that was all of them."""
        unpacked = list(zip(*self.struct.iter_unpack(octets), strict=True))
        count = len(unpacked[0])
        fit = min(_alike(unpacked[column], constant, count) for column, constant in self.constants)
        columns = (repeat(None) if column == _NULL else unpacked[column] for column in self.values)
        rows = list(zip(*columns))  # noqa: B905 - repeat has no end
        return (rows, True) if fit == count else (rows[:fit], False)


def _alike(column: tuple[bytes, ...], constant: bytes, count: int) -> int:
    if column.count(constant) == count:
        return count
    return next(row for row, octets in enumerate(column) if octets != constant)


@lru_cache(maxsize=256)
def _struct(code: str) -> Struct:
    return Struct(code)


def _shape_of(octets: bytes, at: int) -> _Shape | None:
    """The shape of the structure at `at`; None when it has no fixed one."""
    # What is no structure may be the last octet of all.
    if octets[at] != DataType.STRUCTURE or octets[at + 1] >= 0x80:
        return None
    count = octets[at + 1]
    start, at = at, at + 2
    code, constants, values = [">"], [], []
    column = 0
    for _ in range(count):
        tag = octets[at]
        if tag == DataType.NULL_DATA:
            values.append(_NULL)
            at += 1
            continue
        if tag == DataType.OCTET_STRING and octets[at + 1] < 0x80:
            head, value = 2, f"{octets[at + 1]}s"
        elif tag in _CODES:
            head, value = _CODES[tag]
        else:
            return None
        # Everything since the last value is one constant.
        constant = octets[start : at + head]
        code.append(f"{len(constant)}s{value}")
        constants.append((column, constant))
        values.append(column + 1)
        column += 2
        start = at = at + head + _struct(">" + value).size
    if at > start:
        code.append(f"{at - start}s")
        constants.append((column, octets[start:at]))
    if column == 0 or at > len(octets):
        return None
    return _Shape(_struct("".join(code)), constants, values)


def decode_rows(
    octets: bytes, at: int, count: int, decode_row: Callable[[int], tuple[Any, int]]
) -> tuple[list[Any], int]:
    """`count` rows from `at`, each a tuple, and where they end.

    `decode_row` decodes the one value at an offset, whatever it is; it also raises
    what has to be raised when the octets end too early.
    """
    rows: list[Any] = []
    short_runs = 0
    while len(rows) < count:
        shape = _shape_of(octets, at) if short_runs < _MAX_SHORT_RUNS else None
        run = [] if shape is None else _run(shape, octets, at, count - len(rows))
        if shape is None or not run:
            row, at = decode_row(at)
            rows.append(row)
            continue
        rows += run
        at += len(run) * shape.struct.size
        short_runs = 0 if len(run) >= _WORTH_IT else short_runs + 1
    return rows, at


def _run(shape: _Shape, octets: bytes, at: int, count: int) -> list[Any]:
    """The rows of this shape that follow each other, in chunks that grow with success."""
    rows: list[Any] = []
    size = shape.struct.size
    view = memoryview(octets)
    chunk = _FIRST_CHUNK
    while len(rows) < count:
        chunk = min(chunk, count - len(rows), (len(octets) - at) // size)
        if chunk == 0:
            break
        found, all_alike = shape.rows(view[at : at + chunk * size])
        rows += found
        if not all_alike:
            break
        at += chunk * size
        chunk *= _CHUNK_GROWTH
    return rows
