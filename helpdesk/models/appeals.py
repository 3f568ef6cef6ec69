"""责任归属, disputed: what a party has to show, and what a blamed queue says against its share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, exists, func, or_, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from helpdesk.domain.access import Role
from helpdesk.models.queues import Membership
from helpdesk.models.tickets import Ticket
from helpdesk.models.users import User
from helpdesk.storage import Base, where


class TicketEvidence(Base):
    """Somebody has seen this piece of the type's list of evidence, or says that it is missing."""

    __tablename__ = "ticket_evidence"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    present: Mapped[bool]
    said_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    said_at: Mapped[datetime]


class Appeal(Base):
    """A queue disputes its party's share of a ticket. A supervisor upholds it (and says other shares) or rejects it."""

    __tablename__ = "appeal"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'upheld', 'rejected', 'withdrawn')", name="state"),
        Index("uq_appeal_open", "ticket_id", "party", unique=True, **where("state = 'open'")),
        Index("ix_appeal_state", "state", "appealed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    party: Mapped[str] = mapped_column(String(20))
    percent: Mapped[int]  # the share that is disputed
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))  # why
    appealed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    appealed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    decided_percent: Mapped[int | None]  # what the decision left of the share
    decision_note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    version: Mapped[int] = mapped_column(default=1)


DECIDED = ("upheld", "rejected")


def decided_percent(ticket_id: ColumnElement[int] | int, party: ColumnElement[str] | str) -> ColumnElement[int | None]:
    """What the last decided appeal left of the party's share of the ticket: no more than that is disputed again."""
    row = aliased(Appeal)
    return (
        select(func.coalesce(row.decided_percent, row.percent))
        .where(row.ticket_id == ticket_id, row.party == party, row.state.in_(DECIDED))
        .order_by(row.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def another_judge(actor_id: int) -> ColumnElement[bool]:
    """Whether somebody besides this person could decide either way: of rows of ``Appeal`` joined with ``Ticket``.

    That is one of ops, or a supervisor of the ticket's queue, who neither appealed nor is a member of the queue that
    did.
    """
    judge, theirs, own = aliased(User), aliased(Membership), aliased(Membership)
    reaches = exists().where(theirs.user_id == judge.id, theirs.queue_id == Ticket.queue_id)
    partial = exists().where(own.user_id == judge.id, own.queue_id == Appeal.queue_id)
    return (
        exists()
        .where(
            judge.active,
            judge.id != actor_id,
            judge.id != Appeal.appealed_by_id,
            or_(judge.role == Role.OPS.value, and_(judge.role == Role.SUPERVISOR.value, reaches)),
            ~partial,
        )
        .correlate(Appeal, Ticket)
    )
