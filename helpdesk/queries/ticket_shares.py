"""Who is responsible for a ticket: what was ticked, what was said, who disputes it. One statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, String, and_, bindparam, case, cast, func, literal, null, select, union_all
from sqlalchemy.orm import aliased

from helpdesk.domain.responsibility import SAID
from helpdesk.domain.tickets import Party
from helpdesk.models import Appeal, Event, Note, Responsibility, TicketEvidence, User
from helpdesk.queries.keyset import Statement
from helpdesk.storage import UTCDateTime, constants, plain_rows

MOST = 200


@dataclass(frozen=True, slots=True)
class Tick:
    """A piece of evidence that somebody saw, or found missing."""

    present: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SaidShare:
    party: Party
    percent: int
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal with its reason, and the decision with its own. ``left_percent``: what it left of the share."""

    id: int
    version: int
    party: Party
    percent: int
    state: str
    by_id: int
    by: str
    at: datetime
    why: str
    decider: str | None
    decided_at: datetime | None
    answer: str
    left_percent: int


@dataclass(frozen=True, slots=True)
class TicketShares:
    """``revision`` is what a form about the shares is made on (``services.responsibility.revision_of``)."""

    evidence: Mapping[str, Tick]
    shares: tuple[SaidShare, ...]
    appeals: tuple[AppealView, ...]
    revision: int


def ticket_shares(ticket_id: int) -> TicketShares:
    """All that is known of the ticket's responsibility; shares the greatest first, appeals the latest first."""
    rows = plain_rows(_statement(), {"ticket": ticket_id}).all()
    parts: dict[str, list[Any]] = {"evidence": [], "share": [], "appeal": [], "said": []}
    for row in rows:
        parts[row.part].append(row)
    return TicketShares(
        evidence={row.code: Tick(bool(row.number), row.name, row.at) for row in parts["evidence"]},
        shares=tuple(SaidShare(Party(row.code), row.number, row.at) for row in parts["share"]),
        appeals=tuple(_appeal(row) for row in parts["appeal"]),
        revision=next((row.id or 0 for row in parts["said"]), 0),
    )


def _appeal(row: Any) -> AppealView:
    return AppealView(
        id=row.id,
        version=row.version,
        party=Party(row.code),
        percent=row.number,
        state=row.state,
        by_id=row.user_id,
        by=row.name,
        at=row.at,
        why=row.text,
        decider=row.decider,
        decided_at=row.decided_at,
        answer=row.answer or "",
        left_percent=row.left_percent,
    )


_NUMBER: Any = cast(null(), Integer)
_TEXT: Any = cast(null(), String)
_INSTANT: Any = cast(null(), UTCDateTime)


@cache
def _statement() -> Statement:
    """Built once: that takes longer than asking."""
    ticket: Any = bindparam("ticket")
    found = union_all(_evidence(ticket), _shares(ticket), _said(ticket), _appeals(ticket)).subquery()
    greatest_first = case((found.c.part == "share", found.c.number), else_=0).desc()
    return select(found).order_by(found.c.part, greatest_first, found.c.id.desc()).limit(MOST)


def _evidence(ticket: Any) -> Any:
    return (
        select(
            literal("evidence").label("part"),
            _NUMBER.label("id"),
            TicketEvidence.code.label("code"),
            case((TicketEvidence.present, 1), else_=0).label("number"),
            TicketEvidence.said_by_id.label("user_id"),
            User.name.label("name"),
            TicketEvidence.said_at.label("at"),
            _TEXT.label("text"),
            _TEXT.label("state"),
            _NUMBER.label("version"),
            _TEXT.label("decider"),
            _INSTANT.label("decided_at"),
            _TEXT.label("answer"),
            _NUMBER.label("left_percent"),
        )
        .join(User, User.id == TicketEvidence.said_by_id)
        .where(TicketEvidence.ticket_id == ticket)
    )


def _shares(ticket: Any) -> Any:
    row = Responsibility
    return select(
        *(literal("share"), row.id, row.party, row.percent, _NUMBER, _TEXT, row.settled_at),
        *(_TEXT, _TEXT, _NUMBER, _TEXT, _INSTANT, _TEXT, _NUMBER),
    ).where(row.ticket_id == ticket)


def _said(ticket: Any) -> Any:
    latest = and_(Event.ticket_id == ticket, Event.code.in_(constants(SAID)))
    return select(
        *(literal("said"), func.max(Event.id), _TEXT, _NUMBER, _NUMBER, _TEXT, _INSTANT),
        *(_TEXT, _TEXT, _NUMBER, _TEXT, _INSTANT, _TEXT, _NUMBER),
    ).where(latest)


def _appeals(ticket: Any) -> Any:
    decider, answer = aliased(User), aliased(Note)
    row = Appeal
    return (
        select(
            *(literal("appeal"), row.id, row.party, row.percent, row.appealed_by_id, User.name, row.appealed_at),
            *(Note.text, row.state, row.version, decider.name, row.decided_at, answer.text),
            func.coalesce(row.decided_percent, row.percent),
        )
        .join(User, User.id == row.appealed_by_id)
        .join(Note, Note.id == row.note_id)
        .outerjoin(decider, decider.id == row.decided_by_id)
        .outerjoin(answer, answer.id == row.decision_note_id)
        .where(row.ticket_id == ticket)
    )
