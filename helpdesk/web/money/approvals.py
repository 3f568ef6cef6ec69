"""Proposals that wait: each card holds what is needed to decide, so that agreeing takes one press."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import NotFound, Problem
from helpdesk.queries import approvals as queries
from helpdesk.services import approvals as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.filters import money as yuan
from helpdesk.web.forms import row_id, sent_version
from helpdesk.web.money import money
from helpdesk.web.money.presenting import card, decided
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.money import money_state_label

MOST_AT_ONCE = 50
MAX_REASON = 500


@money.get("/approvals")
@needs(Permission.TICKETS_READ)
def approvals() -> Response:
    return _page()


@money.post("/approvals/<id:proposal_id>/approve")
@needs(Permission.TICKETS_READ)
def approve(proposal_id: int) -> BaseResponse:
    """Who may agree is the service's to say: a stand-in may be anybody."""
    try:
        with unit_of_work():
            state = services.approve(proposal_id, version=sent_version(), actor=current_actor(), now=moment())
    except NotFound:
        raise
    except Problem as problem:
        return _page(refused={"id": proposal_id, "why": problem_text(problem)}, status=problem.status)
    flash(_agreed(state), "done")
    return redirect(url_for("money.approvals"))


@money.post("/approvals/<id:proposal_id>/reject")
@needs(Permission.TICKETS_READ)
def reject(proposal_id: int) -> BaseResponse:
    reason = request.form.get("reason", "").replace("\r\n", "\n").strip()
    refused = {"id": proposal_id, "reason": reason[: 2 * MAX_REASON], "reject": True}
    if not reason:
        return _page(refused={**refused, "why": _("驳回要写原因，提出人会看到。")}, status=422)
    if len(reason) > MAX_REASON:
        return _page(refused={**refused, "why": _("最多 %(max)d 个字。", max=MAX_REASON)}, status=422)
    try:
        with unit_of_work():
            services.reject(proposal_id, reason, version=sent_version(), actor=current_actor(), now=moment())
    except NotFound:
        raise
    except Problem as problem:
        return _page(refused={**refused, "why": problem_text(problem)}, status=problem.status)
    flash(_("已驳回，提出人会收到原因。"), "done")
    return redirect(url_for("money.approvals"))


@money.post("/approvals/approve")
@needs(Permission.TICKETS_READ)
def approve_several() -> BaseResponse:
    """Those that are ticked, each in a transaction of its own and told one by one."""
    done, refused = 0, []
    for text in dict.fromkeys(request.form.getlist("id")[:MOST_AT_ONCE]):
        try:
            proposal_id = row_id(text)
        except ValueError:
            continue
        name = request.form.get(f"name-{text}", "")[:60] or f"#{proposal_id}"
        try:
            with unit_of_work():
                version = sent_version(f"version-{text}")
                services.approve(proposal_id, version=version, actor=current_actor(), now=moment())
        except Problem as problem:
            refused.append(_("%(number)s：%(why)s", number=name, why=problem_text(problem)))
        else:
            done += 1
    if done:
        flash(ngettext("已批准 %(num)d 笔。", "已批准 %(num)d 笔。", done), "done")
    if refused:
        heading = ngettext("%(num)d 笔没有批准：", "%(num)d 笔没有批准：", len(refused))
        flash(cast(str, [heading, *refused]), "problem")
    if not done and not refused:
        flash(_("没有勾选。"), "info")
    return redirect(url_for("money.approvals"))


def _agreed(state: str) -> str:
    """What has come of it: settled, or another's turn."""
    if state == "proposed":
        return _("你的同意已记下，还要等另一位同意。")
    return _("已批准，状态：%(state)s。", state=money_state_label(state))


def _page(*, refused: dict[str, Any] | None = None, status: int = 200) -> Response:
    actor, now, book = current_actor(), moment(), rules()
    desk = queries.desk(actor, now)
    refused = {"id": 0, "why": "", "reason": "", "reject": False} | (refused or {})
    page = render_template(
        "money/approvals.html",
        mine=[card(one, book, now) for one in desk.on_me],
        others=[card(one, book, now) for one in desk.on_others],
        more=desk.more,
        decided=[decided(one, book) for one in desk.decided],
        sums=yuan(sum(one.amount_fen for one in desk.on_me)),
        refused=refused,
        refused_there=any(one.id == refused["id"] for one in desk.on_me),
        most_reason=MAX_REASON,
    )
    return make_response(page, status)
