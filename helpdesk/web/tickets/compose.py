"""The composer: a reply, a note, or what the customer said elsewhere."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.queries.suggestions import templates
from helpdesk.services import messages
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.forms import MODES, ComposeForm, instant, problems_of
from helpdesk.web.tickets.show import Typed, show_page
from helpdesk.web.tickets.where import onward
from helpdesk.wording import problem_text


@tickets.post("/tickets/<number>/compose")
@needs(Permission.TICKETS_WORK)
def compose(number: str) -> BaseResponse:
    """Write what was typed. A refusal brings the page back with every word of it."""
    form = ComposeForm()
    if not form.validate():
        return show_page(number, typed=_typed(form, error=problems_of(form)), status=422)
    goal = onward(number, form.next.data)
    try:
        with unit_of_work():
            landed = _write(number, form)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return show_page(number, typed=_refused(form, problem), status=problem.status)
    flash(_said(form.mode.data, landed, number), "done")
    return redirect(goal if landed == number else url_for("tickets.show", number=landed))


def _write(number: str, form: ComposeForm) -> str:
    """Returns the number of the ticket where the words landed: a late message of the customer opens a new one."""
    actor, now = current_actor(), moment()
    match form.mode.data:
        case "note":
            messages.add_note(number, form.text.data, actor=actor, now=now)
        case "customer":
            said_at = instant(form.occurred_at.data) or now
            return messages.record_customer_message(number, form.text.data, said_at, actor=actor, now=now)
        case _:
            draft = form.draft(_template_version(form.template_id.data))
            messages.reply(number, draft, version=form.version.data, actor=actor, now=now)
    return number


def _template_version(code: str) -> int | None:
    """The version that was inserted; None for a template that is not, or no longer, the actor's to use."""
    if not code:
        return None
    return next((one.version for one in templates(current_actor()) if one.code == code), None)


def _said(mode: str, landed: str, number: str) -> str:
    if landed != number:
        return _("客户消息记在了新工单 %(number)s。", number=landed)
    return {"note": _("备注已保存。"), "customer": _("客户消息已记录。")}.get(mode, _("回复已保存。"))


def _refused(form: ComposeForm, problem: Problem) -> Typed:
    overtaken = isinstance(problem, Stale) or problem.code == "message.newer_message"
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
        occurred_at=request.form.get("occurred_at", "")[:30],
        error=error,
        unresolved=unresolved,
        version=form.version.data,
        last_message_id=form.last_message_id.data,
        overtaken=overtaken,
    )
