"""The data that is measured on: of every hundred tickets 30 are open and 3 late, whatever the size.

Written by plain inserts, the ended ones evenly over a year, the open ones over its last ten days; every ticket with
its customer, order, clocks, messages, decision and events. The people who are logged in work in one of the three
queues.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import insert, select

from helpdesk import create_app, timesource
from helpdesk.config import Settings
from helpdesk.domain.access import Role
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.models import (
    Channel,
    ClockRow,
    ClockStage,
    Customer,
    DecisionRow,
    Event,
    Membership,
    Message,
    Order,
    OrderLine,
    Queue,
    Shop,
    Stint,
    Ticket,
    TicketReader,
    User,
    UserSession,
    WorkCalendar,
)
from helpdesk.services.sessions import token_hash
from helpdesk.storage import session, unit_of_work
from seeds import base

CHUNK = 5_000
OPEN_OF_A_HUNDRED, LATE_OF_A_HUNDRED = 30, 3
COLLEAGUES = 57
HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
OPEN_FOR = timedelta(days=10)
SOLUTION_SECONDS = 14_400
KINDS = (("logistics_stuck", "B", "customer_service"), ("wrong_item", "C", "warehouse"), ("invoice", "A", "finance"))
STATUSES = ("open", "new", "open", "pending_customer", "open", "pending_internal")
STAGES = (("half", 50), ("warning", 75), ("breach", 100), ("overrun", 150))
WORDS = (
    "快递停了四天一直没有更新，麻烦帮我看看现在到哪里了。",
    "收到的和我买的颜色不一样，应该是发错货了，要换。",
    "上周买的发票抬头填错了，能不能重新开一张？",
    "外包装破了，里面的瓶子也漏了，请尽快处理一下。",
)
AGENT, SUPERVISOR, OPS = "agent", "supervisor", "ops"
PEOPLE = ((AGENT, Role.AGENT, True), (SUPERVISOR, Role.SUPERVISOR, True), (OPS, Role.OPS, False))
"""Login, role, and whether he works in the measured queue; ops reads every queue."""
QUEUE = KINDS[0][2]


@dataclass
class World:
    """What the rows point at. ``now`` is when the data was made: deadlines lie around it."""

    now: datetime
    size: int
    queues: dict[str, int] = field(default_factory=dict)
    channels: list[int] = field(default_factory=list)
    shop: int = 0
    calendar: int = 0
    staff: list[int] = field(default_factory=list)

    @cached_property
    def step(self) -> timedelta:
        """Between one ticket and the next."""
        return YEAR / self.size

    def created(self, number: int) -> datetime:
        before = self.step * (self.size - number)
        return self.now - HOUR - (before * (OPEN_FOR / YEAR) if is_open(number) else before)

    def deadline(self, number: int) -> datetime:
        """The late ones up to three days ago, the others within the next three."""
        minutes = number * 7_919 % 4_300 + 20
        return self.now + timedelta(minutes=-minutes if is_late(number) else minutes)


def is_open(number: int) -> bool:
    return _place(number) < OPEN_OF_A_HUNDRED


def is_late(number: int) -> bool:
    return _place(number) < LATE_OF_A_HUNDRED


def _place(number: int) -> int:
    """0 to 99, each as often; spread so that it hangs on neither kind nor queue."""
    return (number // 6 * 37 + number % 6 * 17) % 100


def settings(folder: Path) -> Settings:
    return Settings(
        folder, f"sqlite:///{folder / 'unsnag.sqlite3'}", "a key for measuring only", locale="zh_CN", testing=True
    )


def plant(folder: Path, size: int) -> Flask:
    """A database of this size in the folder, ready to be served."""
    app = empty(folder)
    with app.app_context():
        with unit_of_work():
            base.plant(timesource.now())
        with unit_of_work():
            world = _world(size)
        with unit_of_work():
            _fill(world)
    return app


def empty(folder: Path) -> Flask:
    """A database with all tables and nothing in them."""
    app = create_app(settings(folder))
    with app.app_context():
        upgrade()
    return app


def token(login: str) -> str:
    return f"{login}-a-token-that-is-long-enough"


def _world(size: int) -> World:
    world = World(timesource.now(), size)
    world.queues = {row.code: row.id for row in session().execute(select(Queue.code, Queue.id))}
    world.channels = list(session().scalars(select(Channel.id)))
    world.shop = session().scalars(select(Shop.id)).one()
    world.calendar = session().scalars(select(WorkCalendar.id).order_by(WorkCalendar.id)).first() or 0
    for login, role, member in PEOPLE:
        person = _hire(world, login, role)
        if member:
            session().add(Membership(user_id=person.id, queue_id=world.queues[QUEUE]))
        _sign_in(world, person)
    for number in range(COLLEAGUES):
        person = _hire(world, f"p{number}", Role.AGENT)
        session().add(Membership(user_id=person.id, queue_id=world.queues[KINDS[number % 3][2]]))
    session().flush()
    return world


def _hire(world: World, login: str, role: Role) -> User:
    person = User(login=login, name=login, role=role.value, created_at=world.now)
    session().add(person)
    session().flush()
    world.staff.append(person.id)
    return person


def _sign_in(world: World, person: User) -> None:
    session().add(
        UserSession(
            token_hash=token_hash(token(person.login)),
            user_id=person.id,
            created_at=world.now,
            seen_at=world.now,
            expires_at=world.now + 24 * HOUR,
            address="127.0.0.1",
            agent="bench",
        )
    )


def _fill(world: World) -> None:
    """Everything, in chunks; ids are given by hand, so that rows can point at each other."""
    for model, rows in (
        (Customer, _customers(world)),
        (Order, _orders(world)),
        (OrderLine, _order_lines(world)),
        (Ticket, _tickets(world)),
        (TicketReader, _readers(world)),
        (Stint, _stints(world)),
        (ClockRow, _clocks(world)),
        (ClockStage, _stages(world)),
        (Message, _messages(world)),
        (DecisionRow, _decisions(world)),
        (Event, _events(world)),
    ):
        while chunk := list(islice(rows, CHUNK)):
            session().execute(insert(model), chunk)


def _numbers(world: World) -> range:
    return range(1, world.size + 1)


def _tickets(world: World) -> Iterator[dict[str, Any]]:
    for number in _numbers(world):
        kind, klass, queue = KINDS[number % 3]
        at, active = world.created(number), is_open(number)
        solved = None if active else at + 5 * HOUR
        yield {
            "id": number,
            "number": f"EX-{at:%y%m%d}-{number:06}",
            "shop_id": world.shop,
            "channel_id": world.channels[number % len(world.channels)],
            "customer_id": 1 + number // 2,
            "order_id": 1 + number * 3 // 4,
            "subject": WORDS[number % 4][:18],
            "type": kind,
            "klass": klass,
            "tier": ("auto", "auto", "suggest", "none")[number % 4],
            "rule_version": 1,
            "queue_id": world.queues[queue],
            "owner_id": _owner(world, number),
            "status": STATUSES[number // 3 % 6] if active else "closed",
            "urgency": 2 if is_late(number) else 0,
            "nudges": int(number % 17 == 0),
            "burns_at": world.deadline(number) if active else FAR_FUTURE,
            "unread": number % 5 == 0,
            "created_at": at,
            "last_customer_message_at": at,
            "first_resolved_at": solved,
            "resolved_at": solved,
        }


def _owner(world: World, number: int) -> int | None:
    return world.staff[number // 4 % len(world.staff)] if number % 4 else None


def _readers(world: World) -> Iterator[dict[str, Any]]:
    for number in _numbers(world):
        if (owner := _owner(world, number)) is not None:
            yield {"ticket_id": number, "user_id": owner}


def _stints(world: World) -> Iterator[dict[str, Any]]:
    for number in _numbers(world):
        at = world.created(number)
        yield {
            "id": number,
            "ticket_id": number,
            "kind": "stay",
            "queue_id": world.queues[KINDS[number % 3][2]],
            "assignee_id": _owner(world, number),
            "entered_at": at,
            "left_at": None if is_open(number) else at + 5 * HOUR,
        }


def _clocks(world: World) -> Iterator[dict[str, Any]]:
    """First response, solution and queue. Ids: three for each ticket."""
    for number in _numbers(world):
        at, active = world.created(number), is_open(number)
        for place, kind in enumerate(("first_response", "solution", "queue")):
            met = kind == "first_response" or not active
            yield {
                "id": 3 * number + place,
                "ticket_id": number,
                "stint_id": number if kind == "queue" else None,
                "kind": kind,
                "cycle": 1,
                "rule_version": 1,
                "calendar_id": world.calendar,
                "calendar_version": 1,
                "target_seconds": SOLUTION_SECONDS,
                "started_at": at,
                "pauses": [],
                "due_at": world.deadline(number),
                "late_after": world.deadline(number),
                "met_at": at + HOUR if met else None,
                "breached": number % 10 == 0 if met else None,
                "elapsed_seconds": 3_600 if met else None,
            }


def _stages(world: World) -> Iterator[dict[str, Any]]:
    """Of the solution clocks that run."""
    for number in _numbers(world):
        if not is_open(number):
            continue
        fired = is_late(number)
        for code, percent in STAGES:
            yield {
                "clock_id": 3 * number + 1,
                "stage_code": code,
                "percent": percent,
                "due_at": world.deadline(number) + HOUR * (percent - 100) / 25,
                "fired_at": world.now if fired else None,
            }


def _customers(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.size // 2 + 2):
        yield {
            "id": number,
            "shop_id": world.shop,
            "channel_id": world.channels[number % len(world.channels)],
            "buyer_id": f"buyer{number}",
            "name": f"{'王李张刘陈'[number % 5]}{('先生', '女士')[number % 2]}",
            "phone": f"138{number:08}",
        }


def order_number(number: int) -> str:
    return f"2026{number:010}"


def _orders(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.size * 3 // 4 + 2):
        yield {
            "id": number,
            "shop_id": world.shop,
            "channel_id": world.channels[number % len(world.channels)],
            "number": order_number(number),
            "known": True,
            "customer_id": 1 + number * 2 // 3,
            "status": "shipped",
            "paid_fen": 9_900 + number % 50_000,
            "updated_at": world.now,
        }


def _order_lines(world: World) -> Iterator[dict[str, Any]]:
    for number in range(1, world.size * 3 // 4 + 2):
        yield {"order_id": number, "position": 1, "name": "跑鞋", "quantity": 1, "unit_fen": 9_900}


def _messages(world: World) -> Iterator[dict[str, Any]]:
    """In, out, in. Ids: three for each ticket."""
    for number in _numbers(world):
        at = world.created(number)
        for place, direction in enumerate(("in", "out", "in")):
            said = direction == "out"
            yield {
                "id": 3 * number + place,
                "ticket_id": number,
                "direction": direction,
                "author_id": world.staff[number % len(world.staff)] if said else None,
                "text": "您好，已经在核实了，两小时内给您答复。" if said else WORDS[(number + place) % 4],
                "state": "copied" if said else "received",
                "sent_at": at + place * HOUR / 4,
                "created_at": at + place * HOUR / 4,
            }


def _decisions(world: World) -> Iterator[dict[str, Any]]:
    for number in _numbers(world):
        kind = KINDS[number % 3][0]
        yield {
            "ticket_id": number,
            "message_id": 3 * number,
            "text_hash": hashlib.sha256(WORDS[number % 4].encode()).hexdigest(),
            "facts": {},
            "rule_version": 1,
            "normaliser_version": 1,
            "type": kind,
            "tier": ("auto", "auto", "suggest", "none")[number % 4],
            "score": 0.8,
            "spans": [],
            "runners_up": [{"type": KINDS[(number + 1) % 3][0], "score": 0.4}],
            "created_at": world.created(number),
        }


def _events(world: World) -> Iterator[dict[str, Any]]:
    actor = world.staff[0]
    for number in _numbers(world):
        at = world.created(number)
        told: tuple[tuple[str, dict[str, Any]], ...] = (
            ("ticket.created", {"type": KINDS[number % 3][0], "tier": "auto", "queue": KINDS[number % 3][2]}),
            ("ticket.assignee", {"from": None, "to": _owner(world, number)}),
            ("ticket.status", {"from": "new", "to": "open"}),
        )
        for version, (code, params) in enumerate(told, start=1):
            yield {
                "ticket_id": number,
                "at": at + version * HOUR / 8,
                "actor_id": actor,
                "source": "page",
                "code": code,
                "params": {**params, "version": version},
            }
