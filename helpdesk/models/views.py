"""视图: a filter that somebody, a queue or everybody wants to see again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where

KEPT = "deleted_at IS NULL"


class SavedView(Base):
    """Personal ones belong to their owner, a team's to a queue, those for all to nobody.

    ``filter`` is a ticket filter with its tab, ``columns`` what the list shows, ``sort`` in which order: see
    ``domain.views.ListView``. What was deleted stays for a day, so that it can be taken back.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        CheckConstraint("scope IN ('personal', 'team', 'all')", name="scope"),
        CheckConstraint("(scope = 'team') = (queue_id IS NOT NULL)", name="queue"),
        Index("uq_saved_view_personal", "owner_id", "name", unique=True, **where(f"scope = 'personal' AND {KEPT}")),
        Index("uq_saved_view_team", "queue_id", "name", unique=True, **where(f"scope = 'team' AND {KEPT}")),
        Index("uq_saved_view_all", "name", unique=True, **where(f"scope = 'all' AND {KEPT}")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(8))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queue.id"))
    name: Mapped[str] = mapped_column(String(60))
    filter: Mapped[dict[str, Any]]
    columns: Mapped[list[Any]]
    sort: Mapped[str] = mapped_column(String(30), default="")
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
