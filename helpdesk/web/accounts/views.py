"""Logging in and out, and one's own account."""

from __future__ import annotations

import re

from flask import Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import ngettext, refresh
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.config import LOCALES
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, NotFound, Problem, Stale, TooMany
from helpdesk.queries import accounts as queries
from helpdesk.services import accounts as services
from helpdesk.services import passwords, presence, sessions
from helpdesk.storage import unit_of_work
from helpdesk.web import locale
from helpdesk.web.access import (
    current_actor,
    give_cookie,
    local_path,
    moment,
    needs,
    public,
    session_hours,
    take_cookie,
    wants_data,
)
from helpdesk.web.accounts import accounts
from helpdesk.web.accounts.forms import FIELDS, LoginForm, PasswordForm, ProfileForm
from helpdesk.web.filters import KEYS_COOKIE, KEYS_OFF, THEMES
from helpdesk.web.forms import show_problem
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _

TASTE_SECONDS = 365 * 24 * 3600
"""How long the cookies of theme and language last."""

BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")


@accounts.route("/login", methods=["GET", "POST"])
@public
def login() -> BaseResponse:
    form = LoginForm()
    if request.method == "GET":
        form.next.data = local_path(request.args.get("next")) or ""
        if current_user.is_authenticated:
            return redirect(form.next.data or url_for("tickets.index"))
    if not form.validate_on_submit():
        return _login_page(form, 422 if form.is_submitted() else 200)
    try:
        token = _log_in(form.login.data.lower(), form.password.data)
    except TooMany as problem:
        page = _login_page(form, 429, problem_text(problem))
        page.headers["Retry-After"] = str(problem.params["retry_after"])
        return page
    except NotFound as problem:
        return _login_page(form, 422, problem_text(problem))
    session.clear()  # with it goes the token of forms from before the login
    return give_cookie(make_response(redirect(local_path(form.next.data) or url_for("tickets.index"))), token)


def _login_page(form: LoginForm, status: int, error: str = "") -> Response:
    return make_response(render_template("accounts/login.html", form=form, error=error), status)


def _log_in(name: str, password: str) -> str:
    """Return a session's token. ``NotFound`` says the same for no such person, wrong password and deactivated."""
    address = request.remote_addr or ""
    with unit_of_work():
        sessions.admit(name, address, now=moment())
    known = queries.credentials(name)
    stored = known.password_hash if known and known.active else None
    if not passwords.matches(stored, password) or known is None:
        raise NotFound("login.refused")
    renewed = passwords.hashed(password) if passwords.outdated(stored) else None
    with unit_of_work():
        return sessions.open_session(
            known.user_id,
            name,
            address=address,
            agent=request.user_agent.string,
            now=moment(),
            hours=session_hours(),
            new_hash=renewed,
        )


@accounts.post("/logout")
@needs(Permission.ACCOUNT_OWN)
def logout() -> BaseResponse:
    with unit_of_work():
        sessions.end_session(current_user.session_id, actor=current_actor(), now=moment())
    session.clear()
    return take_cookie(make_response(redirect(url_for("accounts.login"))))


@accounts.route("/account", methods=["GET", "POST"])
@needs(Permission.ACCOUNT_OWN)
def profile() -> BaseResponse:
    form = ProfileForm()
    if not form.is_submitted():
        return _profile_page(_own_form(), PasswordForm(formdata=None))
    if not form.validate():
        return _profile_page(form, PasswordForm(formdata=None), 422)
    try:
        with unit_of_work():
            services.change_own_account(
                form.version.data,
                name=form.name.data,
                locale=form.locale.data,
                actor=current_actor(),
                now=moment(),
            )
    except Stale as problem:
        flash(problem_text(problem), "problem")
        form.version.data, form.version.raw_data = _own_form().version.data, None
        return _profile_page(form, PasswordForm(formdata=None), problem.status)
    except Invalid as problem:
        show_problem(form, problem, FIELDS)
        return _profile_page(form, PasswordForm(formdata=None), problem.status)
    current_user.locale = form.locale.data
    refresh()
    flash(_("已保存。"), "done")
    return _keep_taste(redirect(url_for("accounts.profile")), locale.COOKIE, form.locale.data)


@accounts.post("/account/password")
@needs(Permission.ACCOUNT_OWN)
def change_password() -> BaseResponse:
    form = PasswordForm()
    if not form.validate():
        return _profile_page(_own_form(), form, 422)
    try:
        _change_password(form.current_password.data, form.new_password.data)
    except Problem as problem:
        field = "current_password" if problem.code in ("account.wrong_password", "login.too_many") else "new_password"
        show_problem(form, problem, {problem.code: field})
        return _profile_page(_own_form(), form, problem.status)
    flash(_("密码已修改，其他地方的登录都已退出。"), "done")
    return redirect(url_for("accounts.profile"))


def _change_password(current: str, new: str) -> None:
    actor, name = current_actor(), current_user.login
    with unit_of_work():
        sessions.admit(name, request.remote_addr or "", now=moment())  # a session left open is no licence to guess
    known = queries.credentials(name)
    stored = known.password_hash if known else None
    if not passwords.matches(stored, current):
        raise Invalid("account.wrong_password")
    hashed = services.new_password(new, login=name)
    with unit_of_work():
        services.change_own_password(stored, hashed, keep_session=current_user.session_id, actor=actor, now=moment())


@accounts.post("/account/sessions/<id:session_id>/end")
@needs(Permission.ACCOUNT_OWN)
def end_session(session_id: int) -> BaseResponse:
    with unit_of_work():
        sessions.end_session(session_id, actor=current_actor(), now=moment())
    flash(_("已退出那台设备上的登录。"), "done")
    return redirect(url_for("accounts.profile"))


@accounts.post("/account/sessions/end")
@needs(Permission.ACCOUNT_OWN)
def end_other_sessions() -> BaseResponse:
    with unit_of_work():
        many = sessions.end_others(keep=current_user.session_id, actor=current_actor(), now=moment())
    told = ngettext("已退出 %(num)d 处其他登录。", "已退出 %(num)d 处其他登录。", many) if many else _("没有其他登录。")
    flash(told, "done")
    return redirect(url_for("accounts.profile"))


@accounts.post("/account/presence")
@needs(Permission.TICKETS_WORK)
def set_presence() -> BaseResponse:
    """The switch in the account menu: away, nothing more is handed to him."""
    chosen = request.form.get("presence", "")
    with unit_of_work():
        presence.set_presence(chosen, actor=current_actor(), now=moment())
    if not wants_data():
        flash(_("你现在在线，会分到新工单。") if chosen == "online" else _("你已离开，不会再分到新工单。"), "done")
    return _back()


@accounts.post("/account/theme")
@public
def set_theme() -> BaseResponse:
    theme = request.form.get("theme", "")
    return _keep_taste(_back(), "theme", theme if theme in THEMES else "")


@accounts.post("/account/keys")
@needs(Permission.ACCOUNT_OWN)
def set_keys() -> BaseResponse:
    """Single keys as shortcuts, on or off: who dictates or has an unsteady hand can do without."""
    return _keep_taste(_back(), KEYS_COOKIE, KEYS_OFF if request.form.get("keys") == KEYS_OFF else "")


@accounts.post("/account/language")
@public
def set_language() -> BaseResponse:
    chosen = request.form.get("locale", "")
    if chosen not in LOCALES:
        raise Invalid("input.bad_value")
    if current_user.is_authenticated:
        with unit_of_work():
            services.set_own_locale(chosen, actor=current_actor())
    return _keep_taste(_back(), locale.COOKIE, chosen)


def _back() -> BaseResponse:
    if wants_data():
        return Response(status=204)
    return redirect(local_path(request.form.get("next")) or url_for("tickets.index"))


def _keep_taste(response: BaseResponse, name: str, value: str) -> BaseResponse:
    """A cookie that says nothing of the person, so that the login page looks as he likes it, too."""
    if value:
        response.set_cookie(
            name, value, max_age=TASTE_SECONDS, path="/", httponly=True, samesite="Lax", secure=request.is_secure
        )
    else:
        response.delete_cookie(name, path="/")
    return response


def _own_form() -> ProfileForm:
    _login, name, language, version = queries.own_account(current_actor())
    return ProfileForm(formdata=None, data={"name": name, "locale": language, "version": version})


def _profile_page(form: ProfileForm, password_form: PasswordForm, status: int = 200) -> Response:
    rows = queries.own_sessions(current_actor(), now=moment())
    shown = [
        {
            "id": row.id,
            "agent": device(row.agent),
            "address": row.address,
            "created_at": row.created_at,
            "last_seen_at": row.seen_at,
            "current": row.id == current_user.session_id,
        }
        for row in rows
    ]
    page = render_template("accounts/profile.html", form=form, password_form=password_form, sessions=shown)
    return make_response(page, status)


def device(agent: str) -> str:
    """``Chrome, Windows`` out of what the browser says of itself; its own words where that tells nothing."""
    browser = next((name for sign, name in BROWSERS if re.search(rf"\b{sign}\w*/", agent)), "")
    system = next((name for name in SYSTEMS if name in agent), "")
    known = ", ".join(part for part in (browser, system.replace("Mac OS X", "macOS")) if part)
    return known or agent[:60] or _("未知设备")
