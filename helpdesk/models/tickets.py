"""Tickets, their stays in queues, and who may still read them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.domain.tickets import Outcome, Party, Priority, Status, TicketClass
from helpdesk.storage import Base, where


def _one_of(
    column: str, values: type[Status] | type[Outcome] | type[Priority] | type[TicketClass] | type[Party]
) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


ACTIVE_SQL = "status IN ('new', 'open', 'pending_customer', 'pending_internal', 'pending_approval')"
is_active: ColumnElement[bool] = literal_column(f"ticket.{ACTIVE_SQL}")
"""Somebody still has to do something, in the words of the partial indexes: bound values prove nothing to SQLite."""

OPEN_STAY = "kind = 'stay' AND left_at IS NULL"
is_open_stay: ColumnElement[bool] = literal_column("(stint.kind = 'stay' AND stint.left_at IS NULL)")

is_waiting_stay: ColumnElement[bool] = literal_column(
    "(stint.kind = 'stay' AND stint.left_at IS NULL AND stint.assignee_id IS NULL)"
)
"""Nobody in its queue has the ticket in hand."""

OPEN_ASSIST = "kind = 'assist' AND left_at IS NULL"
is_open_assist: ColumnElement[bool] = literal_column("(stint.kind = 'assist' AND stint.left_at IS NULL)")

SORTED = {
    "ix_ticket_by_created": ["created_at"],
    "ix_ticket_by_message": ["last_customer_message_at"],
    "ix_ticket_by_priority": ["priority", "burns_at"],
}
"""Orders of a list of open tickets beside that in which they burn; with what says whose list a ticket stands in."""


class Ticket(Base):
    """An order that went wrong.

    status (with merged_into), type, queue, owner, priority and outcome are written by one function, in
    services/tickets.py, which also bumps ``version``. ``burns_at`` is the least last instant in time of its
    running customer clocks (far future if none): the order in which tickets burn.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("priority", Priority), name="priority"),
        CheckConstraint(_one_of("klass", TicketClass), name="klass"),
        CheckConstraint(f"outcome IS NULL OR {_one_of('outcome', Outcome)}", name="outcome"),
        CheckConstraint("urgency BETWEEN 0 AND 3", name="urgency"),
        CheckConstraint("tier IN ('auto', 'suggest', 'none', 'manual')", name="tier"),
        Index(
            "ix_ticket_burning",
            "queue_id",
            text("urgency DESC"),
            "burns_at",
            "id",
            "status",  # which proves to SQLite that it need not look at the row
            **where(ACTIVE_SQL),
        ),
        Index(
            "ix_ticket_burning_all",
            text("urgency DESC"),
            "burns_at",
            "id",
            *("queue_id", "owner_id", "status", "klass", "created_at"),  # what the queue page counts, read from here
            **where(ACTIVE_SQL),
        ),
        Index(
            "ix_ticket_owned",
            "owner_id",
            text("urgency DESC"),
            "burns_at",
            "id",
            *("status", "queue_id"),  # what of his lies elsewhere, read from here
            **where(ACTIVE_SQL),
        ),
        Index(
            "ix_ticket_lanes",
            "queue_id",
            "klass",
            text("urgency DESC"),
            "burns_at",
            "id",
            *("status", "order_id"),  # what the board counts, read from here
            **where(ACTIVE_SQL),
        ),
        *(
            Index(name, *columns, "id", "queue_id", "owner_id", "status", **where(ACTIVE_SQL))
            for name, columns in SORTED.items()
        ),
        Index("ix_ticket_opened", "queue_id", "created_at", "id", "status", **where(ACTIVE_SQL)),
        Index(
            "ix_ticket_unsure",
            "queue_id",
            text("urgency DESC"),
            "burns_at",
            "id",
            **where(f"{ACTIVE_SQL} AND tier IN ('suggest', 'none')"),
        ),
        Index(
            "ix_ticket_pending_customer",
            "queue_id",
            text("urgency DESC"),
            "burns_at",
            "id",
            "status",
            **where("status = 'pending_customer'"),
        ),
        Index("ix_ticket_pending_approval", "queue_id", "klass", "status", **where("status = 'pending_approval'")),
        Index("ix_ticket_order_type", "order_id", "type"),
        Index("ix_ticket_resolved", "first_resolved_at"),
        Index("ix_ticket_created", "created_at"),
        Index(
            "ix_ticket_ended",
            "status",
            "resolved_at",
            **where("status = 'resolved'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    version: Mapped[int] = mapped_column(default=1)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"))
    subject: Mapped[str] = mapped_column(String(200))

    type: Mapped[str] = mapped_column(String(40))
    klass: Mapped[str] = mapped_column(String(1))
    tier: Mapped[str] = mapped_column(String(8))  # how the type came about; manual: a person chose or confirmed it
    rule_version: Mapped[int]
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    status: Mapped[str] = mapped_column(String(20))
    pending_on: Mapped[str | None] = mapped_column(String(40))  # queue code or party awaited
    priority: Mapped[str] = mapped_column(String(2), default="P2")
    outcome: Mapped[str | None] = mapped_column(String(20))

    urgency: Mapped[int] = mapped_column(default=0)
    nudges: Mapped[int] = mapped_column(default=0)  # 催单
    burns_at: Mapped[datetime]
    cycle: Mapped[int] = mapped_column(default=1)
    unread: Mapped[bool] = mapped_column(default=True)  # a customer's message nobody has answered or opened

    created_at: Mapped[datetime]
    last_customer_message_at: Mapped[datetime | None]  # from the first on: every ticket begins with one
    first_resolved_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))  # the closed one it continues


class TicketNumber(Base):
    """The last number given out on a day."""

    __tablename__ = "ticket_number"

    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]


class Stint(Base):
    """A stay in a queue, or an assist: another queue's help while the ticket stays where it is."""

    __tablename__ = "stint"
    __table_args__ = (
        CheckConstraint("kind IN ('stay', 'assist')", name="kind"),
        Index(
            "uq_stint_open_stay",
            "ticket_id",
            unique=True,
            **where(OPEN_STAY),
        ),
        Index(
            "uq_stint_open_assist",
            "ticket_id",
            "queue_id",
            unique=True,
            **where(OPEN_ASSIST),
        ),
        Index(
            "ix_stint_open_assists",
            "queue_id",
            "ticket_id",
            **where(OPEN_ASSIST),
        ),
        Index(
            "ix_stint_assigned",
            "assignee_id",
            "ticket_id",
            *("queue_id", "kind", "left_at"),  # what is in his hands, read from here
            **where("left_at IS NULL AND assignee_id IS NOT NULL"),
        ),
        Index(
            "ix_stint_waiting",
            "queue_id",
            "ticket_id",
            "kind",  # counted from here
            **where("left_at IS NULL AND assignee_id IS NULL"),
        ),
        Index("ix_stint_ticket", "ticket_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(8))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # who had it before: not handed it again
    entered_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    party: Mapped[str | None] = mapped_column(String(20))
    question_note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    answer_note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class TicketReader(Base):
    """Somebody who owned, wrote in or was mentioned in the ticket may open it later, wherever it went."""

    __tablename__ = "ticket_reader"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, index=True)


class Responsibility(Base):
    """责任归属: a party's share in percent. The rows of a ticket add up to 100."""

    __tablename__ = "responsibility"
    __table_args__ = (
        UniqueConstraint("ticket_id", "party"),
        CheckConstraint("percent BETWEEN 1 AND 100", name="percent"),
        CheckConstraint(_one_of("party", Party), name="party"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    party: Mapped[str] = mapped_column(String(20))
    percent: Mapped[int]
    settled_at: Mapped[datetime | None]  # when the shares were last said; an appeal is open for 48 h from then


class TicketTag(Base):
    """A word put on the ticket, by a person or a rule."""

    __tablename__ = "ticket_tag"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(30), primary_key=True, index=True)
