"""Saved views and how many tickets stand in each: one statement for the views, one for all their counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select, union

from helpdesk.domain.access import Actor, Permission, may_write_view
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.domain.ticket_filter import Tab
from helpdesk.domain.views import ListView
from helpdesk.models import Queue, SavedView, Stint, Ticket, User
from helpdesk.models.scope import asks, listed, usable_view
from helpdesk.models.ticket_filter import conditions, tab_condition
from helpdesk.models.tickets import is_active
from helpdesk.queries.keyset import Statement
from helpdesk.queries.own_tickets import HERE, count_of, in_his_name
from helpdesk.storage import UTCDateTime, plain_rows, session

STATEMENTS_KEPT = 256
MOST_COUNTED_LISTS = 40
"""No menu shows more, and each costs a look at the tickets."""

SCOPES = ("personal", "team", "all")


@dataclass(frozen=True, slots=True)
class View:
    """A saved view. ``args`` is its list as it stands in an address; ``editable``: the actor may change it."""

    id: int
    scope: str
    owner_id: int
    owner: str
    queue_id: int | None
    queue: Label | None
    name: str
    args: Mapping[str, str]
    version: int
    editable: bool


def views(actor: Actor) -> list[View]:
    """Those the actor may use: his own, his queues', everybody's, each in their order. One statement."""
    rows = session().execute(_views().where(usable_view(actor))).all()
    found = [_view(row, actor) for row in rows]
    return sorted(found, key=lambda one: SCOPES.index(one.scope))


def view(view_id: int, actor: Actor) -> View:
    """One of them; ``NotFound`` outside the actor's reach."""
    row = session().execute(_views().where(SavedView.id == view_id, usable_view(actor))).one_or_none()
    if row is None:
        raise NotFound("view.not_found")
    return _view(row, actor)


def counts(lists: Sequence[ListView], actor: Actor, now: datetime) -> list[int | None]:
    """How many tickets each list shows, up to ``MOST_COUNTED``. One statement for all of them.

    None where ended tickets stand too: those are searched, not counted.
    """
    counted = tuple(dict.fromkeys(one for one in lists if one.chosen.only_active))[:MOST_COUNTED_LISTS]
    if not counted or not actor.may(Permission.TICKETS_READ):
        return [None] * len(lists)
    plain = tuple(ListView(one.chosen, one.tab) for one in counted)
    if any(one.chosen.hangs_on_the_present for one in plain):
        statement = _counts.__wrapped__(plain, actor, now)
    else:
        statement = _counts(plain, actor, bindparam("now", type_=UTCDateTime))
    row = plain_rows(statement, {"now": now}).one()
    found = dict(zip(counted, row, strict=True))
    return [found.get(one) for one in lists]


def _views() -> Statement:
    return (
        select(
            SavedView.id,
            SavedView.scope,
            SavedView.owner_id,
            User.name.label("owner"),
            SavedView.queue_id,
            Queue.name_zh,
            Queue.name_en,
            SavedView.name,
            SavedView.filter,
            SavedView.columns,
            SavedView.sort,
            SavedView.version,
        )
        .join(User, User.id == SavedView.owner_id)
        .outerjoin(Queue, Queue.id == SavedView.queue_id)
        .order_by(Queue.position, SavedView.queue_id, SavedView.position, SavedView.id)
    )


def _view(row: Any, actor: Actor) -> View:
    args = {**row.filter, "columns": ",".join(row.columns), "sort": row.sort}
    return View(
        id=row.id,
        scope=row.scope,
        owner_id=row.owner_id,
        owner=row.owner,
        queue_id=row.queue_id,
        queue=Label(row.name_zh, row.name_en) if row.name_zh else None,
        name=row.name,
        args={name: value for name, value in args.items() if value},
        version=row.version,
        editable=may_write_view(actor, row.scope, row.queue_id, row.owner_id),
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _counts(lists: tuple[ListView, ...], actor: Actor, now: Any) -> Statement:
    return select(*(count_of(_rows(one, actor, now)).label(f"list_{place}") for place, one in enumerate(lists)))


def _rows(one: ListView, actor: Actor, now: Any) -> Any:
    """A one for each ticket of the list; what is in his own name is found by its own indexes."""
    asked = [condition for condition in conditions(one.chosen, actor, now) if condition is not is_active]
    if one.tab is Tab.ASSISTS:
        return HERE.select_from(Stint).join(Ticket, Ticket.id == Stint.ticket_id).where(asks(actor), is_active, *asked)
    if one.tab is Tab.MINE:
        mine = union(*in_his_name(actor.id)).subquery()
        return HERE.select_from(mine).join(Ticket, Ticket.id == mine.c.id).where(is_active, *asked)
    return HERE.select_from(Ticket).where(is_active, listed(actor), tab_condition(one.tab, actor), *asked)
