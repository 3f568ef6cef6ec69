"""Shops: what they are called, whether they take new tickets, and whether customers may help themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import func, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.channels import checked_code, checked_name
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale
from helpdesk.models import Shop
from helpdesk.services import events
from helpdesk.storage import session

MOST_SHOPS = 100


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """``self_service``: customers find their orders and tickets on the shop's help page."""

    name: str
    timezone: str = "Asia/Shanghai"
    active: bool = True
    self_service: bool = False


def create_shop(code: str, wanted: ShopSettings, *, actor: Actor, now: datetime) -> int:
    """A new shop; returns its id. ``Invalid`` for a bad code, name or zone, ``Conflict`` for a code that is taken."""
    actor.require(Permission.CHANNELS_MANAGE)
    code = checked_code(code)
    if session().scalar(select(Shop.id).where(Shop.code == code)) is not None:
        raise Conflict("channel.code_taken", code=code)
    if (session().scalar(select(func.count()).select_from(Shop)) or 0) >= MOST_SHOPS:
        raise Conflict("shop.too_many", most=MOST_SHOPS)
    shop = Shop(code=code, **_columns(wanted))
    session().add(shop)
    session().flush()
    events.record("shop.created", actor=actor, now=now, shop=shop.id, name=code)
    return shop.id


def update_shop(shop_id: int, version: int, wanted: ShopSettings, *, actor: Actor, now: datetime) -> None:
    """Change it as seen at ``version``. One that is switched off takes no new tickets; the old ones go on."""
    actor.require(Permission.CHANNELS_MANAGE)
    shop = session().get(Shop, shop_id, with_for_update=True)
    if shop is None:
        raise NotFound("shop.not_found")
    if shop.version != version:
        raise Stale("shop.stale")
    changes = events.apply_changes(shop, _columns(wanted))
    if changes:
        shop.version += 1
        events.record("shop.changed", actor=actor, now=now, shop=shop_id, name=shop.code, changes=changes)


def _columns(wanted: ShopSettings) -> dict[str, str | bool]:
    if wanted.timezone not in available_timezones():
        raise Invalid("shop.bad_timezone")
    return {
        "name": checked_name(wanted.name),
        "timezone": wanted.timezone,
        "active": wanted.active,
        "self_service": wanted.self_service,
    }
