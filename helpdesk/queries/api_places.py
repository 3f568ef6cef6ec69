"""What codes stand for, as the API tells them: shops, channels, queues. One statement each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, true

from helpdesk.domain.access import Actor
from helpdesk.domain.rulebook import Label
from helpdesk.models import Channel, Queue, Shop
from helpdesk.storage import session

MOST = 500


@dataclass(frozen=True, slots=True)
class Place:
    id: int
    code: str
    name: Label
    active: bool
    timezone: str = ""
    sends: bool = False  # carries our replies by itself


def shops(actor: Actor) -> tuple[Place, ...]:
    """Those that the actor reaches."""
    within = Shop.id == actor.shop if actor.shop is not None else true()
    rows = session().scalars(select(Shop).where(within).order_by(Shop.code).limit(MOST))
    return tuple(Place(row.id, row.code, Label(row.name, row.name), row.active, row.timezone) for row in rows)


def channels() -> tuple[Place, ...]:
    rows = session().scalars(select(Channel).order_by(Channel.code).limit(MOST))
    return tuple(
        Place(row.id, row.code, Label(row.name_zh, row.name_en), row.active, sends=row.sender is not None)
        for row in rows
    )


def queues() -> tuple[Place, ...]:
    rows = session().scalars(select(Queue).order_by(Queue.position, Queue.id).limit(MOST))
    return tuple(Place(row.id, row.code, Label(row.name_zh, row.name_en), row.active) for row in rows)


@dataclass(frozen=True, slots=True)
class Where:
    """A shop and a channel by their ids."""

    shop_id: int
    channel_id: int


def where(shop: str | None, channel: str, actor: Actor) -> Where | None:
    """The ids of these codes; None where there is no such place in the actor's reach, or it takes nothing new.

    Without a shop's code the one shop is meant that the actor's token reaches.
    """
    if shop is None and actor.shop is None:
        return None
    asked = Shop.id == actor.shop if actor.shop is not None else true()
    if shop is not None:
        asked &= Shop.code == shop
    row = (
        session()
        .execute(
            select(Shop.id.label("shop_id"), Channel.id.label("channel_id"))
            .select_from(Shop)
            .join(Channel, true())
            .where(asked, Channel.code == channel, Shop.active, Channel.active)
        )
        .one_or_none()
    )
    return Where(row.shop_id, row.channel_id) if row else None
