"""Rows as CSV or NDJSON, for clients that ask for them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from hesd.web.endpoint import JSON, Call
from hesd.web.problems import Problem, ProblemType

CSV = "text/csv"
NDJSON = "application/x-ndjson"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

encode_lines = msgspec.json.Encoder().encode_lines


def wanted_form(call: Call) -> str:
    """The media type a client likes best of JSON, CSV and NDJSON. Raises `Problem`."""
    accepted = parse_accept_header(call.header("accept") or "*/*", MIMEAccept)
    found = accepted.best_match([JSON, CSV, NDJSON])
    if found is None:
        raise Problem(ProblemType.NOT_ACCEPTABLE, f"this comes as {JSON}, {CSV} or {NDJSON}")
    return found


def as_csv(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as RFC 4180 has them."""
    text = io.StringIO()
    csv.writer(text).writerows([[_cell(content) for content in row] for row in rows])
    return text.getvalue().encode()


def as_ndjson(rows: Sequence[Struct] | Sequence[dict[str, Any]]) -> bytes:
    """One JSON object a line."""
    return encode_lines(rows)


def _cell(content: Any) -> Any:
    # A spreadsheet runs text that looks like a formula, and text comes from meters and people.
    if isinstance(content, str) and content.startswith(_FORMULA):
        return f"'{content}"
    return content
