"""Tokens as admins see them: what each may do, when it was last used; the token itself is shown once."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Problem, Stale
from helpdesk.queries import api_places
from helpdesk.queries import tokens as queries
from helpdesk.queries.tokens import TokenRow
from helpdesk.services import tokens as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.web.tokens import tokens
from helpdesk.web.tokens.forms import FIELDS, SwitchForm, TokenForm, last_day
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.exchange import scope_label


@tokens.get("/tokens")
@needs(Permission.TOKENS_MANAGE)
def index() -> str:
    rows = [_card(row) for row in queries.tokens(current_actor(), moment())]
    return render_template("tokens/index.html", tokens=rows)


@tokens.route("/tokens/new", methods=["GET", "POST"])
@needs(Permission.TOKENS_MANAGE)
def new_token() -> BaseResponse:
    form = TokenForm()
    form.offer(api_places.shops(current_actor()), version=False)
    if not form.is_submitted():
        return _new_page(form)
    if not form.validate():
        return _new_page(form, status=422)
    try:
        with unit_of_work():
            made = services.create_token(form.wanted(), actor=current_actor(), now=moment())
    except Problem as problem:
        return _new_page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    return _page(made.id, secret=made.token)


@tokens.route("/tokens/<id:token_id>", methods=["GET", "POST"])
@needs(Permission.TOKENS_MANAGE)
def token(token_id: int) -> BaseResponse:
    form = TokenForm()
    if not form.is_submitted():
        return _page(token_id)
    form.offer(api_places.shops(current_actor()))
    seen = form.version.data
    if not form.validate():
        return _page(token_id, form=form, status=422, version=seen)
    try:
        with unit_of_work():
            known = queries.token(token_id, current_actor(), moment())
            wanted = form.wanted(known.expires_at)
            services.narrow_token(token_id, seen, wanted, actor=current_actor(), now=moment())
    except Stale as problem:
        fresh = queries.token(token_id, current_actor(), moment())
        stale = _overtaken(fresh, form)
        return _page(token_id, form=form, status=409, error=problem_text(problem), stale=stale)
    except Problem as problem:
        error = show_problem(form, problem, FIELDS)
        return _page(token_id, form=form, status=problem.status, error=error, version=seen)
    flash(_("已保存 %(name)s。", name=form.name.data), "done")
    return redirect(url_for("tokens.token", token_id=token_id))


@tokens.post("/tokens/<id:token_id>/rotate")
@needs(Permission.TOKENS_MANAGE)
def rotate(token_id: int) -> BaseResponse:
    form = SwitchForm()
    try:
        with unit_of_work():
            made = services.rotate_token(token_id, form.version.data, actor=current_actor(), now=moment())
    except Problem as problem:
        return _back(token_id, problem)
    return _page(made.id, secret=made.token)


@tokens.post("/tokens/<id:token_id>/revoke")
@needs(Permission.TOKENS_MANAGE)
def revoke(token_id: int) -> BaseResponse:
    form = SwitchForm()
    try:
        with unit_of_work():
            services.revoke_token(token_id, form.version.data, actor=current_actor(), now=moment())
    except Problem as problem:
        return _back(token_id, problem)
    flash(_("令牌已作废，用它的请求从现在起都会被拒绝。"), "done")
    return _back(token_id)


def _back(token_id: int, problem: Problem | None = None) -> BaseResponse:
    if problem is not None and problem.status == 404:
        raise problem
    if problem is not None:
        flash(problem_text(problem), "problem")
    return redirect(url_for("tokens.token", token_id=token_id))


def _new_page(form: TokenForm, *, status: int = 200, error: str = "") -> Response:
    return make_response(render_template("tokens/new.html", form=form, error=error), status)


def _page(
    token_id: int,
    *,
    form: TokenForm | None = None,
    secret: str = "",
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
    version: int | None = None,
) -> Response:
    """The token with what it may do. ``secret`` is the token itself, shown this once."""
    row = queries.token(token_id, current_actor(), moment())
    if form is None:
        values = {"name": row.name, "scopes": row.scopes, "shop": row.shop_id, "last_day": last_day(row.expires_at)}
        form = TokenForm(formdata=None, data=values)
        form.offer(api_places.shops(current_actor()))
    page = render_template(
        "tokens/token.html",
        form=form,
        token=_card(row) | {"version": row.version if version is None else version},
        secret=secret,
        address=current_app.config["UNSNAG"].base_url or request.url_root.rstrip("/"),
        most_a_minute=current_app.config["UNSNAG"].api_calls_a_minute,
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)


def _overtaken(fresh: TokenRow, form: TokenForm) -> list[Difference]:
    return differences(
        (_("名称"), fresh.name, form.name.data),
        (_("权限"), _names(fresh.scopes), _names(form.scopes.data or ())),
        (_("最后一天"), last_day(fresh.expires_at), form.last_day.data),
    )


def _names(scopes: Any) -> str:
    return _("、").join(scope_label(scope) for scope in scopes)


def _card(row: TokenRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "hint": row.hint,
        "scopes": [(scope, scope_label(scope)) for scope in row.scopes],
        "shop": row.shop,
        "made_by": row.made_by,
        "created_at": row.created_at,
        "last_day": last_day(row.expires_at),
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
        "state": row.state,
        "url": url_for("tokens.token", token_id=row.id),
    }
