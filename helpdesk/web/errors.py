"""Refusals and failures as pages, or as problem+json for programs. Never a bare stack trace, never lost typing."""

from __future__ import annotations

import structlog
from flask import Flask, Response, current_app, g, json, make_response, render_template, request, url_for
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from helpdesk.domain.problems import Invalid, Problem, TooLarge
from helpdesk.web.access import wants_data
from helpdesk.web.forms import typed
from helpdesk.wording import problem_text, problem_title

log = structlog.get_logger()

CODES = {400: "http.bad_request", 404: "http.not_found", 405: "http.method_not_allowed", 429: "http.too_many"}


TOLD = ("field", "version", "changes", "scope")
"""Parameters that a program can go by: the field that is wrong, what became of a ticket meanwhile, what is missing."""


def init_app(app: Flask) -> None:
    app.register_error_handler(Problem, _refused)
    app.register_error_handler(CSRFError, _unverified)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(OverflowError, _unstorable)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(InternalServerError, _failed)


def _refused(problem: Problem) -> Response:
    response = _answer(problem, problem.status)
    if "retry_after" in problem.params:
        response.headers["Retry-After"] = str(problem.params["retry_after"])
    if "challenge" in problem.params:
        response.headers["WWW-Authenticate"] = str(problem.params["challenge"])
    return response


def _unverified(_error: CSRFError) -> Response:
    return _answer(Invalid("csrf.failed"), 400)


def _too_large(_error: RequestEntityTooLarge) -> Response:
    most = (request.max_content_length or current_app.config["MAX_CONTENT_LENGTH"]) / 2**20
    return _answer(TooLarge("input.too_large", most_mb=f"{most:g}"), 413)


def _unstorable(error: DataError | OverflowError) -> Response:
    """A value that passed the forms but not the database: too long, too great, a character it refuses."""
    log.warning("unstorable input", exc_info=error)
    return _answer(Invalid("input.bad_value"), 422)


def _database(error: OperationalError) -> Response:
    log.error("database unavailable", exc_info=error)
    return _answer(Problem("http.database"), 503)


def _failed(error: InternalServerError) -> Response:
    log.error("request failed", exc_info=error.original_exception or error)
    return _answer(Problem("http.server_error", request=g.get("request_id", "–")), 500)


def _http(error: HTTPException) -> Response:
    """Werkzeug's own refusals. A redirect is one of them, too, and passes."""
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    response = _answer(Problem(CODES.get(status, "http.other"), status=status), status)
    for name, value in error.get_headers(request.environ):
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _answer(problem: Problem, status: int) -> Response:
    if request_ctx.url_adapter is None:  # an untrusted host: no page of ours can be addressed under it
        return Response(f"{status}\n", status, mimetype="text/plain")
    title, detail = problem_title(status), problem_text(problem)
    if wants_data():
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": problem.code}
        body |= {name: problem.params[name] for name in TOLD if name in problem.params}
        return Response(json.dumps(body), status, content_type="application/problem+json")
    page = render_template(
        "errors/error.html",
        code=status,
        title=title,
        detail=detail,
        typed=typed() if status != 413 else [],
        home=url_for("accounts.login") if status == 401 else "",
        request_id=g.get("request_id") if status >= 500 else None,
    )
    return make_response(page, status)
