"""The composer: a reply, a note, or what the customer said elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from flask import Response, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.attachments import MAX_REQUEST_BYTES
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.queries.suggestions import template_version, words_for
from helpdesk.queries.ticket_page import ticket_page
from helpdesk.services import attachments, drafts, messages
from helpdesk.services.compensations import Proposal
from helpdesk.services.messages import Draft
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules, wants_data
from helpdesk.web.locale import day_start
from helpdesk.web.taking_files import chosen, taken
from helpdesk.web.tickets import side_column, staged, tickets
from helpdesk.web.tickets.forms import MODES, ComposeForm, instant, problems_of
from helpdesk.web.tickets.offer_card import parse_yuan
from helpdesk.web.tickets.show import Typed, show_page
from helpdesk.web.tickets.staged import Kept
from helpdesk.web.tickets.where import onward
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _

CROSSED = ("message.newer_message", "message.colleague_replied")
"""Somebody said something that whoever writes hadn't seen."""


@tickets.post("/tickets/<number>/compose")
@needs(Permission.TICKETS_WORK, most_bytes=MAX_REQUEST_BYTES)
def compose(number: str) -> BaseResponse:
    """Write what was typed. A refusal brings the page back with every word of it, and its files stay staged."""
    form = ComposeForm()
    try:
        files = _staged_files(number)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return show_page(number, typed=_refused(form, problem), status=problem.status)
    if not form.validate():
        return show_page(number, typed=_typed(form, error=problems_of(form)), status=422)
    goal = onward(number, form.next.data)
    try:
        draft = _draft(number, form) if form.mode.data == "reply" else None
        with unit_of_work():
            landed = _write(number, form, draft, files)
            drafts.drop_sent(number, form.mode.data, actor=current_actor())
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return show_page(number, typed=_refused(form, problem), status=problem.status)
    flash(_said(form.mode.data, landed, number), "done")
    return redirect(goal if landed == number else url_for("tickets.show", number=landed))


@tickets.post("/tickets/<number>/draft")
@needs(Permission.TICKETS_WORK, most_bytes=MAX_REQUEST_BYTES)
def keep_draft(number: str) -> BaseResponse:
    """Keep what stands in the composer. A script asks while somebody types; without one there is a button."""
    mode, text = request.form.get("mode", ""), request.form.get("text", "").replace("\r\n", "\n")
    with unit_of_work():
        drafts.keep(number, mode, text, actor=current_actor(), now=moment())
    _staged_files(number)
    if wants_data():
        return Response(status=204)
    flash(_("草稿已保存。"), "done")
    return redirect(url_for("tickets.show", number=number, _anchor="composer"))


def _staged_files(number: str) -> list[int]:
    """Files that wait for these words: those that the page showed, labelled as it says, and those sent along now."""
    sent, waiting = taken("file"), chosen(request.form.getlist("file_id"))
    if not sent and not waiting:
        return []
    actor, labels = current_actor(), {one: request.form.get(f"label-{one}") for one in waiting}
    with unit_of_work():
        attachments.relabel({one: label for one, label in labels.items() if label is not None}, actor=actor)
        return waiting + [attachments.add(number, file, actor=actor, now=moment()) for file in sent]


def _draft(number: str, form: ComposeForm) -> Draft:
    """The reply with what goes along. What the form says of its template is taken only as far as it is true."""
    actor, now, kept = current_actor(), moment(), form.kept()
    code, version = form.template_id.data, form.template_version.data
    template = template_version(code, version, actor) if code and version > 0 else None
    if template is None:
        if kept.places:
            raise Conflict("message.template_gone")
        return form.draft()
    actions, policy = staged.chosen(template, kept)
    if policy:
        actions = replace(actions, offer=_offer(policy, kept, form.key.data))
    page = ticket_page(number, actor, now, day_start(now), rules())
    offered = side_column.offers(page, rules(), actor)
    values = side_column.placeholder_values(page, offered, current_user.name, now)
    return form.draft(words_for(page, template, values, staged.amounts(offered)), actions)


def _offer(policy: str, kept: Kept, key: str) -> Proposal:
    """The offer in the staged row. ``Invalid`` for what is no amount, or a key that no form of ours carries."""
    try:
        name = str(UUID(key))
    except ValueError:
        raise Invalid("input.bad_value", field="key") from None
    return Proposal(policy, parse_yuan(kept.amount), key=f"reply:{name}", evidence=kept.evidence)


def _write(number: str, form: ComposeForm, draft: Draft | None, files: Sequence[int]) -> str:
    """Returns the number of the ticket where the words landed: a late message of the customer opens a new one."""
    actor, now = current_actor(), moment()
    match form.mode.data:
        case "note":
            messages.add_note(number, form.text.data, files=files, actor=actor, now=now)
        case "customer":
            said_at = instant(form.occurred_at.data) or now
            return messages.record_customer_message(number, form.text.data, said_at, files=files, actor=actor, now=now)
        case _ if draft is not None:
            messages.reply(number, replace(draft, files=tuple(files)), version=form.version.data, actor=actor, now=now)
    return number


def _said(mode: str, landed: str, number: str) -> str:
    if landed != number:
        return _("客户消息记在了新工单 %(number)s。", number=landed)
    return {"note": _("备注已保存。"), "customer": _("客户消息已记录。")}.get(mode, _("回复已保存。"))


def _refused(form: ComposeForm, problem: Problem) -> Typed:
    overtaken = isinstance(problem, Stale) or problem.code in CROSSED
    names = problem.params.get("names") if isinstance(problem, Invalid) else None
    unresolved = tuple(str(name) for name in names) if isinstance(names, list) else ()
    return _typed(form, error="" if unresolved else problem_text(problem), overtaken=overtaken, unresolved=unresolved)


def _typed(form: ComposeForm, *, error: str = "", overtaken: bool = False, unresolved: tuple[str, ...] = ()) -> Typed:
    return Typed(
        mode=form.mode.data if form.mode.data in MODES else "reply",
        text=form.text.data,
        status=form.status.data,
        solution=form.solution.data,
        next=form.next.data,
        template_id=form.template_id.data,
        template_version=max(form.template_version.data, 0),
        rank=form.rank.data[:1],
        kept=form.kept(),
        key=form.key.data,
        occurred_at=request.form.get("occurred_at", "")[:30],
        error=error,
        unresolved=unresolved,
        version=form.version.data,
        last_message_id=form.last_message_id.data,
        last_reply_id=form.last_reply_id.data,
        overtaken=overtaken,
    )
