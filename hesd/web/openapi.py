"""The OpenAPI document, made from the models that validate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from hesd import __version__
from hesd.model.obis import OBIS
from hesd.web import endpoint as marked
from hesd.web.endpoint import JSON, Endpoint, Stream, Text
from hesd.web.permissions import GRANTED, Permission
from hesd.web.problems import CONTENT_TYPE, ProblemDocument
from hesd.web.table import CSV, NDJSON

_REFERENCE = "#/components/schemas/{name}"
_IN_PATH = re.compile(r"<(?:\w+:)?(\w+)>")


class Description:
    """Serves the document."""

    def __init__(self, encoded: bytes) -> None:
        self._encoded = encoded

    @marked.endpoint("GET", "/openapi.json", Permission.SEE)
    async def openapi(self) -> Text:
        """The OpenAPI document of this API."""
        return Text(JSON, self._encoded)


def document(endpoints: Iterable[tuple[str, Endpoint]]) -> dict[str, Any]:
    """OpenAPI 3.1 for endpoints, each with its whole path in werkzeug's notation."""
    listed = list(endpoints)
    models = list(dict.fromkeys(model for _, endpoint in listed for model in _models(endpoint)))
    schemas, components = msgspec.json.schema_components(
        [*models, ProblemDocument], schema_hook=_schema, ref_template=_REFERENCE
    )
    known = dict(zip([*models, ProblemDocument], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, endpoint in listed:
        operation = _operation(path, endpoint, known, components)
        paths.setdefault(_IN_PATH.sub(r"{\1}", path), {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "hesd", "version": __version__, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(
    path: str, endpoint: Endpoint, known: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{endpoint.method.lower()} {path}").strip("_"),
        "summary": endpoint.summary,
        "tags": [endpoint.group],
        "parameters": [*_path_parameters(path), *_query_parameters(endpoint, known, components)],
        "responses": _responses(endpoint, known),
    }
    if endpoint.body is not None:
        schema = known.get(endpoint.body, {"type": "string"})
        operation["requestBody"] = {"required": True, "content": {endpoint.consumes: {"schema": schema}}}
    if endpoint.permission is None:
        operation["security"] = []
    else:
        operation["x-roles"] = [role.value for role, may in GRANTED.items() if endpoint.permission in may]
    return operation


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in _IN_PATH.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(
    endpoint: Endpoint, known: dict[Any, Any], components: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    if endpoint.query is None:
        return
    model = components[known[endpoint.query]["$ref"].rpartition("/")[2]]
    for name, schema in model["properties"].items():
        yield {"name": name, "in": "query", "required": name in model["required"], "schema": schema}


def _responses(endpoint: Endpoint, known: dict[Any, Any]) -> dict[str, Any]:
    problem = {"description": "Refused", "content": {CONTENT_TYPE: {"schema": known[ProblemDocument]}}}
    answers = list(_alternatives(endpoint.answer))
    if answers == [type(None)]:
        return {"204": {"description": "Done"}, "default": problem}
    schemas = [known[answer] for answer in answers if answer in known]
    content: dict[str, Any] = {}
    if schemas:
        content[JSON] = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
    if Stream in answers:
        content |= {CSV: {"schema": {"type": "string"}}, NDJSON: {"schema": {"type": "string"}}}
    if Text in answers:
        content["text/plain"] = {"schema": {"type": "string"}}
    return {str(endpoint.status): {"description": "Done", "content": content}, "default": problem}


def _models(endpoint: Endpoint) -> Iterator[Any]:
    for kind in (endpoint.body, endpoint.query, *_alternatives(endpoint.answer)):
        if _is_model(kind):
            yield kind


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _is_model(kind: Any) -> bool:
    base = get_origin(kind) or kind
    return isinstance(base, type) and (issubclass(base, Struct) or base in (list, dict))


def _schema(kind: type) -> dict[str, Any]:
    if kind is OBIS:
        return {"type": "string", "description": "An OBIS code", "examples": ["1-0:1.8.0"]}
    raise NotImplementedError(kind)
