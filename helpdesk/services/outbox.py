"""The outbox: what has to be told to the outside, written with its cause and delivered later.

Inside, exactly once: a unique key per row. Outside, at least once: a sender may have taken what we
did not hear of any more, so every try carries the row's key as a stable message id.

Delivery takes only what has a way out: replies on channels whose sender is registered. Everything
else stays ``waiting`` on purpose. A notice is spread to whom it concerns (``services.notices``), and the news
that come of it travel in envelopes (``services.envelopes``); what waited too long to be of use is withdrawn
(``expire_notices``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from helpdesk.models import Channel, Customer, Inbound, Message, Order, Outbox, Shop, Ticket
from helpdesk.services import attempts
from helpdesk.services.attempts import Patience
from helpdesk.storage import insert_all_once, insert_once, session

REPLIES = Patience(most=8, first_seconds=30, last_seconds=3600)
"""A customer waits: after an hour of tries a person has to look."""

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
    channel_id: int
    channel: str
    shop: str
    ticket: str
    order_number: str
    buyer_id: str
    text: str
    sent_at: datetime
    settings: Mapping[str, Any]
    secret: Mapping[str, Any] = field(repr=False)
    answers: str


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


def put_all(kind: str, things: Sequence[tuple[str, int, Mapping[str, Any]]], *, now: datetime) -> None:
    """``put`` for many at once: key, ticket id and payload of each."""
    insert_all_once(
        Outbox,
        [
            {
                "key": key,
                "kind": kind,
                "ticket_id": ticket_id,
                "payload": dict(payload),
                "state": "waiting",
                "not_before": now,
                "next_try_at": now,
                "attempts": 0,
                "created_at": now,
            }
            for key, ticket_id, payload in things
        ],
    )


def withdraw(key: str, *, now: datetime) -> bool:
    """Take a row back while it waits. False: it is on its way or gone, too late."""
    return attempts.move(Outbox, and_(Outbox.key == key, Outbox.state == "waiting"), state="withdrawn", done_at=now)


def claim(
    senders: Iterable[str], holder: str, *, now: datetime, limit: int = 20, resting: Collection[int] = ()
) -> list[Claimed]:
    """Take up to ``limit`` replies that are due and may go through one of ``senders``, for CLAIM_SECONDS.

    Of a ticket only the oldest unfinished row is taken, so order is kept while one waits for its next
    try. A claim that ran out (its process died) is taken again. A dead row holds up nobody. Channels that asked for
    rest are left alone, and those in ``resting`` (ids); what a person carried over meanwhile isn't sent any more.
    """
    wanted = sorted(senders)
    if not wanted:
        return []
    ids = (
        session()
        .scalars(
            select(Outbox.id)
            .join(Ticket, Ticket.id == Outbox.ticket_id)
            .join(Channel, Channel.id == Ticket.channel_id)
            .join(Message, Message.id == Outbox.message_id)
            .where(
                Outbox.kind == "reply",
                Outbox.message_id.is_not(None),
                Outbox.not_before <= now,
                Channel.sender.in_(wanted),
                Channel.id.not_in(list(resting)),
                or_(Channel.held_until.is_(None), Channel.held_until <= now),
                Message.state == "queued",
                attempts.is_free(Outbox, now),
                ~_overtakes(),
            )
            .order_by(Outbox.next_try_at, Outbox.id)
            .limit(limit)
            .with_for_update(of=Outbox, skip_locked=True)
        )
        .all()
    )
    return _claimed(attempts.take(Outbox, ids, holder, now=now))


def mark_done(row: Claimed, holder: str, *, now: datetime) -> bool:
    """The channel took it. False: the claim had run out and somebody else has it."""
    if not attempts.move(Outbox, _held(row, holder), state="done", done_at=now, error=None):
        return False
    _set_message(row, "sent")
    return True


def mark_failed(
    row: Claimed,
    holder: str,
    *,
    error: str,
    final: bool,
    jitter: float,
    now: datetime,
    retry_after: int | None = None,
) -> bool:
    """The channel did not take it: try again later, or after the last try (or a ``final`` no) lay it aside as dead.

    ``error`` is a code; ``jitter`` from 0 to 1 spreads the tries of many. ``retry_after`` seconds the whole channel
    rests. False: somebody else has it.
    """
    not_before = None if retry_after is None else now + timedelta(seconds=retry_after)
    state = attempts.fail(
        Outbox,
        _held(row, holder),
        row.attempts,
        REPLIES,
        error=error,
        final=final,
        jitter=jitter,
        now=now,
        not_before=not_before,
    )
    if not_before is not None:
        session().execute(update(Channel).where(Channel.id == row.channel_id).values(held_until=not_before))
    if state == "dead":
        _set_message(row, "failed")
        tell_of_dead("reply", row.id, error, ticket_id=row.ticket_id, now=now)
    return state is not None


def put_back(row: Claimed, holder: str, *, now: datetime) -> bool:
    """It wasn't tried after all: it waits again as if nobody had taken it. False: somebody else has it."""
    return attempts.move(Outbox, _held(row, holder), state="waiting", next_try_at=now, attempts=row.attempts - 1)


def tell_of_dead(address: str, row_id: int, error: str, *, ticket_id: int | None, now: datetime) -> None:
    """The notice that something could not be delivered: under the admins' bells, never outside, lest it die too.

    One a day for each ``address``, such as ``target:3``, so that a revoked token doesn't fill the list; a reply
    that a customer waits for (``reply``) is told of each time.
    """
    each = f":{row_id}" if address == "reply" else ""
    put(
        "notice",
        f"dead:{address}{each}:{now:%Y%m%d}",
        ticket_id=ticket_id,
        payload={"code": "outbox.dead", "params": {"address": address, "error": error}, "notify": ["role:admin"]},
        now=now,
    )


def retry_dead(outbox_id: int, *, now: datetime) -> bool:
    """Somebody looked at a dead row and wants it tried anew. False: it isn't dead."""
    row = session().get(Outbox, outbox_id)
    if row is None or not attempts.revive(Outbox, outbox_id, now=now):
        return False
    if row.message_id is not None:
        session().execute(update(Message).where(Message.id == row.message_id).values(state="queued"))
    return True


def expire_notices(now: datetime) -> int:
    """Withdraw notices and news that had no way out for a week: old news alarm, they don't inform."""
    ended = session().scalars(
        update(Outbox)
        .where(
            Outbox.kind.in_(("notice", "news")),
            Outbox.state == "waiting",
            Outbox.next_try_at < now - NOTICE_USEFUL_FOR,
        )
        .values(state="withdrawn", done_at=now)
        .returning(Outbox.id),
        execution_options={"synchronize_session": False},
    )
    return len(ended.all())


def _overtakes() -> ColumnElement[bool]:
    """An older reply of the same ticket isn't finished."""
    older = aliased(Outbox)
    return exists().where(
        older.ticket_id == Outbox.ticket_id,
        older.kind == Outbox.kind,
        older.id < Outbox.id,
        attempts.is_unfinished(older),
    )


def _held(row: Claimed, holder: str) -> ColumnElement[bool]:
    return attempts.is_held(Outbox, row.id, row.attempts, holder)


def _set_message(row: Claimed, state: str) -> None:
    """The message shows what became of it; one that a person marked as copied meanwhile stays so."""
    session().execute(
        update(Message).where(Message.id == row.message_id, Message.state.in_(("queued", "failed"))).values(state=state)
    )


def _claimed(ids: list[int]) -> list[Claimed]:
    said = (
        select(Inbound.external_id)
        .where(Inbound.ticket_id == Outbox.ticket_id, Inbound.message_id < Outbox.message_id)
        .order_by(Inbound.message_id.desc())
        .limit(1)
        .correlate(Outbox)
    )
    rows = session().execute(
        select(
            Outbox.id,
            Outbox.key,
            Outbox.attempts,
            Outbox.ticket_id,
            Outbox.message_id,
            Channel.sender,
            Channel.id.label("channel_id"),
            Channel.code.label("channel"),
            Shop.name.label("shop"),
            Ticket.number.label("ticket"),
            func.coalesce(Order.number, "").label("order_number"),
            func.coalesce(Customer.buyer_id, "").label("buyer_id"),
            Message.text,
            Message.sent_at,
            Channel.settings,
            Channel.secret,
            func.coalesce(said.scalar_subquery(), "").label("answers"),
        )
        .join(Ticket, Ticket.id == Outbox.ticket_id)
        .join(Shop, Shop.id == Ticket.shop_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .join(Message, Message.id == Outbox.message_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .where(Outbox.id.in_(ids))
        .order_by(Outbox.id)
    )
    return [Claimed(**row._mapping) for row in rows]
