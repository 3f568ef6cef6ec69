"""What was offered to the customer: proposals, who agreed, and what finance paid out.

A row reserves its amount from the moment it is proposed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where

_RUNGS = "('none', 'supervisor', 'finance', 'finance_and_ops')"


class Compensation(Base):
    """A proposal and what became of it; a reversal is a row of its own that names what it takes back.

    ``approval`` is the rung of the ladder that the amount needs, ``asked`` the one that is asked at present:
    it rises when nobody answers until ``ask_until``, and past rungs on which nobody could (all of them: ``passed``).
    What needs nobody's agreement (``none``) names its proposer as who decided: within his own limit.
    Words (why, why not) are notes of the ticket.
    """

    __tablename__ = "compensation"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("state IN ('proposed', 'approved', 'rejected', 'paid', 'reversed', 'withdrawn')", name="state"),
        CheckConstraint("kind IN ('coupon', 'partial_refund', 'difference', 'freight', 'resend', 'gift')", name="kind"),
        CheckConstraint(f"approval IN {_RUNGS}", name="approval"),
        CheckConstraint(f"asked IN {_RUNGS}", name="asked"),
        Index("ix_compensation_order", "order_id"),
        Index("ix_compensation_ticket", "ticket_id"),
        Index("ix_compensation_proposed", "proposed_at"),
        Index("ix_compensation_proposer", "proposed_by_id", "proposed_at"),
        Index("ix_compensation_waiting", "ask_until", **where("state = 'proposed'")),
        Index("ix_compensation_agreed", "id", **where("state = 'approved'")),
        Index("ix_compensation_decided", "decided_at", **where("decided_at IS NOT NULL")),
        Index("uq_compensation_reverses", "reverses_id", unique=True, **where("reverses_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"))
    policy_code: Mapped[str] = mapped_column(String(60))
    rule_version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int]
    is_remedy: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10))
    approval: Mapped[str] = mapped_column(String(20), default="none")
    asked: Mapped[str] = mapped_column(String(20), default="none")
    ask_until: Mapped[datetime | None]
    passed: Mapped[list[Any]] = mapped_column(default=list)  # rungs passed over: {rung, why: empty or late}
    basis: Mapped[dict[str, Any]] = mapped_column(default=dict)  # how the amount came about: code and parameters
    evidence: Mapped[list[Any]] = mapped_column(default=list)  # codes of what the proposer has seen
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))  # why
    reason_note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))  # why not
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("compensation.id"))
    version: Mapped[int] = mapped_column(default=1)


class CompensationApproval(Base):
    """Somebody agreed for his part of the rung; where finance and ops are needed, there are two rows."""

    __tablename__ = "compensation_approval"
    __table_args__ = (
        UniqueConstraint("compensation_id", "part"),
        UniqueConstraint("compensation_id", "user_id"),
        CheckConstraint("part IN ('supervisor', 'finance', 'ops')", name="part"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    compensation_id: Mapped[int] = mapped_column(ForeignKey("compensation.id"))
    part: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    stands_in_for_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime]


class PayoutBatch(Base):
    """A payment file of finance. Its rows never change, so that fetching it again gives the same file."""

    __tablename__ = "payout_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # of the form it was asked for with
    number: Mapped[str] = mapped_column(String(20), unique=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    rows: Mapped[int]
    total_fen: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)


class Payout(Base):
    """A compensation in a payment file. Only one that failed frees its compensation for another file."""

    __tablename__ = "payout"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("state IN ('exported', 'paid', 'failed')", name="state"),
        Index("uq_payout_standing", "compensation_id", unique=True, **where("state <> 'failed'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("payout_batch.id"), index=True)
    compensation_id: Mapped[int] = mapped_column(ForeignKey("compensation.id"), index=True)
    amount_fen: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    settled_at: Mapped[datetime | None]
