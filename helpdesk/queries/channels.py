"""Shops and channels as their pages show them, with how their replies fare. What signs never leaves this way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, case, func, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.channels import test_prefix
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.models import Channel, Outbox, Shop, Ticket
from helpdesk.storage import session

MOST = 200
LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """``waiting`` and ``dead`` count replies that are not sent yet, and that failed; ``last_sent_at`` is of a week.

    ``held_until``: the other side asked for rest.
    """

    id: int
    code: str
    name: Label
    sender: str
    url: str
    mailbox: str
    active: bool
    held_until: datetime | None
    version: int
    waiting: int
    dead: int
    last_sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShopRow:
    id: int
    code: str
    name: str
    timezone: str
    active: bool
    self_service: bool
    version: int


@dataclass(frozen=True, slots=True)
class Way:
    """How a reply fares: ``tries`` so far, the next one at ``next_try_at`` (UTC), the ``error`` of the last."""

    state: str
    tries: int
    next_try_at: datetime
    error: str | None


def channels(actor: Actor, *, now: datetime) -> list[ChannelRow]:
    """All of them, those in use first. One statement."""
    actor.require(Permission.CHANNELS_MANAGE)
    rows = session().execute(_channels(now).order_by(Channel.active.desc(), Channel.id).limit(MOST))
    return [_row(row) for row in rows]


def channel(channel_id: int, actor: Actor, *, now: datetime) -> ChannelRow:
    actor.require(Permission.CHANNELS_MANAGE)
    found = session().execute(_channels(now).where(Channel.id == channel_id)).one_or_none()
    if found is None:
        raise NotFound("channel.not_found")
    return _row(found)


def shops(actor: Actor) -> list[ShopRow]:
    """All of them, those in use first."""
    actor.require(Permission.CHANNELS_MANAGE)
    found = session().scalars(select(Shop).order_by(Shop.active.desc(), Shop.id).limit(MOST))
    return [_shop(one) for one in found]


def shop(shop_id: int, actor: Actor) -> ShopRow:
    actor.require(Permission.CHANNELS_MANAGE)
    found = session().get(Shop, shop_id)
    if found is None:
        raise NotFound("shop.not_found")
    return _shop(found)


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of the last test: ``state`` waiting, claimed, done or withdrawn with the ``error``."""

    state: str
    at: datetime
    error: str | None


def last_test(channel_id: int) -> Tested | None:
    """The last one that somebody asked for."""
    begins = test_prefix(channel_id)
    row = (
        session()
        .execute(
            select(Outbox.state, Outbox.created_at, Outbox.error)
            .where(Outbox.key > begins, Outbox.key < f"{begins}~", Outbox.kind == "test")
            .order_by(Outbox.id.desc())
            .limit(1)
        )
        .one_or_none()
    )
    return Tested(*row) if row is not None else None


def ways(message_ids: list[int]) -> dict[int, Way]:
    """How these replies fare on their way out. One statement; none for no messages."""
    if not message_ids:
        return {}
    rows = session().execute(
        select(Outbox.message_id, Outbox.state, Outbox.attempts, Outbox.next_try_at, Outbox.error).where(
            Outbox.key.in_([f"message:{message_id}" for message_id in message_ids])
        )
    )
    return {row.message_id: Way(row.state, row.attempts, row.next_try_at, row.error) for row in rows}


def _channels(now: datetime) -> Select[*tuple[Any, ...]]:
    """Each channel with the counts of its replies, which the outbox's partial indexes give."""
    fare = (
        select(
            Ticket.channel_id.label("channel_id"),
            func.sum(case((Outbox.state.in_(("waiting", "claimed")), 1), else_=0)).label("waiting"),
            func.sum(case((Outbox.state == "dead", 1), else_=0)).label("dead"),
            func.max(case((Outbox.state == "done", Outbox.done_at))).label("last_sent_at"),
        )
        .join(Ticket, Ticket.id == Outbox.ticket_id)
        .where(
            Outbox.kind == "reply",
            Outbox.state.in_(("waiting", "claimed", "dead")) | (Outbox.done_at > now - LATELY),
        )
        .group_by(Ticket.channel_id)
        .subquery()
    )
    return select(
        Channel,
        func.coalesce(fare.c.waiting, 0).label("waiting"),
        func.coalesce(fare.c.dead, 0).label("dead"),
        fare.c.last_sent_at,
    ).outerjoin(fare, fare.c.channel_id == Channel.id)


def _row(found: Row[Any]) -> ChannelRow:
    one: Channel = found[0]
    return ChannelRow(
        id=one.id,
        code=one.code,
        name=Label(one.name_zh, one.name_en),
        sender=one.sender or "",
        url=one.settings.get("url", ""),
        mailbox=one.settings.get("from", ""),
        active=one.active,
        held_until=one.held_until,
        version=one.version,
        waiting=found.waiting,
        dead=found.dead,
        last_sent_at=found.last_sent_at,
    )


def _shop(one: Shop) -> ShopRow:
    return ShopRow(one.id, one.code, one.name, one.timezone, one.active, one.self_service, one.version)
