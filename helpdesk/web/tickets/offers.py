"""Proposing money from the ticket page, and what becomes of a proposal there."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, NotFound, Problem
from helpdesk.queries.ticket_page import ticket_page
from helpdesk.services import approvals, compensations
from helpdesk.services.compensations import Proposal
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import sent_version
from helpdesk.web.locale import day_start
from helpdesk.web.tickets import side_column, tickets
from helpdesk.web.tickets.forms import MAX_CODE
from helpdesk.web.tickets.offer_card import TypedOffer, answer, parse_yuan
from helpdesk.web.tickets.show import show_page
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _

MAX_WHY = 500
MAX_REASON = 500
MOST_EVIDENCE = 30


@tickets.post("/tickets/<number>/compensations")
@needs(Permission.MONEY_PROPOSE)
def propose(number: str) -> BaseResponse:
    """Offer money. A refusal gives every word back; the hidden key makes a second press the same offer."""
    try:
        proposal = _proposal()
        with unit_of_work():
            compensations.propose(number, proposal, version=sent_version(), actor=current_actor(), now=moment())
    except NotFound:
        raise
    except Problem as problem:
        return show_page(number, offer=_typed(problem_text(problem)), status=problem.status)
    flash(_("补偿已提出，进展在“补偿”里看。"), "done")
    return redirect(url_for("tickets.show", number=number, _anchor="compensation"))


@tickets.get("/tickets/<number>/compensations/check")
@needs(Permission.MONEY_PROPOSE)
def check_offer(number: str) -> str:
    """What the rules say of an amount while it is typed: how much is left, and who would have to agree."""
    actor, now, book = current_actor(), moment(), rules()
    page = ticket_page(number, actor, now, day_start(now), rules())
    code = request.args.get("policy", "")
    option = next((one for one in side_column.offers(page, book, actor) if one.policy_code == code), None)
    return render_template(
        "tickets/_offer_answer.html", answer=answer(page, book, actor, option, request.args.get("amount", "")[:20])
    )


@tickets.post("/tickets/<number>/compensations/<id:proposal_id>/withdraw")
@needs(Permission.MONEY_PROPOSE)
def withdraw_offer(number: str, proposal_id: int) -> BaseResponse:
    def deed() -> None:
        approvals.withdraw(proposal_id, version=sent_version(), actor=current_actor(), now=moment())

    return _carry_out(number, deed, _("补偿已撤回。"))


@tickets.post("/tickets/<number>/compensations/<id:proposal_id>/fulfil")
@needs(Permission.MONEY_PROPOSE)
def fulfil_offer(number: str, proposal_id: int) -> BaseResponse:
    """The coupon, gift or resend has gone out."""

    def deed() -> None:
        approvals.mark_fulfilled(proposal_id, version=sent_version(), actor=current_actor(), now=moment())

    return _carry_out(number, deed, _("已登记发出。"))


@tickets.post("/tickets/<number>/compensations/<id:proposal_id>/reverse")
@needs(Permission.MONEY_APPROVE)
def reverse_offer(number: str, proposal_id: int) -> BaseResponse:
    def deed() -> None:
        reason = _text("reason", MAX_REASON)
        if not reason:
            raise Invalid("compensation.reason_required")
        approvals.reverse(proposal_id, reason, version=sent_version(), actor=current_actor(), now=moment())

    return _carry_out(number, deed, _("补偿已冲回。"))


def _carry_out(number: str, deed: Callable[[], None], words: str) -> BaseResponse:
    try:
        with unit_of_work():
            deed()
    except NotFound:
        raise
    except Problem as problem:
        return show_page(number, offer=_typed(problem_text(problem)), status=problem.status)
    flash(words, "done")
    return redirect(url_for("tickets.show", number=number, _anchor="compensation"))


def _proposal() -> Proposal:
    """What was sent, in shape. ``Invalid`` for what is no amount, too long, or from no form of ours."""
    policy = request.form.get("policy", "")
    if not policy:
        raise Invalid("compensation.choose_policy")
    why = request.form.get("why", "").replace("\r\n", "\n").strip()
    if len(policy) > MAX_CODE:
        raise Invalid("input.bad_value", field="policy")
    if len(why) > MAX_WHY:
        raise Invalid("input.too_long", field="why", limit=MAX_WHY)
    return Proposal(
        policy_code=policy,
        amount_fen=parse_yuan(request.form.get(f"amount-{policy}", "")),
        evidence=_evidence(policy),
        why=why,
        key=_key(),
        wait=bool(request.form.get("wait")),
    )


def _evidence(policy: str) -> tuple[str, ...]:
    codes = request.form.getlist(f"evidence-{policy}")[:MOST_EVIDENCE]
    return tuple(dict.fromkeys(code[:MAX_CODE] for code in codes))


def _key() -> str:
    try:
        return str(UUID(request.form.get("key", "")))
    except ValueError:
        raise Invalid("input.bad_value", field="key") from None


def _typed(error: str) -> TypedOffer:
    """The form as it was sent."""
    policy = request.form.get("policy", "")[:MAX_CODE]
    return TypedOffer(
        policy=policy,
        amounts={policy: request.form.get(f"amount-{policy}", "")[:20]},
        evidence={policy: frozenset(_evidence(policy))},
        why=_text("why", 2 * MAX_WHY) or _text("reason", 2 * MAX_REASON),
        wait=bool(request.form.get("wait")),
        key=request.form.get("key", "")[:36],
        error=error,
        version=sent_version(),
    )


def _text(field: str, most: int) -> str:
    return request.form.get(field, "").replace("\r\n", "\n").strip()[:most]
