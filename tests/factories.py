"""Things to test with: a small shop, its queues and people.

Plain functions that add rows to the session in use; call them inside ``unit_of_work()``.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask import session as browser_session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from helpdesk.domain.access import Actor, Role
from helpdesk.models import (
    CalendarVersion,
    Channel,
    Membership,
    Queue,
    RuleBookRow,
    Shop,
    User,
    UserSession,
    WorkCalendar,
)
from helpdesk.storage import session
from seeds import rulebook_document

PASSWORD = "three knots in a rope"
"""Everybody's."""


@dataclass(frozen=True)
class World:
    """What a test may point at by name. Rows are detached, with their columns loaded."""

    shop: Shop
    shop2: Shop
    channels: SimpleNamespace  # tmall (no sender: replies are copied), jd
    calendars: SimpleNamespace  # office (Mon-Fri 9-18), always
    queues: SimpleNamespace  # finance, customer_service, warehouse
    users: SimpleNamespace  # agent, agent2, warehouse, finance, supervisor, outsider, ops, admin, auditor, system
    actors: SimpleNamespace  # the same people as domain Actors
    rulebook: RuleBookRow


PEOPLE: dict[str, tuple[str, Role, tuple[str, ...]]] = {
    "system": ("系统", Role.SYSTEM, ()),
    "agent": ("林晓", Role.AGENT, ("customer_service",)),
    "agent2": ("周舟", Role.AGENT, ("customer_service",)),
    "warehouse": ("赵仓", Role.AGENT, ("warehouse",)),
    "finance": ("钱敏", Role.FINANCE, ("finance",)),
    "supervisor": ("孙领", Role.SUPERVISOR, ("customer_service",)),
    "outsider": ("陈外", Role.AGENT, ()),
    "ops": ("吴营", Role.OPS, ()),
    "admin": ("郑管", Role.ADMIN, ()),
    "auditor": ("冯审", Role.AUDITOR, ()),
}


def make_world(now: datetime) -> World:
    """A shop on two channels, three queues with their people, and version 1 of the shipped rules."""
    shop, shop2 = Shop(code="main", name="一号店"), Shop(code="second", name="二号店")
    tmall = Channel(code="tmall", name_zh="天猫", name_en="Tmall")
    jd = Channel(code="jd", name_zh="京东", name_en="JD")
    add(shop, shop2, tmall, jd)
    calendars = SimpleNamespace(
        office=calendar("office", now, {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}),
        always=calendar(
            "always", now, {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        ),
    )
    queues = SimpleNamespace(
        finance=queue("finance", "财务", calendars.office, position=1),
        customer_service=queue("customer_service", "客服", calendars.always, writes_to_buyers=True, position=2),
        warehouse=queue("warehouse", "仓库", calendars.office, position=3),
    )
    users = {
        login: user(login, now, name=name, role=role, queues=[getattr(queues, code) for code in codes])
        for login, (name, role, codes) in PEOPLE.items()
    }
    return World(
        shop=shop,
        shop2=shop2,
        channels=SimpleNamespace(tmall=tmall, jd=jd),
        calendars=calendars,
        queues=queues,
        users=SimpleNamespace(**users),
        actors=SimpleNamespace(**{login: actor(users[login], queues) for login in users}),
        rulebook=rulebook(now),
    )


def add(*rows: object) -> None:
    session().add_all(rows)
    session().flush()


def calendar(code: str, now: datetime, hours: dict[str, Any], timezone: str = "Asia/Shanghai") -> WorkCalendar:
    """A calendar with its version 1; ``hours`` as ``domain.calendars.Calendar.parse`` reads them."""
    row = WorkCalendar(code=code, name_zh=code, name_en=code)
    add(row)
    document = {"timezone": timezone, "hours": hours}
    add(CalendarVersion(calendar_id=row.id, version=1, document=document, created_at=now))
    return row


def queue(
    code: str, name: str, calendar: WorkCalendar, *, writes_to_buyers: bool = False, position: int = 0, **more: Any
) -> Queue:
    row = Queue(
        code=code,
        name_zh=name,
        name_en=code.replace("_", " ").capitalize(),
        calendar_id=calendar.id,
        writes_to_buyers=writes_to_buyers,
        position=position,
        **more,
    )
    add(row)
    return row


def user(
    login: str,
    now: datetime,
    *,
    name: str = "",
    role: Role = Role.AGENT,
    queues: list[Queue] | None = None,
    **more: Any,
) -> User:
    """A person who can log in with ``PASSWORD``, a member of ``queues``."""
    password = None if role is Role.SYSTEM else password_hash()
    row = User(login=login, name=name or login, role=role.value, password_hash=password, created_at=now, **more)
    add(row)
    add(*(Membership(user_id=row.id, queue_id=queue.id) for queue in queues or []))
    return row


def actor(user: User, queues: SimpleNamespace, source: str = "page") -> Actor:
    """The person as the value that services and queries take, with the memberships of ``PEOPLE``."""
    own: list[Queue] = [getattr(queues, code) for code in PEOPLE[user.login][2]]
    return Actor(
        id=user.id,
        role=Role(user.role),
        queues=frozenset(queue.id for queue in own),
        writing_queues=frozenset(queue.id for queue in own if queue.writes_to_buyers),
        source="job" if user.role == Role.SYSTEM else source,
    )


def rulebook(now: datetime) -> RuleBookRow:
    """The shipped rules, published as version 1."""
    document, digest = shipped_rules()
    row = RuleBookRow(version=1, status="published", hash=digest, document=document, created_at=now, published_at=now)
    add(row)
    return row


@cache
def shipped_rules() -> tuple[dict[str, Any], str]:
    document = rulebook_document.document()
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return document, hashlib.sha256(text.encode()).hexdigest()


@cache
def password_hash() -> str:
    """Of ``PASSWORD``, with parameters that are quick rather than strong."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def open_session(user: User, now: datetime) -> tuple[str, str]:
    """A login of this person: name and value of the cookie."""
    token = secrets.token_urlsafe(32)
    add(
        UserSession(
            token_hash=hashlib.sha256(token.encode()).hexdigest(),
            user_id=user.id,
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=12),
            address="127.0.0.1",
            agent="test",
        )
    )
    return "unsnag_session", token


def csrf_token(client: FlaskClient) -> str:
    """The token that forms of this browser carry."""
    with client.session_transaction() as stored:
        token, known = Context().run(_token, client.application, dict(stored))
        stored.update(known)
    return token


def _token(app: Flask, stored: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    with app.test_request_context():
        browser_session.update(stored)
        return generate_csrf(), dict(browser_session)
