"""Tickets that have to do with each other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class TicketLink(Base):
    """``from`` is the duplicate of, a matter of the same order as, the parent of, or caused by ``to``."""

    __tablename__ = "ticket_link"
    __table_args__ = (
        CheckConstraint("kind IN ('duplicate', 'same_order', 'parent', 'caused_by')", name="kind"),
        CheckConstraint("from_id <> to_id", name="two"),
        UniqueConstraint("from_id", "to_id", "kind"),
        Index("ix_ticket_link_to", "to_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    from_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
