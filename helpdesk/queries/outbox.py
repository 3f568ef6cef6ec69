"""What could not be delivered, and what became of a test message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, literal, or_, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.domain.targets import may_manage
from helpdesk.models import Channel, Envelope, Message, NotificationTarget, Outbox, Ticket, User
from helpdesk.models.dead_letters import dead_envelopes, dead_replies
from helpdesk.storage import session

PAGE = 50


@dataclass(frozen=True, slots=True)
class Dead:
    """One dead letter. ``kind``: reply or envelope; ``to``: the customer's channel, the person or the target.

    ``error`` is a code, perhaps with the other side's own after a colon (``wording.notices.failure_text``).
    ``pieces``: how many news an envelope carries; ``text`` what a reply says.
    """

    kind: str
    id: int
    died_at: datetime
    attempts: int
    error: str
    to: Label | str
    way: str
    ticket_number: str | None
    text: str | None
    pieces: int


@dataclass(frozen=True, slots=True)
class TestState:
    """What became of a test message: waiting, claimed, done, or withdrawn with the ``error``."""

    target_id: int
    state: str
    error: str | None
    done_at: datetime | None


class After(NamedTuple):
    """The letter behind which a page begins: when it died (UTC), its kind and id."""

    died_at: datetime
    kind: str
    id: int


def dead(actor: Actor, after: After | None = None, *, limit: int = PAGE) -> list[Dead]:
    """Dead letters that the actor may judge, the latest death first; ``after``: go on behind this one."""
    actor.require(Permission.OUTBOX_MANAGE)
    found = [*_replies(actor, after, limit), *_envelopes(actor, after, limit)]
    return sorted(found, key=_order, reverse=True)[:limit]


def dead_count(actor: Actor) -> int:
    """How many there are."""
    actor.require(Permission.OUTBOX_MANAGE)
    return session().scalar(select(dead_letters(actor))) or 0


def dead_letters(actor: Actor) -> ColumnElement[int]:
    """Their number as a column, for a badge beside other counts."""
    replies = select(func.count()).select_from(Outbox).where(dead_replies(actor)).scalar_subquery()
    envelopes = select(func.count()).select_from(Envelope).where(dead_envelopes(actor)).scalar_subquery()
    return replies + envelopes


def test_state(envelope_id: int, actor: Actor) -> TestState:
    """For who may manage the target. ``NotFound`` for anything that is not a test of his."""
    actor.require(Permission.TARGETS_MANAGE)
    row = (
        session()
        .execute(
            select(Envelope.target_id, Envelope.state, Envelope.error, Envelope.done_at, NotificationTarget.queue_id)
            .join(NotificationTarget, NotificationTarget.id == Envelope.target_id)
            .where(Envelope.id == envelope_id, Envelope.key.startswith("test:"))
        )
        .one_or_none()
    )
    if row is None or not may_manage(actor, row.queue_id):
        raise NotFound("target.no_such_target")
    return TestState(row.target_id, row.state, row.error, row.done_at)


def _replies(actor: Actor, after: After | None, limit: int) -> list[Dead]:
    statement = (
        select(
            Outbox.id,
            Outbox.done_at,
            Outbox.attempts,
            Outbox.error,
            Channel.code,
            Ticket.number,
            Message.text,
            Channel.name_zh,
            Channel.name_en,
        )
        .join(Ticket, Ticket.id == Outbox.ticket_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .outerjoin(Message, Message.id == Outbox.message_id)
        .where(dead_replies(actor))
        .order_by(Outbox.done_at.desc(), Outbox.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(_beyond(Outbox, after, "reply"))
    return [
        Dead(
            "reply",
            row.id,
            row.done_at,
            row.attempts,
            row.error or "",
            Label(row.name_zh, row.name_en),
            row.code,
            row.number,
            row.text,
            1,
        )
        for row in session().execute(statement)
    ]


def _envelopes(actor: Actor, after: After | None, limit: int) -> list[Dead]:
    pieces = select(func.count()).select_from(Outbox).where(Outbox.envelope_id == Envelope.id).scalar_subquery()
    statement = (
        select(
            Envelope.id,
            Envelope.done_at,
            Envelope.attempts,
            Envelope.error,
            func.coalesce(NotificationTarget.name, User.name).label("to"),
            func.coalesce(NotificationTarget.kind, "mail").label("way"),
            pieces.label("pieces"),
        )
        .outerjoin(User, User.id == Envelope.user_id)
        .outerjoin(NotificationTarget, NotificationTarget.id == Envelope.target_id)
        .where(dead_envelopes(actor))
        .order_by(Envelope.done_at.desc(), Envelope.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(_beyond(Envelope, after, "envelope"))
    return [
        Dead("envelope", row.id, row.done_at, row.attempts, row.error or "", row.to, row.way, None, None, row.pieces)
        for row in session().execute(statement)
    ]


def _order(letter: Dead) -> tuple[datetime, str, int]:
    return letter.died_at, letter.kind, letter.id


def _beyond(model: type[Outbox] | type[Envelope], after: After, kind: str) -> ColumnElement[bool]:
    """Rows that stand behind the letter: an earlier death, or the same instant and further down."""
    if kind == after.kind:
        same = and_(model.done_at == after.died_at, model.id < after.id)
    else:
        same = and_(model.done_at == after.died_at, literal(kind < after.kind))
    return or_(model.done_at < after.died_at, same)
