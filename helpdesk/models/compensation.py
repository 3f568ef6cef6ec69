"""What was offered to the customer. A row reserves its amount from the moment it is proposed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Compensation(Base):
    __tablename__ = "compensation"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("state IN ('proposed', 'approved', 'rejected', 'paid', 'reversed')", name="state"),
        CheckConstraint("kind IN ('coupon', 'partial_refund', 'difference', 'freight', 'resend', 'gift')", name="kind"),
        Index("ix_compensation_order", "order_id"),
        Index("ix_compensation_ticket", "ticket_id"),
        Index("ix_compensation_proposed", "proposed_at"),
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
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("compensation.id"))
