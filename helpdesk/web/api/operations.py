"""An address of the API, declared once: who may call it, what it takes and answers. The reference is made from it.

``@operation(...)`` stands over a function that gets a ``Call`` and gives an ``Answer``. What it takes is checked before
it runs; one that writes runs in a unit of work of its own, and its answer is kept for the request's Idempotency-Key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from http import HTTPMethod
from typing import Any, TypeAlias

from flask import Response, request
from pydantic import BaseModel

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.tokens import TokenScope
from helpdesk.queries.tokens import Holder
from helpdesk.services import idempotency
from helpdesk.services.idempotency import Kept
from helpdesk.storage import unit_of_work
from helpdesk.web.access import moment
from helpdesk.web.api import api
from helpdesk.web.api.door import caller, enter
from helpdesk.web.api.reading import read_content, read_json, read_query

JSON = "application/json"
BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Call:
    """What a function of the API gets: who calls, when, with what."""

    holder: Holder
    now: datetime
    query: Any
    body: Any

    @property
    def actor(self) -> Actor:
        return self.holder.actor


class Content(BaseModel):
    """No JSON but the bytes of a file, declared in the place of a shape."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it gives: a value of the declared shape, or the ``content`` of a file."""

    value: BaseModel
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None

    def text(self) -> str:
        """The value as JSON, in the same bytes each time."""
        return self.value.model_dump_json(by_alias=True)


Handler: TypeAlias = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """An address as it was declared."""

    name: str
    method: HTTPMethod
    path: str
    tag: str
    summary: str
    scope: TokenScope | None
    permission: Permission
    answers: Mapping[int, type[BaseModel]]
    problems: tuple[int, ...]
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    handler: Handler

    @property
    def writes(self) -> bool:
        return self.method is not HTTPMethod.GET

    @property
    def keeps_answer(self) -> bool:
        return self.method in (HTTPMethod.POST, HTTPMethod.PATCH)


OPERATIONS: list[Operation] = []
"""All of them, in the order of the reference."""


def operation(
    method: HTTPMethod,
    path: str,
    tag: str,
    summary: str,
    *,
    permission: Permission,
    scope: TokenScope | None,
    answers: Mapping[int, type[BaseModel]],
    problems: tuple[int, ...] = (),
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
) -> Callable[[Handler], Handler]:
    """Declare an address. ``problems``: refusals beside those that any call can meet."""

    def declare(handler: Handler) -> Handler:
        name = handler.__name__
        one = Operation(name, method, path, tag, summary, scope, permission, answers, problems, query, body, handler)
        OPERATIONS.append(one)

        @wraps(handler)
        def view(**place: Any) -> Response:
            return _run(one, handler, place)

        view.permission = permission  # type: ignore[attr-defined]
        view.door = lambda: enter(permission, scope)  # type: ignore[attr-defined]
        api.add_url_rule(path, name, view, methods=[method.value])
        return handler

    return declare


def _run(one: Operation, handler: Handler, place: dict[str, Any]) -> Response:
    holder, now = caller(), moment()
    query = read_query(one.query)
    content = read_content() if one.writes else b""
    body = read_json(one.body, content) if one.body is not None else content
    call = Call(holder, now, query, body)
    if not one.writes:
        return _response(handler(call, **place))
    key = request.headers.get("Idempotency-Key") if one.keeps_answer else None
    with unit_of_work():
        if key is None:
            return _response(handler(call, **place))
        asked = idempotency.fingerprint(request.method, request.full_path, content)
        before = idempotency.answered(holder.token_id, key, asked, now=now)
        if before is not None:
            return _replayed(before)
        answer = handler(call, **place)
        idempotency.keep(holder.token_id, key, asked, Kept(answer.status, answer.text(), answer.headers), now=now)
        return _response(answer)


def _response(answer: Answer) -> Response:
    is_file = answer.content is not None
    body = answer.content if is_file else answer.text()
    response = Response(body, answer.status, content_type=BYTES if is_file else JSON)
    response.headers.update(answer.headers)
    return response


def _replayed(before: Kept) -> Response:
    response = Response(before.body, before.status, content_type=JSON)
    response.headers.update(before.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response
