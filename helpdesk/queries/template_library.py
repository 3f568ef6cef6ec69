"""The templates as a library: all that a person sees with how they do, one of them, its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, and_, case, exists, func, literal, select

from helpdesk.domain.access import Actor, may_write_template
from helpdesk.domain.clocks import Kind
from helpdesk.domain.macros import parse
from helpdesk.domain.problems import NotFound
from helpdesk.domain.replies import Template
from helpdesk.domain.rulebook import Label
from helpdesk.models import (
    ClockRow,
    Message,
    Queue,
    ReplyTemplate,
    ReplyTemplateVersion,
    TemplateOffer,
    TemplateUse,
    Ticket,
    User,
)
from helpdesk.models.scope import usable_template
from helpdesk.storage import session

MOST_SHOWN = 1_000
MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Figures:
    """How a template did since its first use. Shares are 0..1, None without a use.

    ``rewritten`` is the mean of edit distance over the length of the filled text, at most 1 each;
    ``reopened`` counts tickets that the customer reopened after it was sent on them.
    """

    uses: int
    unchanged: float | None
    rewritten: float | None
    reopened: float | None
    offered: float | None  # share of the uses that came from the three suggestions
    accepted: float | None  # of the replies on whose tickets it was suggested first, those written from it
    suggested: int  # how many those are
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class Shelved:
    template: Template
    active: bool
    queue: Label | None
    queue_id: int | None
    editable: bool
    figures: Figures


@dataclass(frozen=True, slots=True)
class VersionRow:
    version: int
    at: datetime
    author: str | None  # None: shipped with the program
    title: Label
    body: Label
    words: str
    marks_solution: bool
    set_status: str | None
    actions: tuple[Any, ...]


def library(actor: Actor) -> tuple[Shelved, ...]:
    """All templates the actor may use or manage, retired ones too, in the order of their codes. One statement."""
    rows = session().execute(_listed(actor).order_by(ReplyTemplate.code).limit(MOST_SHOWN))
    return tuple(_shelved(row, actor) for row in rows)


def one(template_id: int, actor: Actor) -> Shelved:
    """One of them; ``NotFound`` outside the actor's sight."""
    row = session().execute(_listed(actor).where(ReplyTemplate.id == template_id)).one_or_none()
    if row is None:
        raise NotFound("template.not_found")
    return _shelved(row, actor)


def versions(template_id: int) -> tuple[VersionRow, ...]:
    """What a template said, newest first; who asks has looked at ``one`` before."""
    rows = session().execute(
        select(ReplyTemplateVersion, User.name)
        .outerjoin(User, User.id == ReplyTemplateVersion.created_by_id)
        .where(ReplyTemplateVersion.template_id == template_id)
        .order_by(ReplyTemplateVersion.version.desc())
        .limit(MOST_VERSIONS)
    )
    return tuple(
        VersionRow(
            version=row.version,
            at=row.created_at,
            author=author,
            title=Label(row.title_zh, row.title_en),
            body=Label(row.body_zh, row.body_en),
            words=row.words,
            marks_solution=row.marks_solution,
            set_status=row.set_status,
            actions=parse(row.actions),
        )
        for row, author in rows
    )


def queues() -> tuple[tuple[int, str, Label], ...]:
    """Id, code and name of the queues in use, in their order."""
    rows = session().execute(
        select(Queue.id, Queue.code, Queue.name_zh, Queue.name_en).where(Queue.active).order_by(Queue.position)
    )
    return tuple((id, code, Label(zh, en)) for id, code, zh, en in rows)


def _listed(actor: Actor) -> Select[Any]:
    share = case(
        (TemplateUse.length <= 0, 0.0),
        (TemplateUse.distance >= TemplateUse.length, 1.0),
        else_=TemplateUse.distance * 1.0 / TemplateUse.length,
    )
    again = exists().where(
        ClockRow.ticket_id == TemplateUse.ticket_id,
        ClockRow.kind == Kind.SOLUTION.value,
        ClockRow.cycle > 1,
        ClockRow.started_at > TemplateUse.created_at,
    )
    used = (
        select(
            TemplateUse.template_id.label("id"),
            func.count().label("uses"),
            func.sum(case((TemplateUse.distance == 0, 1), else_=0)).label("unchanged"),
            func.avg(share).label("rewritten"),
            func.count(TemplateUse.rank).label("offered"),
            func.max(TemplateUse.created_at).label("last_used"),
            func.count(TemplateUse.ticket_id.distinct()).label("tickets"),
            func.count(case((and_(Ticket.cycle > 1, again), TemplateUse.ticket_id)).distinct()).label("reopened"),
        )
        .join(Message, Message.id == TemplateUse.message_id)
        .join(Ticket, Ticket.id == TemplateUse.ticket_id)
        .group_by(TemplateUse.template_id)
        .subquery()
    )
    shown = _shown_first()
    editable_too = literal(False)
    if may_write_template(actor, "all", None, None):
        editable_too = ReplyTemplate.scope == "team"  # type: ignore[assignment]
    return (
        select(
            ReplyTemplate, ReplyTemplateVersion, Queue.name_zh, Queue.name_en, used, shown.c.suggested, shown.c.taken
        )
        .join(
            ReplyTemplateVersion,
            and_(
                ReplyTemplateVersion.template_id == ReplyTemplate.id,
                ReplyTemplateVersion.version == ReplyTemplate.version,
            ),
        )
        .outerjoin(Queue, Queue.id == ReplyTemplate.queue_id)
        .outerjoin(used, used.c.id == ReplyTemplate.id)
        .outerjoin(shown, shown.c.id == ReplyTemplate.id)
        .where(usable_template(actor) | editable_too)
    )


def _shown_first() -> Subquery:
    """By template: replies for which it stood first among the suggestions, and how many were written from it."""
    taken = and_(
        TemplateUse.message_id == TemplateOffer.message_id, TemplateUse.template_id == TemplateOffer.template_id
    )
    return (
        select(
            TemplateOffer.template_id.label("id"),
            func.count().label("suggested"),
            func.count(TemplateUse.message_id).label("taken"),
        )
        .outerjoin(TemplateUse, taken)
        .group_by(TemplateOffer.template_id)
        .subquery()
    )


def _shelved(row: Any, actor: Actor) -> Shelved:
    head, said = row.ReplyTemplate, row.ReplyTemplateVersion
    return Shelved(
        template=Template(
            id=head.id,
            code=head.code,
            version=head.version,
            type=head.type,
            scope=head.scope,
            shortcut=head.shortcut,
            title=Label(said.title_zh, said.title_en),
            body=Label(said.body_zh, said.body_en),
            marks_solution=said.marks_solution,
            set_status=said.set_status,
            words=tuple(said.words.splitlines()),
            actions=parse(said.actions),
        ),
        active=head.active,
        queue=Label(row.name_zh, row.name_en) if head.queue_id else None,
        queue_id=head.queue_id,
        editable=may_write_template(actor, head.scope, head.queue_id, head.owner_id),
        figures=_figures(row._mapping),
    )


def _figures(row: Mapping[str, Any]) -> Figures:
    uses, tickets, suggested = row["uses"] or 0, row["tickets"] or 0, row["suggested"] or 0
    return Figures(
        uses=uses,
        unchanged=row["unchanged"] / uses if uses else None,
        rewritten=float(row["rewritten"]) if uses else None,
        reopened=row["reopened"] / tickets if tickets else None,
        offered=row["offered"] / uses if uses else None,
        accepted=row["taken"] / suggested if suggested else None,
        suggested=suggested,
        last_used=row["last_used"],
    )
