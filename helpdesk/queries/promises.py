"""What was promised on a ticket, and to its customer before. One statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from helpdesk.models import Compensation, Note, Payout, PayoutBatch, Ticket, User
from helpdesk.models.promised import STANDING
from helpdesk.queries.approvals import Earlier
from helpdesk.queries.keyset import Statement
from helpdesk.storage import plain_rows

MOST = 60


@dataclass(frozen=True, slots=True)
class Promise:
    """A proposal on the ticket. ``why_not``: why it was rejected or reversed. ``batch``: the payment file it is in."""

    id: int
    version: int
    policy: str
    kind: str
    amount_fen: int
    is_remedy: bool
    state: str
    asked: str
    ask_until: datetime | None
    takes_back: bool
    proposer_id: int
    proposer: str
    proposed_at: datetime
    decider: str | None
    decided_at: datetime | None
    why_not: str
    batch: str | None
    alone: bool  # within the proposer's own limit: nobody had to agree


@dataclass(frozen=True, slots=True)
class Promises:
    """``here``: on the ticket, oldest first; ``earlier``: what stands on the customer's others, latest first."""

    here: tuple[Promise, ...]
    earlier: tuple[Earlier, ...]


def promises(ticket_id: int) -> Promises:
    """All promises on the ticket and on its customer's others, the latest ``MOST``."""
    rows = plain_rows(_statement(), {"ticket": ticket_id}).all()
    return Promises(
        here=tuple(_promise(row) for row in reversed(rows) if row.ticket_id == ticket_id),
        earlier=tuple(
            Earlier(row.id, row.number, row.kind, row.amount_fen, row.is_remedy, row.state, row.type, row.proposed_at)
            for row in rows
            if row.ticket_id != ticket_id and row.state in STANDING and row.reverses_id is None
        ),
    )


@cache
def _statement() -> Statement:
    """Built once. The tickets are found by two indexes, the promises by a third."""
    this, decider, reason = aliased(Ticket), aliased(User), aliased(Note)
    customer = select(this.customer_id).where(this.id == bindparam("ticket")).scalar_subquery()
    tickets = select(Ticket.id).where(or_(Ticket.id == bindparam("ticket"), Ticket.customer_id == customer))
    return (
        select(
            *(Compensation.id, Compensation.version, Compensation.ticket_id, Compensation.policy_code),
            *(Compensation.kind, Compensation.amount_fen, Compensation.is_remedy, Compensation.state),
            *(
                Compensation.approval,
                Compensation.asked,
                Compensation.ask_until,
                Compensation.reverses_id,
                Compensation.proposed_by_id,
            ),
            *(Compensation.proposed_at, Compensation.decided_at, Ticket.number, Ticket.type),
            User.name.label("proposer"),
            decider.name.label("decider"),
            reason.text.label("why_not"),
            PayoutBatch.number.label("batch"),
        )
        .select_from(Compensation)
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .join(User, User.id == Compensation.proposed_by_id)
        .outerjoin(decider, decider.id == Compensation.decided_by_id)
        .outerjoin(reason, reason.id == Compensation.reason_note_id)
        .outerjoin(Payout, and_(Payout.compensation_id == Compensation.id, Payout.state != "failed"))
        .outerjoin(PayoutBatch, PayoutBatch.id == Payout.batch_id)
        .where(Compensation.ticket_id.in_(tickets.correlate(None)))
        .order_by(Compensation.id.desc())
        .limit(MOST)
    )


def _promise(row: Any) -> Promise:
    return Promise(
        id=row.id,
        version=row.version,
        policy=row.policy_code,
        kind=row.kind,
        amount_fen=row.amount_fen,
        is_remedy=bool(row.is_remedy),
        state=row.state,
        asked=row.asked,
        ask_until=row.ask_until,
        takes_back=row.reverses_id is not None,
        proposer_id=row.proposed_by_id,
        proposer=row.proposer,
        proposed_at=row.proposed_at,
        decider=row.decider,
        decided_at=row.decided_at,
        why_not=row.why_not or "",
        batch=row.batch,
        alone=row.approval == "none",
    )
