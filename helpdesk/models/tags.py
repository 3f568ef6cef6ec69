"""The list of tags. What stands on a ticket is the word itself (``TicketTag``)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.domain.tags import Colour
from helpdesk.storage import Base


class Tag(Base):
    """A word that is put on tickets.

    One that was renamed or merged leaves its old word as a row that points to the other (``means_id``): rules and
    templates that name the old word put on the new one.
    """

    __tablename__ = "tag"
    __table_args__ = (
        CheckConstraint(f"colour IN ({', '.join(repr(one.value) for one in Colour)})", name="colour"),
        CheckConstraint("means_id IS NULL OR NOT active", name="old_word"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)
    colour: Mapped[str] = mapped_column(String(10), default=Colour.PLAIN.value)
    active: Mapped[bool] = mapped_column(default=True)
    means_id: Mapped[int | None] = mapped_column(ForeignKey("tag.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
