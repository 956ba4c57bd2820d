"""The rows of a profile's buffer, a few at a time, out of octets that may end anywhere.

A transfer that broke has brought whole rows and a piece of one. They are taken as far as they
go; only then is said why there are no more.
"""

from __future__ import annotations

import struct
from typing import Any

from hesd.dlms import axdr
from hesd.dlms.axdr_length import decode_length
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import DataError
from hesd.dlms.profile_buffer import Row
from hesd.dlms.shaped_rows import decode_rows


class RowReader:
    """Takes rows off the front of attribute 2 of a profile generic, undecoded so far.

    `problem` is why it came to its end before the buffer did, None as long as nothing is wrong.
    """

    def __init__(self, octets: bytes) -> None:
        self.problem: DataError | None = None
        self._octets = octets
        self._at = self._left = 0
        self._decoded: list[Any] = []
        try:
            self._open()
            self._check_end()
        except IndexError:
            self.problem = DataError("the octets end before the first row")
        except DataError as problem:
            self.problem = problem

    @property
    def ended(self) -> bool:
        """Whether there are no more rows."""
        return self.problem is not None or not self._left

    def take(self, most: int) -> list[Row]:
        """The next rows, at most so many; none once it has `ended`."""
        count = 0 if self.ended else min(most, self._left)
        rows = self._rows(count)
        self._left -= len(rows)
        self._check_end()
        return rows

    def _open(self) -> None:
        tag = self._octets[0]
        if tag == DataType.ARRAY:
            self._left, self._at = decode_length(self._octets, 1)
        elif tag == DataType.COMPACT_ARRAY:  # its type stands in front of all rows: all or none
            rows, self._at = axdr.decode(self._octets)
            assert isinstance(rows, list)
            self._left, self._decoded = len(rows), rows[::-1]
        elif tag == DataType.NULL_DATA:
            self._at = 1
        else:
            raise DataError(f"a buffer is an array of rows, not of type {tag}")

    def _check_end(self) -> None:
        behind = len(self._octets) - self._at
        if self.problem is None and not self._left and behind:
            self.problem = DataError(f"{behind} octets behind the rows")

    def _rows(self, count: int) -> list[Row]:
        if self._decoded:
            return self._structures([self._decoded.pop() for _ in range(count)])
        try:
            rows, self._at = decode_rows(self._octets, self._at, count, self._row)
        except (IndexError, struct.error, DataError):
            rows = self._one_by_one(count)
        return self._structures(rows)

    def _one_by_one(self, count: int) -> list[Any]:
        """What is whole of the next rows, which are not all."""
        rows: list[Any] = []
        for _ in range(count):
            try:
                row, self._at = self._row(self._at)
            except DataError as problem:
                self.problem = problem
                break
            rows.append(row)
        return rows

    def _row(self, at: int) -> tuple[Any, int]:
        return axdr.decode(self._octets, at)

    def _structures(self, rows: list[Any]) -> list[Row]:
        for number, row in enumerate(rows):
            if type(row) is not tuple:
                self.problem = DataError("a row is a structure")
                return rows[:number]
        return rows
