"""Where a meter's profile captures other columns than its driver's table says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from hesd.collect.profile_shape import ProfileShape, printed_columns
from hesd.dlms.selective_access import CaptureObject
from hesd.driver.cosem import EventLog, ProfileTable

_VALUE: Final = 2
_NAMED: Final = 4


def other_columns(table: ProfileTable | EventLog | None, shape: ProfileShape) -> str:
    """What is not as in the table, as something the meter does.

    "" where all is, and where the table tells no columns.
    """
    if table is None or not table.columns:
        return ""
    printed = printed_columns(table)
    lacking, more = Counter(printed) - Counter(shape.columns), Counter(shape.columns) - Counter(printed)
    told = []
    if lacking:
        told.append(f"without {_named(lacking.elements())}")
    if more:
        told.append(f"with {_named(more.elements())}")
    # Their order says nothing: values are known by the meter's own columns.
    if not told:
        return ""
    return f"captures other columns in {table.obis} than its driver's table says: {' and '.join(told)}"


def _named(columns: Iterable[CaptureObject]) -> str:
    """The first few of them, and how many more there are: a meter may have hundreds."""
    names = [_name(each) for each in columns]
    left = len(names) - _NAMED
    return ", ".join([*names[:_NAMED], *([f"{left} more"] if left > 0 else [])])


def _name(column: CaptureObject) -> str:
    """The object, with the attribute and the element that are not simply its value."""
    attribute = "" if column.attribute == _VALUE and not column.data_index else f"/{column.attribute}"
    return f"{column.instance}{attribute}{f'/{column.data_index}' if column.data_index else ''}"
