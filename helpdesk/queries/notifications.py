"""One's bell: how much is unread, page by page, and what one has chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.notices import KINDS
from helpdesk.domain.rulebook import Label
from helpdesk.models import Notification, NotificationChoice, NotificationTarget, Queue, Ticket, User
from helpdesk.queries.keyset import Cursor, Key, sorted_page
from helpdesk.storage import session

PAGE = 30
COUNTED = 100
"""An unread count of this many is said as 99+."""


@dataclass(frozen=True, slots=True)
class BellRow:
    """One line. Ids of people and queues among ``params`` have been replaced by their names."""

    id: int
    kind: str
    params: Mapping[str, Any]
    ticket_number: str | None
    created_at: datetime
    read: bool


@dataclass(frozen=True, slots=True)
class Bell:
    """A page, newest first. ``next_cursor`` None: nothing is older."""

    rows: tuple[BellRow, ...]
    next_cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Where somebody hears of a kind. ``outside`` False: it never leaves the bell."""

    kind: str
    bell: bool
    mail: bool
    outside: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """One's own mailbox and its times: minutes since midnight in the shop's zone, seconds of a digest."""

    version: int
    email: str | None
    quiet: tuple[int, int] | None
    digest_seconds: int


def unread_count(actor: Actor) -> int:
    """Unread lines, counted up to ``COUNTED``. One statement; every page asks it."""
    some = (
        select(Notification.id)
        .where(Notification.user_id == actor.id, Notification.read_at.is_(None))
        .limit(COUNTED)
        .subquery()
    )
    return session().scalar(select(func.count()).select_from(some)) or 0


def bell(actor: Actor, cursor: Cursor | None = None, *, unread_only: bool = False, limit: int = PAGE) -> Bell:
    """What the actor has been told, newest first."""
    statement = (
        select(
            Notification.id,
            Notification.kind,
            Notification.params,
            Ticket.number,
            Notification.created_at,
            Notification.read_at.is_not(None).label("read"),
        )
        .outerjoin(Ticket, Ticket.id == Notification.ticket_id)
        .where(Notification.user_id == actor.id)
        .limit(limit + 1)
    )
    if unread_only:
        statement = statement.where(Notification.read_at.is_(None))
    key = Key("id", Notification.id.expression, descending=True)
    rows = session().execute(sorted_page(statement, [key], cursor)).all()
    shown = rows[:limit]
    names = names_of([row.params for row in shown])
    further = Cursor(id=shown[-1].id) if len(rows) > limit else None
    return Bell(
        tuple(
            BellRow(row.id, row.kind, named(row.params, names), row.number, row.created_at, row.read) for row in shown
        ),
        further,
    )


def choices(actor: Actor) -> list[Choice]:
    """All kinds, with what the actor chose or their default."""
    chosen = {
        row.kind: row
        for row in session().scalars(select(NotificationChoice).where(NotificationChoice.user_id == actor.id))
    }
    return [
        Choice(
            kind=code,
            bell=chosen[code].bell if code in chosen else kind.bell,
            mail=chosen[code].mail if code in chosen else kind.mail,
            outside=kind.outside,
        )
        for code, kind in KINDS.items()
    ]


def delivery(actor: Actor) -> Delivery:
    """Where and when the actor's mail reaches him."""
    user = session().get_one(User, actor.id)
    quiet = (user.quiet_from, user.quiet_to) if user.quiet_from is not None and user.quiet_to is not None else None
    return Delivery(user.version, user.email, quiet, user.digest_seconds)


@dataclass(frozen=True, slots=True)
class Names:
    """What ids and codes in the parameters of news are called."""

    users: Mapping[int, str]
    queues: Mapping[object, Label]
    addresses: Mapping[str, str]


USERS = ("user", "by", "asked_by", "previous")
QUEUES = ("queue", "from", "to")


def names_of(many: list[Mapping[str, Any]]) -> Names:
    """The names that these parameters need, in at most three statements."""
    users = {params[name] for params in many for name in USERS if isinstance(params.get(name), int)}
    queues = any(params.get(name) is not None for params in many for name in QUEUES)
    addresses = {str(params["address"]) for params in many if "address" in params}
    users |= {int(address.partition(":")[2]) for address in addresses if address.startswith("user:")}
    known: dict[int, str] = {}
    if users:
        known = {row.id: row.name for row in session().execute(select(User.id, User.name).where(User.id.in_(users)))}
    called: dict[object, Label] = {}
    if queues:
        for row in session().execute(select(Queue.id, Queue.code, Queue.name_zh, Queue.name_en)):
            called[row.id] = called[row.code] = Label(row.name_zh, row.name_en)
    places = {f"user:{user}": name for user, name in known.items()}
    if targets := [int(address.partition(":")[2]) for address in addresses if address.startswith("target:")]:
        rows = session().execute(
            select(NotificationTarget.id, NotificationTarget.name).where(NotificationTarget.id.in_(targets))
        )
        places |= {f"target:{target}": name for target, name in rows}
    return Names(known, called, places)


def named(params: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The parameters with names for ids; what has none stays as it is."""
    shown = dict(params)
    for name in USERS:
        if isinstance(params.get(name), int):
            shown[name] = names.users.get(params[name], f"#{params[name]}")
    for name in QUEUES:
        if params.get(name) in names.queues:
            shown[name] = names.queues[params[name]]
    if params.get("address") in names.addresses:
        shown["address"] = names.addresses[params["address"]]
    return shown
