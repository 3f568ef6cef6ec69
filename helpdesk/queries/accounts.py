"""People, their sessions and what they may: plain rows for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, func, select

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import NotFound
from helpdesk.models import Membership, Queue, Ticket, User, UserSession
from helpdesk.models.rulebooks import PUBLISHED_COLUMNS
from helpdesk.models.tickets import is_active
from helpdesk.models.users import is_person
from helpdesk.queries.keyset import Statement
from helpdesk.storage import plain_rows, session

MOST_USERS = 500
MOST_SESSIONS = 50


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a session token, with his queues: all that a request needs to know of him."""

    session_id: int
    user_id: int
    login: str
    name: str
    role: Role
    locale: str
    presence: str
    seen_at: datetime
    expires_at: datetime
    queues: frozenset[int]
    writing_queues: frozenset[int]
    rules: tuple[int | None, str | None]  # version and hash of those in force

    def actor(self, source: str) -> Actor:
        return Actor(self.user_id, self.role, self.queues, self.writing_queues, source)


@dataclass(frozen=True, slots=True)
class QueueName:
    id: int
    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class UserRow:
    id: int
    login: str
    name: str
    role: Role
    locale: str
    active: bool
    capacity: int | None
    version: int
    queues: tuple[QueueName, ...]
    seen_at: datetime | None  # of the newest session that still stands
    sessions: int
    open_tickets: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Credentials:
    user_id: int
    password_hash: str | None
    active: bool


def signed_in(token_hash: str, *, now: datetime) -> SignedIn | None:
    """Whose session this is; None for one that has ended or whose person may not work here any more."""
    rows = plain_rows(_signed_in(), {"token_hash": token_hash, "now": now}).all()
    if not rows:
        return None
    first = rows[0]
    return SignedIn(
        session_id=first.session_id,
        user_id=first.user_id,
        login=first.login,
        name=first.name,
        role=Role(first.role),
        locale=first.locale,
        presence=first.presence,
        seen_at=first.seen_at,
        expires_at=first.expires_at,
        queues=frozenset(row.queue_id for row in rows if row.queue_id is not None),
        writing_queues=frozenset(row.queue_id for row in rows if row.writes_to_buyers),
        rules=(first.rules_version, first.rules_hash),
    )


@cache
def _signed_in() -> Statement:
    """Built once: every request asks it."""
    return (
        select(
            UserSession.id.label("session_id"),
            UserSession.seen_at,
            UserSession.expires_at,
            User.id.label("user_id"),
            User.login,
            User.name,
            User.role,
            User.locale,
            User.presence,
            Queue.id.label("queue_id"),
            Queue.writes_to_buyers,
            *PUBLISHED_COLUMNS,
        )
        .select_from(UserSession)
        .join(User, User.id == UserSession.user_id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Queue, Queue.id == Membership.queue_id)
        .where(
            UserSession.token_hash == bindparam("token_hash"), UserSession.expires_at > bindparam("now"), User.active
        )
    )


def credentials(login: str) -> Credentials | None:
    """What a password is checked against."""
    row = session().execute(select(User.id, User.password_hash, User.active).where(User.login == login)).first()
    return Credentials(*row) if row else None


def users(actor: Actor, *, now: datetime) -> list[UserRow]:
    """Everybody who works here, active ones first. Two statements; at most ``MOST_USERS``."""
    actor.require(Permission.USERS_READ)
    ordered = _users(now).order_by(User.active.desc(), User.name, User.id).limit(MOST_USERS)
    return _with_queues(ordered)


def user(user_id: int, actor: Actor, *, now: datetime) -> UserRow:
    """One of them. ``NotFound`` for the system's own row, too: nobody edits that."""
    actor.require(Permission.USERS_READ)
    found = _with_queues(_users(now).where(User.id == user_id))
    if not found:
        raise NotFound("account.no_such_user")
    return found[0]


def own_account(actor: Actor) -> tuple[str, str, str, int]:
    """Login, name, locale and version of the person himself."""
    row = session().execute(select(User.login, User.name, User.locale, User.version).where(User.id == actor.id)).one()
    return row.login, row.name, row.locale, row.version


def own_sessions(actor: Actor, *, now: datetime) -> list[SessionRow]:
    """Where this person is logged in, latest use first."""
    rows = session().execute(
        select(
            UserSession.id,
            UserSession.created_at,
            UserSession.seen_at,
            UserSession.expires_at,
            UserSession.address,
            UserSession.agent,
        )
        .where(UserSession.user_id == actor.id, UserSession.expires_at > now)
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
        .limit(MOST_SESSIONS)
    )
    return [SessionRow(*row) for row in rows]


def _users(now: datetime) -> Select[User, datetime | None, int, int]:
    standing = (UserSession.user_id == User.id, UserSession.expires_at > now)
    seen_at = select(func.max(UserSession.seen_at)).where(*standing).scalar_subquery()
    sessions = select(func.count()).select_from(UserSession).where(*standing).scalar_subquery()
    open_tickets = (
        select(func.count()).select_from(Ticket).where(Ticket.owner_id == User.id, is_active).scalar_subquery()
    )
    return select(User, seen_at, sessions, open_tickets).where(is_person)


def _with_queues(people: Select[User, datetime | None, int, int]) -> list[UserRow]:
    rows = session().execute(people).all()
    memberships: dict[int, list[QueueName]] = {}
    named = session().execute(
        select(Membership.user_id, Queue.id, Queue.code, Queue.name_zh, Queue.name_en)
        .join(Queue, Queue.id == Membership.queue_id)
        .where(Membership.user_id.in_([row[0].id for row in rows]))
        .order_by(Queue.position, Queue.id)
    )
    for user_id, queue_id, code, name_zh, name_en in named:
        memberships.setdefault(user_id, []).append(QueueName(queue_id, code, name_zh, name_en))
    return [
        UserRow(
            id=user.id,
            login=user.login,
            name=user.name,
            role=Role(user.role),
            locale=user.locale,
            active=user.active,
            capacity=user.capacity,
            version=user.version,
            queues=tuple(memberships.get(user.id, ())),
            seen_at=seen_at,
            sessions=sessions,
            open_tickets=open_tickets,
        )
        for user, seen_at, sessions, open_tickets in rows
    ]
