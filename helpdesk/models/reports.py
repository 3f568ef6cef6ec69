"""What reports are read from: facts of tickets, sums that are kept in step with them, closed months.

The columns that a fact measures bear the names of ``domain.reports.MEASURED``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class ReportDue(Base):
    """Something changed on this ticket since its facts were taken. Appended by writers, removed once followed."""

    __tablename__ = "report_due"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  a number that was used once says what was read when

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))


class ReportFact(Base):
    """A ``domain.reports.Fact``. Follows its ticket until its month is closed."""

    __tablename__ = "report_fact"
    __table_args__ = (
        UniqueConstraint("ticket_id", "side", "item_id"),
        CheckConstraint("side IN ('opened', 'resolved', 'money')", name="side"),
        Index("ix_report_fact_day", "side", "day", "type"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(String(8))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    item_id: Mapped[int]
    at: Mapped[datetime]
    day: Mapped[date]
    hour: Mapped[int]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    type: Mapped[str] = mapped_column(String(40))
    klass: Mapped[str] = mapped_column(String(1))
    rule_version: Mapped[int]
    warehouse: Mapped[str] = mapped_column(String(60))
    courier: Mapped[str] = mapped_column(String(60))
    wall_seconds: Mapped[int]
    work_seconds: Mapped[int]
    wall_bin: Mapped[int | None]  # of the histogram; None on other sides than resolved
    work_bin: Mapped[int | None]
    first_n: Mapped[int]
    first_ok: Mapped[int]
    solution_n: Mapped[int]
    solution_ok: Mapped[int]
    queue_n: Mapped[int]
    queue_ok: Mapped[int]
    platform_n: Mapped[int]
    platform_ok: Mapped[int]
    again_n: Mapped[int]
    again_ok: Mapped[int]
    reopened: Mapped[int]
    money_fen: Mapped[int]


class ReportFactTime(Base):
    """Whose time a resolved fact's was, in seconds."""

    __tablename__ = "report_fact_time"

    fact_id: Mapped[int] = mapped_column(ForeignKey("report_fact.id", ondelete="CASCADE"), primary_key=True)
    who: Mapped[str] = mapped_column(String(40), primary_key=True)
    seconds: Mapped[int]


class ReportFactParty(Base):
    """A party's share of a resolved fact, in percent."""

    __tablename__ = "report_fact_party"

    fact_id: Mapped[int] = mapped_column(ForeignKey("report_fact.id", ondelete="CASCADE"), primary_key=True)
    party: Mapped[str] = mapped_column(String(20), primary_key=True)
    percent: Mapped[int]


class ReportTicketSku(Base):
    """An article on the ticket's order. A ticket counts once for each of its articles.

    ``counts`` is the row by which it does: that of the article's first batch.
    """

    __tablename__ = "report_ticket_sku"
    __table_args__ = (
        Index("ix_report_ticket_sku_sku", "sku", "ticket_id"),
        Index("ix_report_ticket_sku_counted", "ticket_id", "counts", "sku"),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    sku: Mapped[str] = mapped_column(String(80), primary_key=True)
    batch: Mapped[str] = mapped_column(String(60), primary_key=True)
    counts: Mapped[bool]


class ReportDay(Base):
    """Sums over the facts of a day, under one value of one cut (``domain.reports.places``)."""

    __tablename__ = "report_day"

    cut: Mapped[str] = mapped_column(String(10), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(40), primary_key=True)
    opened: Mapped[int] = mapped_column(default=0)
    resolved: Mapped[int] = mapped_column(default=0)
    money_n: Mapped[int] = mapped_column(default=0)
    wall_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    work_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    first_n: Mapped[int] = mapped_column(default=0)
    first_ok: Mapped[int] = mapped_column(default=0)
    solution_n: Mapped[int] = mapped_column(default=0)
    solution_ok: Mapped[int] = mapped_column(default=0)
    queue_n: Mapped[int] = mapped_column(default=0)
    queue_ok: Mapped[int] = mapped_column(default=0)
    platform_n: Mapped[int] = mapped_column(default=0)
    platform_ok: Mapped[int] = mapped_column(default=0)
    again_n: Mapped[int] = mapped_column(default=0)
    again_ok: Mapped[int] = mapped_column(default=0)
    reopened: Mapped[int] = mapped_column(default=0)
    money_fen: Mapped[int] = mapped_column(BigInteger, default=0)


class ReportPart(Base):
    """A month's sums of what has keys of its own: whose time, whose fault, histograms, hours of the week."""

    __tablename__ = "report_part"

    cut: Mapped[str] = mapped_column(String(10), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(40), primary_key=True)
    part: Mapped[str] = mapped_column(String(8), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class ReportMonth(Base):
    """A month that is closed: its facts, sums and lines change no more, unless it is opened again or recalculated."""

    __tablename__ = "report_month"

    month: Mapped[date] = mapped_column(primary_key=True)
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    rule_version: Mapped[int]  # published when it was closed: labels, bottlenecks and directions are of that one
    version: Mapped[int] = mapped_column(default=1)


class ReportLine(Base):
    """A closed month's exact figures under one value of one cut: ``domain.reports.line_document``."""

    __tablename__ = "report_line"

    month: Mapped[date] = mapped_column(ForeignKey("report_month.month"), primary_key=True)
    cut: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(80), primary_key=True)
    document: Mapped[dict[str, Any]]


class ReportRecalculation(Base):
    """What a closed month would be if it were counted today, beside what it is; adopted or not."""

    __tablename__ = "report_recalculation"
    __table_args__ = (CheckConstraint("state IN ('waiting', 'running', 'done', 'adopted', 'failed')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(8))
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    finished_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)  # tickets counted so far, for the progress
    total: Mapped[int] = mapped_column(default=0)
    document: Mapped[dict[str, Any]]  # per cut and value: what is, what would be; tickets that came and went
    adopted_at: Mapped[datetime | None]
    adopted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)


class Improvement(Base):
    """上游优化: what the shop changes upstream so that a type of ticket gets rarer, quicker or cheaper.

    ``cut`` and ``value`` narrow it to a SKU, a warehouse, a courier or a channel. The report measures ``measure``
    before and after ``started_on`` by itself.
    """

    __tablename__ = "improvement"
    __table_args__ = (
        CheckConstraint("state IN ('idea', 'planned', 'running', 'done', 'dropped')", name="state"),
        CheckConstraint("measure IN ('count', 'hours', 'money')", name="measure"),
        CheckConstraint("expected_percent BETWEEN 1 AND 100", name="expected_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # of the form or the suggestion it came from
    type: Mapped[str] = mapped_column(String(40), index=True)
    cut: Mapped[str] = mapped_column(String(10), default="")
    value: Mapped[str] = mapped_column(String(80), default="")
    title: Mapped[str] = mapped_column(String(120))
    bottleneck: Mapped[str] = mapped_column(Text, default="")
    direction: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(String(8), default="idea")
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    measure: Mapped[str] = mapped_column(String(8), default="count")
    expected_percent: Mapped[int]  # by how much less of the measure
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class ReportSending(Base):
    """A report that was sent: the month's on the 1st, the day's at nine, or one by hand. Its key makes it one."""

    __tablename__ = "report_sending"
    __table_args__ = (CheckConstraint("kind IN ('month', 'day', 'hand')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    first: Mapped[date]
    last: Mapped[date]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    receivers: Mapped[int] = mapped_column(default=0)
    document: Mapped[dict[str, Any]]  # the figures that were told, and to whom (ids)
