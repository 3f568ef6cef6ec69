"""Rows of the history: how they are stored, and the events that tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from helpdesk.domain.calendars import Calendar
from helpdesk.domain.rulebook import RuleBook
from helpdesk.storage import Base, session

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class House:
    """Ids by code or login, and the rules and calendars (id, version, value) in force."""

    shops: Mapping[str, int]
    channels: Mapping[str, int]
    queues: Mapping[str, int]
    people: Mapping[str, int]
    system: int
    finance: int
    book: RuleBook
    calendars: Mapping[str, tuple[int, int, Calendar]]


def insert_rows(model: type[Base], rows: Rows) -> None:
    if rows:
        session().execute(insert(Base.metadata.tables[model.__tablename__]), rows)


def inserted_rows(model: Any, rows: Rows) -> list[int]:
    """Their ids, in order: nobody else plants meanwhile, and numbers are given in the order of the rows.

    To ask for them while inserting would send row by row.
    """
    before = session().scalar(select(func.max(model.id))) or 0
    insert_rows(model, rows)
    ids = list(session().scalars(select(model.id).where(model.id > before).order_by(model.id)))
    if len(ids) != len(rows):
        raise RuntimeError("somebody else was planting")
    return ids


def event(ticket: int, at: datetime, actor: int, code: str, *, source: str = "page", **params: Any) -> dict[str, Any]:
    return {"ticket_id": ticket, "at": at, "actor_id": actor, "source": source, "code": code, "params": params}
