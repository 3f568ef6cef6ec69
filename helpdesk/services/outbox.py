"""The outbox: what has to be told to the outside, written with its cause and delivered later.

Inside, exactly once: a unique key per row. Outside, at least once: a sender may have taken what we
did not hear of any more, so every try carries the row's key as a stable message id.

Delivery takes only what has a way out: replies on channels whose sender is registered. Everything
else stays ``waiting`` on purpose. A notice has no address yet, and a row marked ``done`` that reached
nobody would be a lie; what waited too long to be of use is withdrawn (``expire_notices``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from helpdesk.models import Channel, Customer, Message, Outbox, Ticket
from helpdesk.storage import insert_once, session

MAX_ATTEMPTS = 8
FIRST_RETRY_SECONDS = 30
LAST_RETRY_SECONDS = 3600
CLAIM_SECONDS = 120
NOTICE_USEFUL_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row to deliver now. ``key`` is the stable message id; ``attempts`` counts this try."""

    id: int
    key: str
    attempts: int
    ticket_id: int
    message_id: int
    sender: str
    channel: str
    buyer_id: str | None
    text: str


def put(
    kind: str,
    key: str,
    *,
    ticket_id: int | None,
    payload: Mapping[str, Any],
    now: datetime,
    message_id: int | None = None,
    delay_seconds: int = 0,
) -> int | None:
    """Add something to deliver, not before ``delay_seconds`` have passed; None if the key exists already.

    ``payload`` is code + parameters: ids, codes and figures, never a person's words.
    """
    not_before = now + timedelta(seconds=delay_seconds)
    return insert_once(
        Outbox,
        key=key,
        kind=kind,
        ticket_id=ticket_id,
        message_id=message_id,
        payload=dict(payload),
        state="waiting",
        not_before=not_before,
        next_try_at=not_before,
        attempts=0,
        created_at=now,
    )


def withdraw(key: str, *, now: datetime) -> bool:
    """Take a row back while it waits. False: it is on its way or gone, too late."""
    return _move(and_(Outbox.key == key, Outbox.state == "waiting"), state="withdrawn", done_at=now)


def claim(senders: Iterable[str], holder: str, *, now: datetime, limit: int = 20) -> list[Claimed]:
    """Take up to ``limit`` replies that are due and may go through one of ``senders``, for CLAIM_SECONDS.

    Of a ticket only the oldest unfinished row is taken, so order is kept while one waits for its next
    try. A claim that ran out (its process died) is taken again. A dead row holds up nobody.
    """
    wanted = sorted(senders)
    if not wanted:
        return []
    free = _free(now)
    ids = (
        session()
        .scalars(
            select(Outbox.id)
            .join(Ticket, Ticket.id == Outbox.ticket_id)
            .join(Channel, Channel.id == Ticket.channel_id)
            .where(
                Outbox.kind == "reply", Outbox.message_id.is_not(None), Channel.sender.in_(wanted), free, ~_overtakes()
            )
            .order_by(Outbox.next_try_at, Outbox.id)
            .limit(limit)
            .with_for_update(of=Outbox, skip_locked=True)
        )
        .all()
    )
    taken = session().scalars(
        update(Outbox)
        .where(Outbox.id.in_(ids), free)
        .values(
            state="claimed",
            claimed_by=holder,
            claimed_until=now + timedelta(seconds=CLAIM_SECONDS),
            attempts=Outbox.attempts + 1,
        )
        .returning(Outbox.id),
        execution_options={"synchronize_session": False},
    )
    return _claimed(list(taken))


def mark_done(row: Claimed, holder: str, *, now: datetime) -> bool:
    """The channel took it. False: the claim had run out and somebody else has it."""
    if not _move(_held(row, holder), state="done", done_at=now, error=None):
        return False
    _set_message(row, "sent")
    return True


def mark_failed(row: Claimed, holder: str, *, error: str, final: bool, jitter: float, now: datetime) -> bool:
    """The channel did not take it: try again later, or after the last try (or a ``final`` no) lay it aside as dead.

    ``error`` is a code; ``jitter`` from 0 to 1 spreads the tries of many. False: somebody else has it.
    """
    if final or row.attempts >= MAX_ATTEMPTS:
        if not _move(_held(row, holder), state="dead", done_at=now, error=error):
            return False
        _set_message(row, "failed")
        return True
    next_try_at = now + timedelta(seconds=retry_seconds(row.attempts, jitter))
    return _move(_held(row, holder), state="waiting", next_try_at=next_try_at, error=error)


def retry_dead(outbox_id: int, *, now: datetime) -> bool:
    """Somebody looked at a dead row and wants it tried anew. False: it isn't dead."""
    row = session().get(Outbox, outbox_id)
    if row is None or not _move(
        and_(Outbox.id == outbox_id, Outbox.state == "dead"),
        state="waiting",
        attempts=0,
        next_try_at=now,
        done_at=None,
    ):
        return False
    if row.message_id is not None:
        session().execute(update(Message).where(Message.id == row.message_id).values(state="queued"))
    return True


def expire_notices(now: datetime) -> int:
    """Withdraw notices that nobody was there to deliver for a week: old news alarm, they don't inform."""
    ended = session().scalars(
        update(Outbox)
        .where(Outbox.kind == "notice", Outbox.state == "waiting", Outbox.next_try_at < now - NOTICE_USEFUL_FOR)
        .values(state="withdrawn", done_at=now)
        .returning(Outbox.id),
        execution_options={"synchronize_session": False},
    )
    return len(ended.all())


def retry_seconds(attempts: int, jitter: float) -> int:
    """Seconds until the next try: doubled each time from 30 s up to an hour, then spread by up to a quarter."""
    doubled = min(FIRST_RETRY_SECONDS * 2 ** (attempts - 1), LAST_RETRY_SECONDS)
    return round(doubled * (1 + jitter / 4))


def _free(now: datetime) -> ColumnElement[bool]:
    waiting = and_(Outbox.state == "waiting", Outbox.next_try_at <= now, Outbox.not_before <= now)
    return or_(waiting, and_(Outbox.state == "claimed", Outbox.claimed_until < now))


def _overtakes() -> ColumnElement[bool]:
    """An older reply of the same ticket isn't finished."""
    older = aliased(Outbox)
    return exists().where(
        older.ticket_id == Outbox.ticket_id,
        older.kind == Outbox.kind,
        older.id < Outbox.id,
        older.state.in_(("waiting", "claimed")),
    )


def _held(row: Claimed, holder: str) -> ColumnElement[bool]:
    return and_(
        Outbox.id == row.id,
        Outbox.state == "claimed",
        Outbox.claimed_by == holder,
        Outbox.attempts == row.attempts,
    )


def _move(condition: ColumnElement[bool], **values: Any) -> bool:
    moved = session().scalars(
        update(Outbox).where(condition).values(claimed_by=None, claimed_until=None, **values).returning(Outbox.id),
        execution_options={"synchronize_session": False},
    )
    return moved.one_or_none() is not None


def _set_message(row: Claimed, state: str) -> None:
    """The message shows what became of it; one that a person marked as copied meanwhile stays so."""
    session().execute(
        update(Message).where(Message.id == row.message_id, Message.state.in_(("queued", "failed"))).values(state=state)
    )


def _claimed(ids: list[int]) -> list[Claimed]:
    rows = session().execute(
        select(
            Outbox.id,
            Outbox.key,
            Outbox.attempts,
            Outbox.ticket_id,
            Outbox.message_id,
            Channel.sender,
            Channel.code,
            Customer.buyer_id,
            Message.text,
        )
        .join(Ticket, Ticket.id == Outbox.ticket_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .join(Message, Message.id == Outbox.message_id)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .where(Outbox.id.in_(ids))
        .order_by(Outbox.id)
    )
    return [Claimed(*row) for row in rows]  # type: ignore[arg-type]  # claim() asked for rows that have them
