"""What a call brings, read within limits: a problem names the field, and nothing else has happened by then."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from helpdesk.domain.problems import Invalid, Problem, TooLarge

MOST_BYTES = 256 * 1024
LONGEST_KEY = 60
Model = TypeVar("Model", bound=BaseModel)


class NotJson(Problem):
    """The body is of a kind that isn't taken here."""

    status = 415


def read_content() -> bytes:
    """The body, byte by byte. ``TooLarge`` past ``MOST_BYTES``."""
    request.max_content_length = MOST_BYTES
    try:
        return request.get_data()
    except RequestEntityTooLarge as error:
        raise TooLarge("api.too_large", most_kb=MOST_BYTES // 1024) from error


def read_json(model: type[Model], content: bytes) -> Model:
    """The body as a value of this shape."""
    if request.mimetype != "application/json":
        raise NotJson("api.not_json")
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise _problem(error) from None


def read_query(model: type[BaseModel] | None) -> Any:
    """What stands behind the question mark: each name once, and none that isn't known."""
    for name, values in request.args.lists():
        if len(values) > 1:
            raise Invalid("api.repeated_parameter", field=name[:LONGEST_KEY], key=name[:LONGEST_KEY])
    try:
        return (model or Nothing).model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _problem(error) from None


class Nothing(BaseModel, extra="forbid"):
    """No parameters at all."""


def _problem(error: ValidationError) -> Problem:
    """The first thing that is wrong, by the path of its field."""
    first = error.errors(include_url=False, include_context=True, include_input=False)[0]
    if not first["loc"] or first["type"] == "json_invalid":
        return Problem("api.bad_json")
    key = ".".join(str(part) for part in first["loc"])[:LONGEST_KEY]
    match first["type"]:
        case "missing":
            return Invalid("api.missing_field", field=key, key=key)
        case "extra_forbidden":
            return Invalid("api.unknown_field", field=key, key=key)
        case "string_too_long":
            return Invalid("input.too_long", field=key, limit=first["ctx"]["max_length"])
        case _:
            return Invalid("api.bad_field", field=key, key=key)
