"""Ticket numbers that people can read out: EX-261122-0042."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, update
from sqlalchemy.sql.dml import ReturningUpdate

from helpdesk.models import Shop, TicketNumber
from helpdesk.storage import Base, insert_once, plain_rows, session


def next_number(shop_id: int, created_at: datetime) -> str:
    """The next number of the ticket's day in the shop's zone. A rolled back transaction gives its number back."""
    shop = session().get_one(Shop, shop_id)
    day = created_at.astimezone(ZoneInfo(shop.timezone)).date()
    insert_once(TicketNumber, day=day, last=0)
    last: int = plain_rows(_next(), {"today": day}).scalar_one()
    return f"EX-{day:%y%m%d}-{last:04d}"


@cache
def _next() -> ReturningUpdate[int]:
    table = Base.metadata.tables[TicketNumber.__tablename__]
    return update(table).where(table.c.day == bindparam("today")).values(last=table.c.last + 1).returning(table.c.last)
