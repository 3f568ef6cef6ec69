"""Saved views and how many tickets stand in each: one statement for the views, one for all their counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, select, union, union_all

from helpdesk.domain.access import Actor, Permission, Scope, may_write_view
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.domain.ticket_filter import ME, Tab
from helpdesk.domain.views import ListView
from helpdesk.models import Queue, SavedView, Stint, Ticket, User
from helpdesk.models.scope import asks, listed, usable_view
from helpdesk.models.ticket_filter import conditions, tab_condition
from helpdesk.models.tickets import is_active
from helpdesk.queries.keyset import Statement
from helpdesk.queries.own_tickets import HERE, count_of, elsewhere, in_his_name
from helpdesk.queries.present import Present
from helpdesk.storage import constants, plain_rows, session

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
    found = [_view(row, actor) for row in plain_rows(_usable(actor))]
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
    if any(one.chosen.stuck for one in plain):  # which waits are too long is for the rules in force to say
        statement, present = _counts.__wrapped__(plain, actor)
    else:
        statement, present = _counts(plain, actor)
    row = plain_rows(statement, present.values(now)).one()
    found = dict(zip(counted, row, strict=True))
    return [found.get(one) for one in lists]


@lru_cache(maxsize=STATEMENTS_KEPT)
def _usable(actor: Actor) -> Statement:
    return _views().where(usable_view(actor))


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
def _counts(lists: tuple[ListView, ...], actor: Actor) -> tuple[Statement, Present]:
    present = Present()
    mine = union(*in_his_name(actor.id)).cte("mine")
    others = elsewhere(actor.id, asks(actor), sorted(actor.queues)).cte("elsewhere")
    counted = (count_of(_rows(one, actor, present, mine, others)) for one in lists)
    return select(*(count.label(f"list_{place}") for place, count in enumerate(counted))), present


def _rows(one: ListView, actor: Actor, now: Any, mine: CTE, others: CTE) -> Any:
    """A one for each ticket of the list: in his queues by their indexes, and the few elsewhere that are his.

    What is in his own name is found by its own indexes.
    """
    chosen = one.chosen
    in_his_name_alone = one.tab is Tab.MINE or chosen.owner == ME
    if chosen.owner == ME:
        chosen = replace(chosen, owner="")
    asked = [condition for condition in conditions(chosen, actor, now) if condition is not is_active]
    if one.tab is Tab.ASSISTS:
        return HERE.select_from(Stint).join(Ticket, Ticket.id == Stint.ticket_id).where(asks(actor), is_active, *asked)
    if one.tab is not Tab.MINE:
        asked.append(tab_condition(one.tab, actor))
    rows = HERE.select_from(Ticket).where(is_active, *asked)
    if in_his_name_alone:
        return rows.join(mine, mine.c.id == Ticket.id)
    if actor.scope(Permission.TICKETS_READ) is Scope.ALL:  # queue by queue, as the indexes are
        return rows.where(listed(actor), Ticket.queue_id.in_(select(Queue.id)))
    here = rows.where(Ticket.queue_id.in_(constants(sorted(actor.queues))))
    return union_all(here, rows.join(others, others.c.id == Ticket.id))
