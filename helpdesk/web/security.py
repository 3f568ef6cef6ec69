"""What holds for every response: where scripts may come from, who may frame us, what may be kept."""

from __future__ import annotations

import re
import secrets

import structlog
from flask import Flask, current_app, g, request
from flask.wrappers import Response
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from helpdesk.domain.problems import Invalid
from helpdesk.web.access import FOR_PROGRAMS
from helpdesk.web.forms import GREATEST_ID

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # our own forms are checked by it over https
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
A_YEAR = 365 * 24 * 3600
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
csrf = CSRFProtect()


class RowId(IntegerConverter):
    """``<id:user_id>`` in an address. A greater one than any row has is no page, not an error of the database."""

    def __init__(self, map_: object) -> None:
        super().__init__(map_, max=GREATEST_ID)  # type: ignore[arg-type]


def init_app(app: Flask) -> None:
    proxies = app.config["UNSNAG"].proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.before_request(_make_room_for_files)
    csrf.init_app(app)
    app.url_map.converters["id"] = RowId
    app.before_request(_name_request)
    app.before_request(_refuse_unstorable_text)
    app.after_request(_protect)


def _make_room_for_files() -> None:
    """Before anybody reads the form. Strangers, who neither log in nor hold a link, get no more than everywhere."""
    view = current_app.view_functions.get(request.endpoint or "")
    most = getattr(view, "most_bytes", None)
    if most is None or request.method != "POST":
        return
    let_in = getattr(view, "lets_files_in", None)
    if let_in() if let_in else current_user.is_authenticated:
        request.max_content_length = most


def _name_request() -> None:
    """One id on every line of the log that belongs to this request; a proxy in front may have given it one."""
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _refuse_unstorable_text() -> None:
    """A NUL can't be stored in PostgreSQL, nor half of a surrogate pair anywhere."""
    # What programs send isn't a form, whatever they call it: it is read as it was signed.
    form = [] if request.path.startswith(FOR_PROGRAMS) else request.form.items(multi=True)
    sent = [*request.args.items(multi=True), *form, *(request.view_args or {}).items()]
    for name, value in sent:
        if not _storable(name) or (isinstance(value, str) and not _storable(value)):
            raise Invalid("input.bad_character", field=name[:40])


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR}")
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    if request.endpoint == "static" and response.status_code in (200, 206, 304):
        if "v" in request.args:  # the address changes with the content
            response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    elif not response.headers.get("Cache-Control"):
        response.headers["Cache-Control"] = "no-store, private"
    return response
