"""Bytes to models and back, with problems instead of exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, structs

from hesd.model.obis import OBIS
from hesd.web.problems import Problem, ProblemType, of_validation

Moment = Annotated[datetime, Meta(tz=True)]
"""A time that is sent to us: RFC 3339 with its zone."""

At = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""A time that we send: RFC 3339, UTC, always with milliseconds, so that texts sort as times."""

Limit = Annotated[int, Meta(ge=1, le=1000)]
"""How many items of a list at once."""

encode = msgspec.json.Encoder().encode

_DAY_MS = 86_400_000


@lru_cache(maxsize=1024)
def at(at_ms: int) -> At:
    """UTC milliseconds since 1970 as text."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def at_or_none(at_ms: int | None) -> At | None:
    return None if at_ms is None else at(at_ms)


def milliseconds(moment: datetime) -> int:
    """A `Moment` as UTC milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def span(from_: datetime | None, to: datetime | None, now_ms: int, days: int = 1) -> tuple[int, int]:
    """A span of time in UTC milliseconds, its end not included; the last `days` where not given.

    Raises `Problem` where it ends before it begins.
    """
    to_ms = now_ms + 1 if to is None else milliseconds(to)
    from_ms = to_ms - days * _DAY_MS if from_ is None else milliseconds(from_)
    if from_ms > to_ms:
        raise Problem(ProblemType.INVALID, "the time from which is after the time to which", field="from")
    return from_ms, to_ms


def given(change: Struct) -> dict[str, Any]:
    """The fields of a change that were sent."""
    return {name: content for name, content in structs.asdict(change).items() if content is not UNSET}


def hook(kind: type, value: Any) -> Any:
    """How msgspec makes those of our own types that appear in models."""
    if kind is OBIS:
        return OBIS(value)
    raise NotImplementedError(kind)


class BodyDecoder:
    """Decodes JSON of one model. Raises `Problem`, naming the field that is wrong."""

    def __init__(self, model: Any) -> None:
        self._decode = msgspec.json.Decoder(model, dec_hook=hook).decode

    def __call__(self, body: bytes) -> Any:
        try:
            return self._decode(body)
        except msgspec.ValidationError as error:
            raise of_validation(error) from error
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Problem(ProblemType.MALFORMED, f"the body is not JSON: {error}") from error


class QueryDecoder:
    """Decodes the query string into one model; only fields that are lists may be repeated."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._lists = {
            item.encode_name
            for item in structs.fields(model)
            if isinstance(msgspec.inspect.type_info(item.type), msgspec.inspect.ListType)
        }

    def __call__(self, arguments: Mapping[bytes, list[bytes]]) -> Any:
        found: dict[str, Any] = {}
        for raw_name, raw_values in arguments.items():
            name = raw_name.decode("utf-8", "replace")
            values = [value.decode("utf-8", "replace") for value in raw_values]
            if name in self._lists:
                found[name] = values
            elif len(values) > 1:
                raise Problem(ProblemType.INVALID, "given more than once", field=name)
            else:
                found[name] = values[0]
        try:
            return msgspec.convert(found, self._model, strict=False, dec_hook=hook)
        except msgspec.ValidationError as error:
            raise of_validation(error) from error
