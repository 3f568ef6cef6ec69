"""Files that came with a message, a note or a ticket. The bytes lie in the data folder under their hash."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class Attachment(Base):
    """A file as we keep it: checked by its content, images drawn anew without what cameras write into them.

    ``attached_at`` is empty while somebody still writes what it goes with; what is never attached is cleaned up.
    ``label`` says what a picture proves: outer box, waybill, goods, weighing.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("size_bytes >= 0", name="size_bytes"),
        CheckConstraint("label IN ('', 'outer_box', 'waybill', 'goods', 'weighing')", name="label"),
        Index("ix_attachment_hash", "hash"),
        Index("ix_attachment_message", "message_id", **where("message_id IS NOT NULL")),
        Index("ix_attachment_note", "note_id", **where("note_id IS NOT NULL")),
        Index("ix_attachment_loose", "created_at", **where("attached_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # None: the customer
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(12), default="")
    width: Mapped[int | None]
    height: Mapped[int | None]
    created_at: Mapped[datetime]
    attached_at: Mapped[datetime | None]
