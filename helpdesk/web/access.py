"""Who is asking, and may he: closed by default.

Every view says ``@needs(Permission...)`` or ``@public``; a view that says nothing is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, redirect, request, url_for
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response as BaseResponse

from helpdesk import timesource
from helpdesk.domain.access import WORKING_ROLES, Actor, Permission
from helpdesk.domain.problems import NotAllowed
from helpdesk.domain.rulebook import RuleBook
from helpdesk.models.rulebooks import known_rulebook
from helpdesk.queries import accounts as queries
from helpdesk.queries.accounts import SignedIn
from helpdesk.services import sessions
from helpdesk.storage import unit_of_work
from helpdesk.web.forms import typed

View = TypeVar("View", bound=Callable[..., object])

PUBLIC = "public"
FOR_PROGRAMS = ("/hooks/", "/api/")
"""Addresses that no person opens."""

TOUCH_AFTER_SECONDS = 300
"""A session's last use is written this often at most."""

login_manager = LoginManager()
login_manager.session_protection = None  # the token is the session; nothing is kept in Flask's cookie


class CurrentUser(UserMixin):
    """The person of this request, as templates and Flask-Login see him."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.id = signed_in.user_id
        self.session_id = signed_in.session_id
        self.login = signed_in.login
        self.name = signed_in.name
        self.role = signed_in.role
        self.locale = signed_in.locale
        self.initial = signed_in.name[:1]
        self.presence = signed_in.presence
        self.works = signed_in.role in WORKING_ROLES
        self.signed_in = signed_in
        self.actor = signed_in.actor("page")


def needs(
    permission: Permission, *, keeps_session: bool = True, notes_presence: bool = True, most_bytes: int | None = None
) -> Callable[[View], View]:
    """Only for roles that hold the permission.

    ``keeps_session=False``: a page that refreshes itself doesn't keep a deserted session alive.
    ``notes_presence=False``: nor, as pages that nobody looks at ask it too, does it say that somebody is there.
    ``most_bytes``: it takes files, so a request may be as large as this.
    """

    def declare(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        view.keeps_session = keeps_session  # type: ignore[attr-defined]
        view.notes_presence = notes_presence  # type: ignore[attr-defined]
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return declare


def public(view: View) -> View:
    """For everybody, without logging in."""
    view.permission = PUBLIC  # type: ignore[attr-defined]
    return view


def lets_files_in(most_bytes: int, when: Callable[[], bool]) -> Callable[[View], View]:
    """A public view that takes files: a request may be as large as this where ``when`` says so.

    It is asked before anything of the form is read, and goes by the address alone.
    """

    def declare(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        view.lets_files_in = when  # type: ignore[attr-defined]
        return view

    return declare


def current_actor() -> Actor:
    """Who acts, for services and queries. Only in views that need a permission."""
    actor: Actor = current_user.actor
    return actor


def rules() -> RuleBook:
    """The rules that were in force when this request began; they came along with the session."""
    signed_in: SignedIn = current_user.signed_in
    return known_rulebook(*signed_in.rules)


def moment() -> datetime:
    """The present of this request: one "now" for everything it does and shows."""
    kept = g._get_current_object().__dict__  # lists ask for it with every line, and the proxy would take its time
    if "moment" not in kept:
        kept["moment"] = timesource.now()
    now: datetime = kept["moment"]
    return now


def init_app(app: Flask) -> None:
    app.config["REMEMBER_COOKIE_NAME"] = "unsnag_not_used"  # another program's cookie must not hide our session
    login_manager.init_app(app)
    app.before_request(_guard)


def cookie_name() -> str:
    """Of the session. The ``__Host-`` prefix binds it to this host and to https, where there is https."""
    return "__Host-unsnag_session" if current_app.config["SESSION_COOKIE_SECURE"] else "unsnag_session"


def session_hours() -> int:
    """How long a session lasts without use."""
    hours: int = current_app.config["UNSNAG"].session_hours
    return hours


def give_cookie(response: Response, token: str) -> Response:
    """The session of the one who just logged in. It ends on the server, whatever the browser keeps."""
    response.set_cookie(
        cookie_name(),
        token,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response


def take_cookie(response: Response) -> Response:
    response.delete_cookie(
        cookie_name(), path="/", httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"]
    )
    return response


def local_path(address: str | None) -> str | None:
    """The address if it leads to a page of this program, else None: ``next`` must not lead out of the house."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    if any(ord(letter) < 0x21 for letter in address) or "\\" in address:
        return None
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc else None


def wants_data() -> bool:
    """The request comes from a script or program that can't do anything with a page."""
    if request.headers.get("X-Requested-With") or request.path.startswith(FOR_PROGRAMS):
        return True
    accepts = request.accept_mimetypes
    data = max(accepts["application/json"], accepts["application/problem+json"])
    return data > accepts["text/html"]


@login_manager.request_loader
def _load(asked: Request) -> CurrentUser | None:
    if asked.path.startswith(FOR_PROGRAMS):
        return None  # a browser that is made to call there brings its cookie along, too
    token = asked.cookies.get(cookie_name(), "")
    if not 20 <= len(token) <= 100:
        return None
    signed_in = queries.signed_in(sessions.token_hash(token), now=moment())
    return CurrentUser(signed_in) if signed_in else None


def _guard() -> BaseResponse | None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static":
        return None  # 404 and 405 answer for themselves
    permission = getattr(view, "permission", None)
    if permission == PUBLIC:
        return None
    if not isinstance(permission, Permission):
        raise NotAllowed("access.undeclared", endpoint=request.endpoint)
    door = getattr(view, "door", None)
    if door is not None:  # of those who come with a token of their own instead of a session
        door()
        return None
    if not current_user.is_authenticated:
        return _ask_to_log_in()
    current_actor().require(permission)
    if getattr(view, "keeps_session", True):
        _keep_session(current_user.signed_in)
    elif getattr(view, "notes_presence", True):
        _note_presence(current_user.signed_in)
    return None


def _ask_to_log_in() -> BaseResponse:
    """The session may have ended while somebody was writing: then the answer is a page that gives his words back."""
    if wants_data() or typed():
        raise NotLoggedIn("access.login_required")
    onward = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.login", next=onward))


def _keep_session(signed_in: SignedIn) -> None:
    """Use keeps a session alive; noted every few minutes only, not with every request."""
    now = moment()
    kept_at = signed_in.expires_at - timedelta(hours=session_hours())
    if (now - min(kept_at, signed_in.seen_at)).total_seconds() < TOUCH_AFTER_SECONDS:
        return
    with unit_of_work():
        sessions.touch(signed_in.session_id, now=now, hours=session_hours())


def _note_presence(signed_in: SignedIn) -> None:
    """A page that refreshes itself says that its reader is there; his session ends when it would have."""
    now = moment()
    if (now - signed_in.seen_at).total_seconds() < TOUCH_AFTER_SECONDS:
        return
    with unit_of_work():
        sessions.note_presence(signed_in.session_id, now=now)


class NotLoggedIn(NotAllowed):
    """Nobody, or a session that has ended, asks for what needs a login."""

    status = 401
