"""Ticket numbers that people can read out: EX-261122-0042."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import update

from helpdesk.models import Shop, TicketNumber
from helpdesk.storage import insert_once, session


def next_number(shop_id: int, created_at: datetime) -> str:
    """The next number of the ticket's day in the shop's zone. A rolled back transaction gives its number back."""
    shop = session().get_one(Shop, shop_id)
    day = created_at.astimezone(ZoneInfo(shop.timezone)).date()
    insert_once(TicketNumber, day=day, last=0)
    last = (
        session()
        .execute(
            update(TicketNumber)
            .where(TicketNumber.day == day)
            .values(last=TicketNumber.last + 1)
            .returning(TicketNumber.last)
            .execution_options(synchronize_session=False)
        )
        .scalar_one()
    )
    return f"EX-{day:%y%m%d}-{last:04d}"
