"""One's bell: how much is unread, page by page, and what one has chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.notices import kinds_for
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.models import Notification, NotificationChoice, NotificationTarget, Queue, Ticket, User
from helpdesk.queries.keyset import Cursor, Key, Statement, sorted_page
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
class State:
    """How many lines are unread, counted up to ``COUNTED``, and the id of the newest of all; 0 for none."""

    unread: int
    newest: int


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
    """Unread lines, counted up to ``COUNTED``. One statement."""
    some = (
        select(Notification.id)
        .where(Notification.user_id == actor.id, Notification.read_at.is_(None))
        .limit(COUNTED)
        .subquery()
    )
    return session().scalar(select(func.count()).select_from(some)) or 0


def unread_on(number: str, actor: Actor) -> int | None:
    """The id of the ticket, where the actor's bell says something unread of it. One statement."""
    return session().scalar(
        select(Ticket.id)
        .join(Notification, Notification.ticket_id == Ticket.id)
        .where(Notification.user_id == actor.id, Notification.read_at.is_(None), Ticket.number == number)
        .limit(1)
    )


def state(actor: Actor) -> State:
    """What the bell shows without being opened. One statement; every open page asks it several times a minute."""
    row = session().execute(_state(), {"actor": actor.id}).one()
    return State(row.unread, row.newest or 0)


@cache
def _state() -> Statement:
    his = Notification.user_id == bindparam("actor")
    unread = select(Notification.id).where(his, Notification.read_at.is_(None)).limit(COUNTED).subquery()
    return select(
        select(func.count()).select_from(unread).scalar_subquery().label("unread"),
        select(func.max(Notification.id)).where(his).scalar_subquery().label("newest"),
    )


def bell(
    actor: Actor, cursor: Cursor | None = None, *, unread_only: bool = False, kind: str = "", limit: int = PAGE
) -> Bell:
    """What the actor has been told, newest first; of one kind where it is named."""
    statement = _lines(actor).limit(limit + 1)
    if unread_only:
        statement = statement.where(Notification.read_at.is_(None))
    if kind:
        statement = statement.where(Notification.kind == kind)
    key = Key("id", Notification.id.expression, descending=True)
    rows = session().execute(sorted_page(statement, [key], cursor)).all()
    shown = rows[:limit]
    further = Cursor(id=shown[-1].id) if len(rows) > limit else None
    return Bell(_with_names(shown), further)


def line(notification_id: int, actor: Actor) -> BellRow:
    """One line of the actor's; ``NotFound`` for any other."""
    rows = session().execute(_lines(actor).where(Notification.id == notification_id)).all()
    if not rows:
        raise NotFound("notification.not_found")
    return _with_names(rows)[0]


def _lines(actor: Actor) -> Statement:
    return (
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
    )


def _with_names(rows: Sequence[Any]) -> tuple[BellRow, ...]:
    names = names_of([row.params for row in rows])
    return tuple(
        BellRow(row.id, row.kind, named(row.params, names), row.number, row.created_at, row.read) for row in rows
    )


def choices(actor: Actor) -> list[Choice]:
    """All kinds that his role hears of, with what the actor chose or their default."""
    chosen = {
        row.kind: row
        for row in session().scalars(select(NotificationChoice).where(NotificationChoice.user_id == actor.id))
    }
    return [
        Choice(
            kind=kind.code,
            bell=chosen[kind.code].bell if kind.code in chosen else kind.default(actor.role)[0],
            mail=chosen[kind.code].mail if kind.code in chosen else kind.default(actor.role)[1],
            outside=kind.outside,
        )
        for kind in kinds_for(actor.role)
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
