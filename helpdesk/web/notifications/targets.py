"""Places outside that are told news: set up by whoever answers for a queue, tried out before they are needed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission, Scope
from helpdesk.domain.notices import OUTSIDE_KINDS
from helpdesk.domain.problems import Invalid, NotFound, Problem, Stale
from helpdesk.domain.targets import FIXED_HOST_SCHEMAS, KINDS, may_manage
from helpdesk.queries import outbox as outbox_queries
from helpdesk.queries import queues
from helpdesk.queries import targets as queries
from helpdesk.queries.targets import TargetRow
from helpdesk.services import targets as services
from helpdesk.services.targets import TargetSettings
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import GREATEST_ID, Difference, differences, show_problem
from helpdesk.web.locale import NAMES
from helpdesk.web.notifications import notifications
from helpdesk.web.notifications.forms import (
    TARGET_FIELDS,
    WHOLE_HOUSE,
    DeactivateForm,
    TargetForm,
    digest_text,
    quiet_fields,
    quiet_text,
)
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.notices import failure_text, kind_label
from helpdesk.wording.targets import target_help, target_kind_label

ICONS = {"mail": "mail", "dingtalk": "robot", "wecom": "robot", "feishu": "robot", "apprise": "broadcast"}
SIGNED = ("dingtalk", "feishu")
"""Robots that may ask for signed messages."""


@notifications.get("/targets")
@needs(Permission.TARGETS_MANAGE)
def targets() -> str:
    rows = queries.targets(current_actor())
    tested = request.args.get("test", 0, int)
    return render_template(
        "notifications/targets.html",
        targets=[_card(row) for row in rows],
        kinds=[(code, target_kind_label(code), ICONS[code]) for code in KINDS],
        test=_test(tested) if 0 < tested <= GREATEST_ID else None,
        no_mail=not current_app.config["UNSNAG"].smtp_host,
        own=current_actor().scope(Permission.TARGETS_MANAGE) is Scope.OWN,
    )


@notifications.get("/targets/tests/<id:envelope_id>")
@needs(Permission.TARGETS_MANAGE, keeps_session=False)
def test_result(envelope_id: int) -> Response:
    """What became of a test message by now."""
    test = _test(envelope_id)
    if test is None:
        raise NotFound("target.no_such_target")
    return make_response(render_template("notifications/_test.html", test=test))


@notifications.route("/targets/new", methods=["GET", "POST"])
@needs(Permission.TARGETS_MANAGE)
def new_target() -> BaseResponse:
    kind = request.args.get("kind", KINDS[0])
    if kind not in KINDS:
        raise Invalid("target.bad_kind")
    form = TargetForm(data={"kinds": list(OUTSIDE_KINDS), "locale": "zh_CN", "active": True})
    _offer(form, 0)
    if not form.is_submitted():
        return _page(form, kind)
    if not (form.validate() & form.quiet_is_whole()):
        return _page(form, kind, status=422)
    form.active.data = True  # nobody makes one that is off
    try:
        with unit_of_work():
            target_id = services.create_target(
                kind, _settings(form), allow_internal=_allow_internal(), actor=current_actor(), now=moment()
            )
    except Problem as problem:
        return _page(form, kind, status=problem.status, error=show_problem(form, problem, TARGET_FIELDS))
    flash(_("已新建通知目标 %(name)s，发一条测试看看。", name=form.name.data), "done")
    return redirect(url_for("notifications.targets", _anchor=f"target-{target_id}"))


@notifications.route("/targets/<id:target_id>", methods=["GET", "POST"])
@needs(Permission.TARGETS_MANAGE)
def target(target_id: int) -> BaseResponse:
    row = queries.target(target_id, current_actor())
    form = TargetForm(data=_values(row))
    _offer(form, row.digest_seconds)
    if not form.is_submitted():
        return _page(form, row.kind, row)
    if not (form.validate() & form.quiet_is_whole()):
        return _page(form, row.kind, row, status=422)
    try:
        with unit_of_work():
            services.update_target(
                target_id,
                form.version.data,
                _settings(form),
                allow_internal=_allow_internal(),
                actor=current_actor(),
                now=moment(),
            )
    except Stale as problem:
        fresh = queries.target(target_id, current_actor())
        stale = _changes(form, fresh)
        return _page(form, row.kind, fresh, status=409, error=problem_text(problem), stale=stale)
    except Problem as problem:
        return _page(form, row.kind, row, status=problem.status, error=show_problem(form, problem, TARGET_FIELDS))
    flash(_("已保存 %(name)s。", name=form.name.data), "done")
    return redirect(url_for("notifications.targets", _anchor=f"target-{target_id}"))


@notifications.post("/targets/<id:target_id>/deactivate")
@needs(Permission.TARGETS_MANAGE)
def deactivate_target(target_id: int) -> BaseResponse:
    form = DeactivateForm()
    try:
        with unit_of_work():
            services.deactivate_target(target_id, form.version.data, actor=current_actor(), now=moment())
    except Stale as problem:
        flash(problem_text(problem), "problem")
    else:
        flash(_("已停用，不再往那里发通知。编辑它可以重新启用。"), "done")
    return redirect(url_for("notifications.targets", _anchor=f"target-{target_id}"))


@notifications.post("/targets/<id:target_id>/test")
@needs(Permission.TARGETS_MANAGE)
def test_target(target_id: int) -> BaseResponse:
    envelope_id = None
    try:
        with unit_of_work():
            envelope_id = services.test_target(target_id, actor=current_actor(), now=moment())
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        flash(problem_text(problem), "problem")
    return redirect(url_for("notifications.targets", test=envelope_id, _anchor=f"target-{target_id}"))


def _allow_internal() -> bool:
    return bool(current_app.config["UNSNAG"].allow_internal_targets)


def _offer(form: TargetForm, digest_seconds: int) -> None:
    actor = current_actor()
    own = [queue for queue in queues.names() if may_manage(actor, queue.id)]
    form.offer(own, whole_house=may_manage(actor, None), digest_seconds=digest_seconds)


def _settings(form: TargetForm) -> TargetSettings:
    return TargetSettings(
        name=form.name.data,
        queue_id=form.queue.data if form.queue.data != WHOLE_HOUSE else None,
        kinds=tuple(form.kinds.data or ()),
        mailbox=form.mailbox.data,
        url=form.url.data,
        sign=form.sign.data,
        locale=form.locale.data,
        digest_seconds=form.digest.data,
        quiet=form.quiet(),
        active=form.active.data,
    )


def _values(row: TargetRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "queue": row.queue_id or WHOLE_HOUSE,
        "kinds": list(row.kinds),
        "mailbox": row.address if row.kind == "mail" else "",
        "locale": row.locale,
        "digest": row.digest_seconds,
        "active": row.active,
        **quiet_fields(row.quiet),
    }


def _changes(form: TargetForm, row: TargetRow) -> list[Difference]:
    """What stands there by now beside what was typed; of what is secret nothing."""
    chosen = {value: text for value, text, *_rest in form.queue.iter_choices()}
    return differences(
        (_("名称"), row.name, form.name.data),
        (_("听哪里的事"), _queue(row), chosen.get(form.queue.data, "")),
        (_("通知的事"), _kinds(row.kinds), _kinds(form.kinds.data or ())),
        (_("邮箱"), row.address, form.mailbox.data) if row.kind == "mail" else ("", "", ""),
        (_("语言"), NAMES.get(row.locale, row.locale), NAMES[form.locale.data]),
        (_("合并发送"), digest_text(row.digest_seconds), digest_text(form.digest.data)),
        (_("免打扰"), quiet_text(row.quiet), quiet_text(form.quiet())),
        (_("在用"), _("是") if row.active else _("否"), _("是") if form.active.data else _("否")),
    )


def _card(row: TargetRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "kind_name": target_kind_label(row.kind),
        "icon": ICONS[row.kind],
        "address": row.address,
        "queue": _queue(row),
        "kinds": _("全部") if set(row.kinds) >= set(OUTSIDE_KINDS) else _kinds(row.kinds),
        "digest": digest_text(row.digest_seconds),
        "quiet": quiet_text(row.quiet),
        "held_until": row.held_until if row.held_until and row.held_until > moment() else None,
        "active": row.active,
        "version": row.version,
        "last": row.last and {"state": row.last.state, "at": row.last.at, "why": failure_text(row.last.error or "")},
    }


def _queue(row: TargetRow) -> str:
    return label(row.queue) if row.queue else _("全店")


def _kinds(codes: Any) -> str:
    return _("、").join(kind_label(code) for code in OUTSIDE_KINDS if code in codes)


def _test(envelope_id: int) -> dict[str, Any] | None:
    """A test that the reader may see, with its target; None for anything else."""
    try:
        state = outbox_queries.test_state(envelope_id, current_actor())
    except NotFound:
        return None
    done_at: datetime | None = state.done_at
    return {
        "id": envelope_id,
        "target": state.target_id,
        "state": "sending" if state.state in ("waiting", "claimed") else "done" if state.state == "done" else "failed",
        "why": failure_text(state.error) if state.error else "",
        "at": done_at,
    }


def _page(
    form: TargetForm,
    kind: str,
    row: TargetRow | None = None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    form.mailbox.flags.required = kind == "mail"
    form.url.flags.required = row is None
    page = render_template(
        "notifications/target_form.html",
        form=form,
        kind=kind,
        kind_name=target_kind_label(kind),
        icon_name=ICONS[kind],
        help=target_help(kind),
        signed=kind in SIGNED,
        target=row and {"id": row.id, "name": row.name, "address": row.address, "signs": row.signs},
        version=row.version if row and (stale is not None or not form.is_submitted()) else form.version.data,
        services=sorted(FIXED_HOST_SCHEMAS),
        any_service=_allow_internal(),
        no_mail=kind == "mail" and not current_app.config["UNSNAG"].smtp_host,
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)
