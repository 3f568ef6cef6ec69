"""The address at which other systems tell what customers said."""

from __future__ import annotations

from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from helpdesk.domain.problems import TooLarge
from helpdesk.services import webhook_calls
from helpdesk.services.webhook_calls import UNSIGNED, BadSignature, Door
from helpdesk.storage import unit_of_work
from helpdesk.web.access import moment, public
from helpdesk.web.security import csrf
from helpdesk.web.webhooks import webhooks
from helpdesk.web.webhooks.body import read_body

MOST_BYTES = 256 * 1024


@webhooks.post("/hooks/<code>")
@csrf.exempt  # a signature stands in for the token, and no cookie is looked at
@public
def call(code: str) -> tuple[Response, int]:
    """Take in what a customer said: 201 with a new ticket, 200 with one that was there."""
    content = _content()
    door = _enter(code, content)
    with unit_of_work():
        answered = webhook_calls.take(
            door,
            read_body(content, door),
            a_minute=current_app.config["UNSNAG"].webhook_calls_a_minute,
            now=moment(),
        )
    if answered.problem is not None:
        raise answered.problem
    opened = answered.opened
    assert opened is not None  # noqa: S101  one of the two
    return jsonify(ticket=opened.number, outcome=opened.outcome), 201 if opened.outcome == "created" else 200


def _enter(code: str, content: bytes) -> Door:
    try:
        return webhook_calls.enter(
            code,
            timestamp=request.headers.get("X-Unsnag-Timestamp", ""),
            signature=request.headers.get("X-Unsnag-Signature", ""),
            body=content,
            now=moment(),
        )
    except BadSignature as problem:
        if problem.code == UNSIGNED and not webhook_calls.unsigned_enough(code, now=moment()):
            with unit_of_work():
                webhook_calls.note_unsigned(code, now=moment())
        raise


def _content() -> bytes:
    """The body as it was signed, byte by byte."""
    request.max_content_length = MOST_BYTES
    try:
        return request.get_data()
    except RequestEntityTooLarge as error:
        raise TooLarge("webhook.too_large", most_kb=MOST_BYTES // 1024) from error
