"""The API as an OpenAPI 3.1 document, made from its declarations."""

from __future__ import annotations

import inspect
import re
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from helpdesk.services.idempotency import LONGEST_KEY
from helpdesk.web.api import api
from helpdesk.web.api.operations import BYTES, JSON, OPERATIONS, Content, Operation
from helpdesk.web.api.shapes import Told
from helpdesk.web.forms import GREATEST_ID

VERSION = "1.0.0"
ALWAYS = (400, 401, 403, 404, 405, 422, 429)
"""Refusals that any call can meet."""

WRITING = (409, 413, 415)
PROBLEM_KIND = "application/problem+json"
PLACES = re.compile(r"<(?:(\w+):)?(\w+)>")
REFERENCE = "#/components/schemas/{model}"

PATH_SCHEMAS: dict[str, dict[str, Any]] = {
    "number": {"type": "string", "pattern": "^[A-Z0-9-]{1,20}$", "examples": ["EX-261122-0042"]},
    "code": {"type": "string", "minLength": 1, "maxLength": 60},
    "shop": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,39}$"},
    "file_id": {"type": "integer", "minimum": 1, "maximum": GREATEST_ID},
    "order_number": {"type": "string", "minLength": 1, "maxLength": 60},
}


class Change(Told):
    """What became of a field since the version that a change was made on."""

    field: str
    before: Any = Field(serialization_alias="from")
    after: Any = Field(serialization_alias="to")
    at: str


class ProblemOut(Told):
    """A refusal (RFC 9457). ``code`` says which, ``detail`` in words of the language asked for; ``field`` names what is
    wrong, ``scope`` what is missing, ``version`` and ``changes`` what became of a ticket meanwhile.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = Field(default=None)
    scope: str | None = Field(default=None)
    version: int | None = Field(default=None)
    changes: list[Change] | None = Field(default=None)


@cache
def document() -> dict[str, Any]:
    """The whole of it; the same as long as the program runs."""
    schemas, definitions = _schemas()
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        paths.setdefault(path_of(one), {})[one.method.value.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Unsnag API",
            "version": VERSION,
            "description": "Tickets, messages, orders and templates for the systems of a shop.",
        },
        "servers": [{"url": str(api.url_prefix)}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in dict.fromkeys(one.tag for one in OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "unsnag_…"}},
        },
    }


def path_of(one: Operation) -> str:
    """The path as OpenAPI writes it."""
    return PLACES.sub(r"{\2}", one.path)


def description_of(one: Operation) -> str:
    """The words of its docstring."""
    return inspect.cleandoc(one.handler.__doc__ or "")


def _schemas() -> tuple[dict[Any, Any], dict[str, Any]]:
    """Where each shape stands, and all of them."""
    taken = {one.body for one in OPERATIONS if one.body}
    told = {model for one in OPERATIONS for model in one.answers.values()} - {Content} | {ProblemOut}
    asked: list[Any] = [(model, "validation") for model in sorted(taken, key=lambda model: model.__name__)]
    asked += [(model, "serialization") for model in sorted(told, key=lambda model: model.__name__)]
    places, whole = models_json_schema(asked, ref_template=REFERENCE)
    return dict(places), whole["$defs"]


def _operation(one: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "description": description_of(one),
        "parameters": [*_in_path(one), *_in_query(one), *_in_headers(one)],
        "responses": {str(status): _answer(status, model, schemas) for status, model in one.answers.items()},
        "x-scope": one.scope.value if one.scope else None,
    }
    if one.body is not None:
        schema = schemas[(one.body, "validation")]
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    for status in sorted({*ALWAYS, *one.problems, *(WRITING if one.writes else ())}):
        found["responses"][str(status)] = _problem(status, schemas)
    return found


def _answer(status: int, model: type[BaseModel], schemas: dict[Any, Any]) -> dict[str, Any]:
    if model is Content:
        return {"description": HTTPStatus(status).phrase, "content": {BYTES: {}}}
    schema = schemas[(model, "serialization")]
    return {"description": HTTPStatus(status).phrase, "content": {JSON: {"schema": schema}}}


def _problem(status: int, schemas: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM_KIND: {"schema": schemas[(ProblemOut, "serialization")]}},
    }
    if status == 429:
        described["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}
    if status == 401:
        described["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    return described


def _in_path(one: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": PATH_SCHEMAS[name]}
        for _kind, name in PLACES.findall(one.path)
    ]


def _in_query(one: Operation) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    schema = one.query.model_json_schema(ref_template=REFERENCE)
    known = schema.get("$defs", {})
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": _flat(field, known)}
        for name, field in schema["properties"].items()
    ]


def _flat(field: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: left out where it isn't asked, so null is none of its values; enums in place."""
    kinds = [kind for kind in field.get("anyOf", ()) if kind.get("type") != "null"]
    merged = {**field, **(kinds[0] if kinds else {})}
    reference = merged.pop("$ref", None)
    if reference:
        merged |= known[reference.rsplit("/", 1)[1]]
    for name in ("anyOf", "title"):
        merged.pop(name, None)
    if merged.get("default", "") is None:
        merged.pop("default")
    return merged


def _in_headers(one: Operation) -> list[dict[str, Any]]:
    if not one.keeps_answer:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"}
    described = "The same request with the same key is answered the same and has its effect once, for 24 hours."
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema, "description": described}]
