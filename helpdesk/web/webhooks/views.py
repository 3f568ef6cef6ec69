"""Webhooks as admins see them: set up, changed, and what became of their calls."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Problem, Stale
from helpdesk.domain.signatures import TOLERANCE_SECONDS
from helpdesk.queries import webhooks as queries
from helpdesk.queries.choices import list_choices
from helpdesk.queries.webhooks import CallRow, WebhookRow
from helpdesk.services import webhooks as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.web.webhooks import webhooks
from helpdesk.web.webhooks.forms import FIELDS, SwitchForm, WebhookForm
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.exchange import outcome_label
from helpdesk.wording.problems import text_of


@webhooks.get("/webhooks")
@needs(Permission.TOKENS_MANAGE)
def index() -> str:
    rows = queries.webhooks(current_actor(), now=moment())
    return render_template("webhooks/index.html", webhooks=[_card(row) for row in rows])


@webhooks.route("/webhooks/new", methods=["GET", "POST"])
@needs(Permission.TOKENS_MANAGE)
def new_webhook() -> BaseResponse:
    form = WebhookForm()
    form.offer(list_choices(current_actor()))
    if not form.is_submitted():
        return _new_page(form)
    if not form.validate():
        return _new_page(form, status=422)
    try:
        with unit_of_work():
            made = services.create_webhook(
                form.name.data,
                shop_id=form.shop.data,
                channel_id=form.channel.data,
                actor=current_actor(),
                now=moment(),
            )
    except Problem as problem:
        return _new_page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    return _page(made.id, secret=made.secret)


@webhooks.route("/webhooks/<id:webhook_id>", methods=["GET", "POST"])
@needs(Permission.TOKENS_MANAGE)
def webhook(webhook_id: int) -> BaseResponse:
    form = WebhookForm()
    form.offer(None)
    if not form.is_submitted():
        return _page(webhook_id)
    seen = form.version.data
    if not form.validate():
        return _page(webhook_id, form=form, status=422, version=seen)
    try:
        with unit_of_work():
            services.rename_webhook(webhook_id, seen, form.name.data, actor=current_actor(), now=moment())
    except Stale as problem:
        fresh = queries.webhook(webhook_id, current_actor(), now=moment())
        stale = differences((_("名称"), fresh.name, form.name.data))
        return _page(webhook_id, form=form, status=409, error=problem_text(problem), stale=stale)
    except Problem as problem:
        error = show_problem(form, problem, FIELDS)
        return _page(webhook_id, form=form, status=problem.status, error=error, version=seen)
    flash(_("已保存 %(name)s。", name=form.name.data), "done")
    return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))


@webhooks.post("/webhooks/<id:webhook_id>/rotate")
@needs(Permission.TOKENS_MANAGE)
def rotate(webhook_id: int) -> BaseResponse:
    form = SwitchForm()
    try:
        with unit_of_work():
            made = services.rotate_secret(webhook_id, form.version.data, actor=current_actor(), now=moment())
    except Stale as problem:
        return _back(webhook_id, problem)
    return _page(made.id, secret=made.secret)


@webhooks.post("/webhooks/<id:webhook_id>/drop")
@needs(Permission.TOKENS_MANAGE)
def drop_old_secret(webhook_id: int) -> BaseResponse:
    form = SwitchForm()
    try:
        with unit_of_work():
            services.drop_old_secret(webhook_id, form.version.data, actor=current_actor(), now=moment())
    except Stale as problem:
        return _back(webhook_id, problem)
    flash(_("旧密钥已作废。"), "done")
    return _back(webhook_id)


@webhooks.post("/webhooks/<id:webhook_id>/switch")
@needs(Permission.TOKENS_MANAGE)
def switch(webhook_id: int) -> BaseResponse:
    form = SwitchForm()
    active = request.form.get("active") == "on"
    try:
        with unit_of_work():
            services.switch(webhook_id, form.version.data, active=active, actor=current_actor(), now=moment())
    except Stale as problem:
        return _back(webhook_id, problem)
    flash(_("已启用。") if active else _("已停用，调用会被拒绝。随时可以重新启用。"), "done")
    return _back(webhook_id)


def _back(webhook_id: int, problem: Problem | None = None) -> BaseResponse:
    if problem is not None:
        flash(problem_text(problem), "problem")
    return redirect(url_for("webhooks.webhook", webhook_id=webhook_id))


def _new_page(form: WebhookForm, *, status: int = 200, error: str = "") -> Response:
    return make_response(render_template("webhooks/new.html", form=form, error=error), status)


def _page(
    webhook_id: int,
    *,
    form: WebhookForm | None = None,
    secret: str = "",
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
    version: int | None = None,
) -> Response:
    """The webhook with its calls. ``secret`` is shown this once."""
    row = queries.webhook(webhook_id, current_actor(), now=moment())
    if form is None:
        form = WebhookForm(formdata=None, data={"name": row.name})
        form.offer(None)
    page = render_template(
        "webhooks/webhook.html",
        form=form,
        webhook=_card(row) | {"version": row.version if version is None else version},
        calls=[_call(call) for call in queries.calls(webhook_id, current_actor())],
        secret=secret,
        tolerance_minutes=TOLERANCE_SECONDS // 60,
        most_a_minute=current_app.config["UNSNAG"].webhook_calls_a_minute,
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)


def _card(row: WebhookRow) -> dict[str, Any]:
    base = current_app.config["UNSNAG"].base_url
    path = url_for("webhooks.call", code=row.code)
    return {
        "id": row.id,
        "name": row.name,
        "shop": row.shop,
        "channel": label(row.channel),
        "active": row.active,
        "old_secret_until": row.old_secret_until,
        "taken": row.taken,
        "refused": row.refused,
        "last_at": row.last_at,
        "address": f"{base}{path}" if base else url_for("webhooks.call", code=row.code, _external=True),
        "url": url_for("webhooks.webhook", webhook_id=row.id),
    }


def _call(row: CallRow) -> dict[str, Any]:
    return {
        "at": row.at,
        "outcome": row.outcome,
        "outcome_name": outcome_label(row.outcome),
        "number": row.ticket_number,
        "external_id": row.params.get("external_id", ""),
        "why": text_of(row.problem, row.params) if row.problem else "",
    }
