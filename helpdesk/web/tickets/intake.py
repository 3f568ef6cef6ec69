"""A ticket written down by an agent, with a look at what it would be classified as."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.findings import What, findings, only
from helpdesk.domain.problems import Problem
from helpdesk.queries.choices import list_choices
from helpdesk.services import intake
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.locale import shop_zone
from helpdesk.web.tickets import found, tickets
from helpdesk.web.tickets.forms import NewTicketForm
from helpdesk.web.tickets.presenting import previewed
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _

DONE = {
    "created": lambda number: _("已建工单 %(number)s。", number=number),
    "appended": lambda number: _("同一订单的同一问题已有工单 %(number)s，已并入并记为催单。", number=number),
    "repeated": lambda number: _("这张工单刚才已经建好了：%(number)s。", number=number),
}


@tickets.get("/tickets/new")
@needs(Permission.TICKETS_CREATE)
def new() -> BaseResponse:
    return _page(_form())


@tickets.post("/tickets")
@needs(Permission.TICKETS_CREATE)
def create() -> BaseResponse:
    """Open the ticket. The form's hidden id makes a second click the same ticket."""
    form = _form()
    if request.form.get("preview"):
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            opened = intake.open_ticket(form.request(), actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(form, error=problem_text(problem), status=problem.status)
    flash(DONE[opened.outcome](opened.number), "done")
    return redirect(url_for("tickets.show", number=opened.number))


@tickets.post("/tickets/preview")
@needs(Permission.TICKETS_CREATE)
def preview() -> str:
    """What the words typed so far would be classified as, as a fragment."""
    form = _form()
    return render_template("tickets/_preview.html", decision=_preview(form), found=_found(form))


def _form() -> NewTicketForm:
    form = NewTicketForm()
    form.offer(list_choices(current_actor()), rules())
    return form


def _page(form: NewTicketForm, *, error: str = "", status: int = 200) -> BaseResponse:
    decision = _preview(form) if form.is_submitted() else None
    said = _found(form) if form.is_submitted() else []
    return make_response(
        render_template("tickets/new.html", form=form, decision=decision, found=said, error=error), status
    )


def _found(form: NewTicketForm) -> list[dict[str, Any]]:
    """What stands in the text, with the field that it fits if that is empty: what was typed is never touched."""
    said = findings(form.text.data or "", moment().astimezone(shop_zone()).date())
    empty = {What.ORDER: form.order_number, What.PHONE: form.phone}
    fields = {
        one: field.name
        for what, field in empty.items()
        if not field.data and (one := only(said, what)) and "*" not in one.value
    }
    return [found.plain(one) | {"field": fields.get(one, ""), "value": one.value} for one in found.distinct(said)]


def _preview(form: NewTicketForm) -> dict[str, object] | None:
    text = form.text.data or ""
    if not text or form.shop.data is None:
        return None
    decided = intake.preview(text, form.order_number.data[: intake.MAX_NUMBER], form.shop.data)
    shown = previewed(decided, text, rules())
    names = {queue.code: label(queue.name) for queue in list_choices(current_actor()).queues}
    return {**shown, "queue_name": names.get(decided.queue, decided.queue)}
