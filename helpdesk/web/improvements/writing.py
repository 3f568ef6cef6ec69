"""Writing improvements: new ones, suggestions taken up, edits, steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.improvements import State, Suggestion
from helpdesk.domain.problems import Conflict, Invalid, Problem, Stale
from helpdesk.queries import improvements as queries
from helpdesk.queries.improvements import Item, suggestion_key
from helpdesk.services import improvements as services
from helpdesk.services.improvements import Draft
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import differences, sent_version, show_problem
from helpdesk.web.improvements import improvements
from helpdesk.web.improvements.forms import FIELDS, ImprovementForm
from helpdesk.web.improvements.presenting import channel_names, suggested_period, type_name, where
from helpdesk.web.improvements.views import today, writable_types
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.improvements import improvement_state_label

USUAL_PERCENT = 30
"""Offered as the expected effect of a new idea."""


@improvements.route("/improvements/new", methods=["GET", "POST"])
@needs(Permission.IMPROVEMENTS_MANAGE)
def new() -> BaseResponse:
    form = _form(_prefilled())
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        key = f"form:{_uuid(form.key.data)}"
        with unit_of_work():
            id = services.create(
                form.draft(channel_names()), key=key, actor=current_actor(), today=today(), now=moment()
            )
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已加到看板的“想法”里。"), "done")
    return redirect(url_for("improvements.item", item_id=id))


@improvements.post("/improvements/adopt")
@needs(Permission.IMPROVEMENTS_MANAGE)
def adopt() -> BaseResponse:
    """Take up a suggestion. A second press finds the improvement that the first one made."""
    type, cut, value = (request.form.get(name, "")[:80] for name in ("type", "cut", "value"))
    found = queries.suggestions(suggested_period(today()), current_actor())
    one = next((one for one in found if (one.tally.type, one.tally.cut, one.tally.value) == (type, cut, value)), None)
    if one is None:
        flash(_("这条建议已经采纳过，或不再突出。"), "info")
        return redirect(url_for("improvements.index"))
    try:
        with unit_of_work():
            id = services.create(
                _of_suggestion(one),
                key=suggestion_key(type, cut, value),
                actor=current_actor(),
                today=today(),
                now=moment(),
            )
    except Problem as problem:
        flash(problem_text(problem), "problem")
        return redirect(url_for("improvements.index"))
    flash(_("已采纳到“想法”里，补上负责人和开始日期就能列入计划。"), "done")
    return redirect(url_for("improvements.item", item_id=id))


@improvements.route("/improvements/<id:item_id>/edit", methods=["GET", "POST"])
@needs(Permission.IMPROVEMENTS_MANAGE)
def edit(item_id: int) -> BaseResponse:
    item = queries.item(item_id, current_actor(), today()).item
    form = _form(_stored(item), item)
    if not form.is_submitted():
        return _page(form, item)
    if not form.validate():
        return _page(form, item, status=422)
    draft = form.draft(channel_names())
    try:
        with unit_of_work():
            services.edit(item_id, form.version.data, draft, actor=current_actor(), today=today(), now=moment())
    except Stale as problem:
        fresh = queries.item(item_id, current_actor(), today()).item
        error, stale = show_problem(form, problem, FIELDS), _changes(fresh, draft)
        return _page(form, fresh, status=409, error=error, stale=stale)
    except Problem as problem:
        return _page(form, item, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存。"), "done")
    return redirect(url_for("improvements.item", item_id=item_id))


@improvements.post("/improvements/<id:item_id>/move")
@needs(Permission.IMPROVEMENTS_MANAGE)
def move(item_id: int) -> BaseResponse:
    """A step on or back. Each can be taken back by another."""
    try:
        to = State(request.form.get("to", ""))
    except ValueError:
        raise Invalid("input.bad_value", field="to") from None
    try:
        with unit_of_work():
            services.move(item_id, sent_version(), to, actor=current_actor(), today=today(), now=moment())
    except (Stale, Conflict) as problem:
        flash(problem_text(problem), "problem")
    else:
        flash(_("现在是“%(state)s”。", state=improvement_state_label(to)), "done")
    return redirect(url_for("improvements.item", item_id=item_id))


def _of_suggestion(one: Suggestion) -> Draft:
    tally = one.tally
    title = _(
        "%(where)s：减少%(type)s", where=where(tally.cut, tally.value, channel_names()), type=type_name(tally.type)
    )
    kind = rules().types[tally.type]
    return Draft(
        type=tally.type,
        title=title[: services.LONGEST_TITLE],
        expected_percent=one.expected_percent,
        cut=tally.cut,
        value=tally.value,
        bottleneck=label(kind.bottleneck),
        direction=label(kind.improvement),
    )


def _prefilled() -> dict[str, Any]:
    """Of a new one: the type that was come from (or the first), with its bottleneck and direction."""
    types = sorted(writable_types(current_actor()))
    asked = request.args.get("type", "")
    type = asked if asked in types else ""
    kind = rules().types.get(type)
    return {
        "type": type,
        "expected_percent": USUAL_PERCENT,
        "bottleneck": label(kind.bottleneck) if kind else "",
        "direction": label(kind.improvement) if kind else "",
    }


def _stored(item: Item) -> dict[str, Any]:
    names = ("type", "title", "cut", "expected_percent", "started_on", "bottleneck", "direction")
    return {name: getattr(item, name) for name in names} | {
        "value": channel_names().get(item.value, item.value) if item.cut == "channel" else item.value,
        "measure": item.measure.value,
        "owner_id": str(item.owner_id or ""),
    }


def _form(data: dict[str, Any], item: Item | None = None) -> ImprovementForm:
    form = ImprovementForm(data=data)
    types = {code: type_name(code) for code in rules().types if code in writable_types(current_actor())}
    owners = queries.owners()
    if item:
        types.setdefault(item.type, type_name(item.type))
        if item.owner_id and item.owner_id not in dict(owners):
            owners.append((item.owner_id, item.owner))
    form.offer(types, owners)
    return form


def _changes(item: Item, draft: Draft) -> list[Any]:
    """What stands there by now beside what was typed."""
    owners = dict(queries.owners())
    return differences(
        (_("做什么"), item.title, draft.title),
        (_("工单类型"), type_name(item.type), type_name(draft.type)),
        (_("范围"), where(item.cut, item.value, channel_names()), where(draft.cut, draft.value, channel_names())),
        (_("负责人"), item.owner, owners.get(draft.owner_id or 0, "")),
        (_("开始日期"), item.started_on, draft.started_on),
        (_("预期减少"), item.expected_percent, draft.expected_percent),
        (_("主要卡点"), item.bottleneck, draft.bottleneck),
        (_("优化方向"), item.direction, draft.direction),
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("input.bad_value", field="key") from None


def _page(
    form: ImprovementForm,
    item: Item | None = None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Any] | None = None,
) -> Response:
    page = render_template(
        "improvements/improvement_form.html",
        form=form,
        item=item,
        version=item.version if item and (stale or not form.is_submitted()) else form.version.data,
        key=form.key.data or uuid4(),
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)
