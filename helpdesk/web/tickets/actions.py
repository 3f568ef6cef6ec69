"""What can be done to a ticket by a button or a panel. Each is one service call in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import NotAllowed, NotFound, Problem
from helpdesk.domain.tickets import Outcome, Party, Priority, Status
from helpdesk.services import (
    assignment,
    assists,
    customers,
    decisions,
    merging,
    messages,
    operations,
    order_links,
    priorities,
    resolution,
    second_problems,
)
from helpdesk.services import tickets as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, local_path, moment, needs
from helpdesk.web.share_fields import sent_shares
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.forms import (
    AnswerForm,
    AssignForm,
    AssistForm,
    MergeForm,
    OrderForm,
    PriorityForm,
    ResolveForm,
    RevealForm,
    StatusForm,
    TransferForm,
    TypeForm,
    Versioned,
    WithdrawForm,
    code,
    problems_of,
)
from helpdesk.web.tickets.show import Refused, show_page
from helpdesk.web.tickets.where import onward, tell
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _


@tickets.post("/tickets/<number>/claim")
@needs(Permission.TICKETS_WORK)
def claim(number: str) -> BaseResponse:
    return carry_out(number, "", Versioned(), lambda _form: assignment.claim(number, **_now()), _("已分派给你。"))


@tickets.post("/tickets/<number>/assign")
@needs(Permission.TICKETS_ASSIGN)
def assign(number: str) -> BaseResponse:
    def action(form: AssignForm) -> int:
        return assignment.assign(number, form.user_id.data, version=form.version.data, **_now())

    return carry_out(number, "assign", AssignForm(), action, _("已指派。"), undoable=True)


@tickets.post("/tickets/<number>/owner")
@needs(Permission.TICKETS_READ)
def hand_over(number: str) -> BaseResponse:
    """Who answers the customer: the owner gives it away, or who may assign, whatever queue works on the ticket."""

    def action(form: AssignForm) -> int:
        return assignment.hand_over(number, form.user_id.data or 0, version=form.version.data, **_now())

    return carry_out(number, "owner", AssignForm(), action, _("负责人已更换。"), undoable=True)


@tickets.post("/tickets/<number>/transfer")
@needs(Permission.TICKETS_TRANSFER)
def transfer(number: str) -> BaseResponse:
    def action(form: TransferForm) -> int:
        reason, version = form.reason.data, form.version.data
        return assignment.transfer(number, form.queue.data, reason=reason, version=version, **_now())

    return carry_out(number, "transfer", TransferForm(), action, _("已转到新队列。"), undoable=True)


@tickets.post("/tickets/<number>/assist")
@needs(Permission.TICKETS_WORK)
def assist(number: str) -> BaseResponse:
    def action(form: AssistForm) -> int:
        party = code(Party, form.party.data) if form.party.data else None
        question, version = form.question.data, form.version.data
        return assists.ask_for_help(number, form.queue.data, party=party, question=question, version=version, **_now())

    return carry_out(number, "assist", AssistForm(), action, _("已发出协助请求。"))


@tickets.post("/tickets/<number>/assists/<id:assist_id>/answer")
@needs(Permission.TICKETS_WORK)
def answer_assist(number: str, assist_id: int) -> BaseResponse:
    def action(form: AnswerForm) -> None:
        assists.answer(assist_id, form.answer.data, version=form.version.data, **_now())

    return carry_out(number, "answer", AnswerForm(), action, _("已答复，提问的人会收到通知。"))


@tickets.post("/tickets/<number>/assists/<id:assist_id>/claim")
@needs(Permission.TICKETS_WORK)
def claim_assist(number: str, assist_id: int) -> BaseResponse:
    def action(_form: Versioned) -> None:
        assists.claim_assist(assist_id, **_now())

    return carry_out(number, "", Versioned(), action, _("这个协助请求由你来答。"))


@tickets.post("/tickets/<number>/assists/<id:assist_id>/withdraw")
@needs(Permission.TICKETS_READ)
def withdraw_assist(number: str, assist_id: int) -> BaseResponse:
    def action(form: WithdrawForm) -> None:
        assists.withdraw_assist(assist_id, reason=form.reason.data, **_now())

    return carry_out(number, "withdraw", WithdrawForm(), action, _("协助请求已撤回。"))


@tickets.post("/tickets/<number>/type")
@needs(Permission.TICKETS_WORK)
def set_type(number: str) -> BaseResponse:
    def action(form: TypeForm) -> int:
        return decisions.set_type(number, form.type.data, version=form.version.data, **_now())

    return carry_out(number, "type", TypeForm(), action, _("类型已更正。"), undoable=True)


@tickets.post("/tickets/<number>/type/confirm")
@needs(Permission.TICKETS_WORK)
def confirm_type(number: str) -> BaseResponse:
    def action(form: Versioned) -> int:
        return decisions.confirm_type(number, version=form.version.data, **_now())

    return carry_out(number, "", Versioned(), action, _("类型已确认。"))


@tickets.post("/tickets/<number>/priority")
@needs(Permission.TICKETS_WORK)
def set_priority(number: str) -> BaseResponse:
    def action(form: PriorityForm) -> int:
        return priorities.set_priority(number, code(Priority, form.priority.data), version=form.version.data, **_now())

    return carry_out(number, "priority", PriorityForm(), action, _("优先级已修改，时限已重新计算。"), undoable=True)


@tickets.post("/tickets/<number>/order")
@needs(Permission.TICKETS_WORK)
def link_order(number: str) -> BaseResponse:
    """Tie the ticket to an order that its customer named."""

    def action(form: OrderForm) -> int:
        return order_links.link_order(number, form.order_number.data, version=form.version.data, **_now())

    return carry_out(number, "", OrderForm(), action, _("已关联订单。"), undoable=True)


@tickets.post("/tickets/<number>/status")
@needs(Permission.TICKETS_WORK)
def set_status(number: str) -> BaseResponse:
    def action(form: StatusForm) -> int:
        status, awaited = code(Status, form.status.data), form.pending_on.data or None
        return services.set_status(number, status, pending_on=awaited, version=form.version.data, **_now())

    return carry_out(number, "status", StatusForm(), action, _("状态已修改。"))


@tickets.post("/tickets/<number>/resolve")
@needs(Permission.TICKETS_WORK)
def resolve(number: str) -> BaseResponse:
    def action(form: ResolveForm) -> int:
        return resolution.resolve(
            number,
            outcome=code(Outcome, form.outcome.data),
            shares=sent_shares(),
            reason=form.note.data,
            version=form.version.data,
            **_now(),
        )

    form = ResolveForm()
    return carry_out(number, "resolve", form, action, _("已标记解决。"), undoable=True, go_on=form.next.data)


@tickets.post("/tickets/<number>/merge")
@needs(Permission.TICKETS_WORK)
def merge(number: str) -> BaseResponse:
    """Leads to the other ticket's page: there the work goes on."""

    def action(form: MergeForm) -> int:
        reason, version = form.reason.data, form.version.data
        return merging.merge({number: version}, form.into.data, reason=reason, **_now())

    form = MergeForm()
    done = _("工单 %(number)s 已并入这张。", number=number)
    return carry_out(number, "merge", form, action, done, undoable=True, lands_on=form.into.data)


@tickets.post("/tickets/<number>/messages/<id:message_id>/copied")
@needs(Permission.TICKETS_REPLY)
def mark_copied(number: str, message_id: int) -> BaseResponse:
    return carry_out(
        number, "", Versioned(), lambda _form: messages.mark_copied(number, message_id, **_now()), _("已标记发送。")
    )


@tickets.post("/tickets/<number>/messages/<id:message_id>/try-again")
@needs(Permission.TICKETS_REPLY)
def try_again(number: str, message_id: int) -> BaseResponse:
    return carry_out(
        number, "", Versioned(), lambda _form: messages.try_again(number, message_id, **_now()), _("正在重新发送。")
    )


@tickets.post("/tickets/<number>/messages/<id:message_id>/take-back")
@needs(Permission.TICKETS_REPLY)
def take_back(number: str, message_id: int) -> BaseResponse:
    return carry_out(
        number,
        "",
        Versioned(),
        lambda _form: messages.take_back(number, message_id, **_now()),
        _("已撤回，没有发给客户。"),
    )


@tickets.post("/tickets/<number>/reveal")
@needs(Permission.CUSTOMERS_REVEAL)
def reveal(number: str) -> BaseResponse:
    """Shows what was masked in the answer itself: another load of the page is masked again."""
    form = RevealForm()
    if not form.validate():
        return show_page(number, refused=Refused("reveal", problems_of(form), request.form), status=422)
    try:
        with unit_of_work():
            revealed = customers.reveal(number, reason=form.reason.data, **_now())
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return show_page(number, refused=Refused("reveal", problem_text(problem), request.form), status=problem.status)
    return show_page(number, revealed=revealed)


@tickets.post("/tickets/<number>/second")
@needs(Permission.TICKETS_CREATE)
def open_second(number: str) -> BaseResponse:
    """A ticket of its own for the second problem of a message. Pressed twice it is the same ticket."""
    try:
        with unit_of_work():
            opened = second_problems.open_second(number, request.form.get("type", "")[:40], **_now())
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return show_page(number, refused=Refused("", problem_text(problem), request.form), status=problem.status)
    flash(_("第二个问题在工单 %(number)s 里处理。", number=opened.number), "done")
    return redirect(url_for("tickets.show", number=opened.number))


@tickets.post("/operations/<id:operation_id>/undo")
@needs(Permission.TICKETS_READ)
def undo(operation_id: int) -> BaseResponse:
    """Take back what one just did; refused with its reason if something moved since."""
    back = local_path(request.form.get("next")) or url_for("tickets.index")
    try:
        with unit_of_work():
            number = operations.undo(operation_id, **_now())
    except NotFound:
        raise
    except Problem as problem:
        flash(problem_text(problem), "problem")
        return redirect(back)
    flash(_("已撤销。"), "done")
    return redirect(url_for("tickets.show", number=number))


def _now() -> dict[str, Any]:
    """Who acts, and when: what every service takes."""
    actor: Actor = current_actor()
    return {"actor": actor, "now": moment()}


def carry_out(
    number: str,
    panel: str,
    form: Any,
    action: Callable[[Any], int | None],
    done: str,
    *,
    undoable: bool = False,
    go_on: bool = False,
    lands_on: str = "",
) -> BaseResponse:
    """Check the form, do it, say so. A refusal brings the page back with the panel as it was typed.

    ``undoable``: the action returns an operation that can be taken back. ``go_on``: to the next ticket, ``lands_on``:
    to that one.
    """
    if not form.validate():
        return show_page(number, refused=Refused(panel, problems_of(form), request.form), status=422)
    goal = onward(lands_on or number, go_on)
    try:
        with unit_of_work():
            result = action(form)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        refused = Refused(panel, problem_text(problem), request.form, version=form.version.data)
        return show_page(number, refused=refused, status=problem.status)
    tell({"text": done, "undo": result} if undoable and result is not None else done, "done")
    return redirect(goal)
