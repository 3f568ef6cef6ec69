"""What is offered in the demo, agreed and paid: through the services, by those whose business it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from helpdesk.domain import compensation
from helpdesk.domain.access import Actor
from helpdesk.domain.compensation import Approval, Option
from helpdesk.domain.problems import Problem
from helpdesk.models import Compensation, Payout, PayoutBatch, Ticket
from helpdesk.models.promised import PAYOUTS
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import approvals, compensations, payouts
from helpdesk.storage import savepoint, session
from seeds.demo.people import supervisor
from seeds.demo.steps import Offer

FINANCE, OPS = "hejuan", "xuning"

LARGE_FEN = 8_000
USUAL_FEN = 800
"""Where a policy leaves the amount open."""

REFUSED_ONE_IN, FAILED_ONE_IN = 12, 25
WHY = "客户提供了照片，要求合理，建议同意。"
WHY_NOT = "照片看不清破损的位置，请客户补拍后再提。"


def offer(ticket: Ticket, action: Offer, owner: Actor, now: datetime) -> None:
    """The first that the policies give for the type; nothing where they give none or the platform lets none through."""
    book = published_rulebook()
    facts = compensations.facts_of(ticket, owner.id, book, now)
    offered = [one for one in compensation.options(book, ticket.type, facts, owner.role) if one.blocked is None]
    if action.large:
        offered = [one for one in offered if not one.is_remedy]
    if not offered:
        return
    chosen = max(offered, key=_most) if action.large else offered[ticket.id % len(offered)]
    proposal = compensations.Proposal(
        chosen.policy_code,
        _amount(chosen, facts.paid_fen, large=action.large),
        key=f"demo-{ticket.id}-{now.isoformat()}",
        evidence=chosen.evidence,
        why=WHY if action.large else "",
        wait=action.large,
    )
    try:
        with savepoint():
            compensations.propose(ticket.number, proposal, version=None, actor=owner, now=now)
    except Problem:
        session().refresh(ticket)


def _most(option: Option) -> int:
    return option.amount_fen or min(option.cap_fen or LARGE_FEN, LARGE_FEN)


def _amount(option: Option, paid_fen: int | None, *, large: bool) -> int:
    if option.amount_fen is not None:
        return option.amount_fen
    if large:
        return _most(option)
    usual = paid_fen or USUAL_FEN if option.kind == "resend" else USUAL_FEN
    return max(option.floor_fen or 1, min(usual, option.cap_fen or usual))


def answer(ticket: Ticket, queue: str, actors: Mapping[str, Actor], now: datetime) -> None:
    """Whoever is asked agrees; now and then he doesn't."""
    asked = {
        Approval.SUPERVISOR: (actors[supervisor(queue)],),
        Approval.FINANCE: (actors[FINANCE],),
        Approval.FINANCE_AND_OPS: (actors[FINANCE], actors[OPS]),
    }
    waiting = session().scalars(
        select(Compensation).where(Compensation.ticket_id == ticket.id, Compensation.state == "proposed")
    )
    for row in waiting.all():
        for actor in asked[Approval(row.asked)]:
            if row.id % REFUSED_ONE_IN == 0:
                approvals.reject(row.id, WHY_NOT, version=row.version, actor=actor, now=now)
                break
            approvals.approve(row.id, version=row.version, actor=actor, now=now)


def issue(ticket: Ticket, owner: Actor, now: datetime) -> None:
    """Coupons are issued and pieces sent before the ticket is solved."""
    agreed = session().scalars(
        select(Compensation).where(
            Compensation.ticket_id == ticket.id, Compensation.state == "approved", Compensation.kind.not_in(PAYOUTS)
        )
    )
    for row in agreed.all():
        approvals.mark_fulfilled(row.id, version=row.version, actor=owner, now=now)


def pay(finance: Actor, now: datetime) -> None:
    """Finance enters what became of the last file and makes the next one."""
    last = session().scalars(select(PayoutBatch).order_by(PayoutBatch.id.desc()).limit(1)).first()
    if last is not None:
        ids = session().scalars(select(Payout.id).where(Payout.batch_id == last.id, Payout.state == "exported")).all()
        failed = [id for id in ids if id % FAILED_ONE_IN == 0]
        paid = [id for id in ids if id not in failed]
        payouts.settle(last.id, paid, failed, version=last.version, actor=finance, now=now)
    due = select(Compensation.id).where(Compensation.state == "approved", Compensation.kind.in_(PAYOUTS)).limit(1)
    if session().scalar(due) is not None:
        payouts.export(f"demo-{now.isoformat()}", actor=finance, now=now)
