"""How fast the queue page and the ticket page answer: ``python -m bench.pages [TICKETS ...]``.

For each size a new SQLite database is filled with plain inserts (a tenth of the tickets active, each with
customer, order, clocks, messages and events), then the pages are asked for, through the whole application but
without a network. The login page, which reads nothing, and the queue page of an empty database are the baseline
of the same run: what a page costs before there is anything to read.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import insert, select

from helpdesk import create_app, timesource
from helpdesk.config import Settings
from helpdesk.domain.access import Role
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.models import (
    Channel,
    ClockRow,
    Customer,
    Event,
    Membership,
    Message,
    Order,
    OrderLine,
    Queue,
    Shop,
    Stint,
    Ticket,
    User,
    UserSession,
    WorkCalendar,
)
from helpdesk.services.sessions import token_hash
from helpdesk.storage import session, unit_of_work
from seeds import base

SIZES = (10_000, 100_000)
ROUNDS = 40
CHUNK = 5_000
ACTIVE_OF_A_HUNDRED = 10
COLLEAGUES = 57
HOUR = timedelta(hours=1)
KINDS = (("logistics_stuck", "B", "customer_service"), ("wrong_item", "C", "warehouse"), ("invoice", "A", "finance"))
PEOPLE = (
    ("agent", Role.AGENT, "customer_service"),
    ("supervisor", Role.SUPERVISOR, "warehouse"),
    ("auditor", Role.AUDITOR, ""),
)


class World:
    """Ids of what the rows point at."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.queues = {row.code: row.id for row in session().execute(select(Queue.code, Queue.id))}
        self.channels = list(session().scalars(select(Channel.id)))
        self.shop = session().scalars(select(Shop.id)).first()
        self.calendar = session().scalars(select(WorkCalendar.id)).first()
        self.staff: list[int] = []


def main(sizes: Sequence[int]) -> None:
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), size)


def measure(folder: Path, size: int) -> None:
    app = create_app(
        Settings(folder, f"sqlite:///{folder / 'bench.sqlite3'}", "a key for measuring only", testing=True)
    )
    with app.app_context():
        upgrade()
        with unit_of_work():
            base.plant(timesource.now())
        with unit_of_work() as work:
            world = World(timesource.now())
            clients = {name: sign_in(app, world, name, role, queue) for name, role, queue in PEOPLE}
            others = [User(login=f"p{n}", name=f"p{n}", role="agent", created_at=world.now) for n in range(COLLEAGUES)]
            work.add_all(others)
            work.flush()
            world.staff += [person.id for person in others]
    report("baseline: login page", app.test_client(), ["/login"])
    report("baseline: queue page, no tickets", clients["agent"], ["/tickets"])
    with app.app_context():
        began = perf_counter()
        with unit_of_work():
            fill(world, size)
        print(f"{size:,} tickets written in {perf_counter() - began:.0f} s")
        numbers = list(session().scalars(select(Ticket.number).where(Ticket.status == "open").limit(ROUNDS)))
    for name, client in clients.items():
        report(f"queue page, {name}", client, ["/tickets"])
    agent = clients["agent"]
    report("queue page, agent, own tickets", agent, ["/tickets?tab=mine"])
    report("queue page, agent, unassigned and late", agent, ["/tickets?tab=unassigned&overdue=1"])
    report("queue page, auditor, one queue", clients["auditor"], ["/tickets?queue=warehouse"])
    report("rows fragment, agent", agent, ["/tickets/rows"])
    report("ticket page, agent", agent, [f"/tickets/{number}" for number in numbers])
    report("search by number, auditor", clients["auditor"], [f"/tickets?q={number}" for number in numbers])
    report("search by words, auditor", clients["auditor"], ["/tickets?q=破损", "/tickets?q=没有这样的词"])


def report(name: str, client: FlaskClient, paths: Sequence[str]) -> None:
    """Time ``ROUNDS`` answers, after three that warm up."""
    for path in list(islice(paths, 3)):
        assert client.get(path).status_code in (200, 404), path
    seconds = []
    for number in range(ROUNDS):
        began = perf_counter()
        client.get(paths[number % len(paths)]).get_data()
        seconds.append(perf_counter() - began)
    cuts = quantiles(seconds, n=20)
    print(f"  {name:<44} median {1000 * cuts[9]:>7.1f} ms   95 % within {1000 * cuts[18]:>7.1f} ms", flush=True)


def sign_in(app: Flask, world: World, name: str, role: Role, queue: str) -> FlaskClient:
    """Somebody who works in a queue, and his browser."""
    person = User(login=name, name=name, role=role.value, created_at=world.now)
    session().add(person)
    session().flush()
    world.staff.append(person.id)
    if queue:
        session().add(Membership(user_id=person.id, queue_id=world.queues[queue]))
    token = f"{name}-a-token-that-is-long-enough"
    session().add(
        UserSession(
            token_hash=token_hash(token),
            user_id=person.id,
            created_at=world.now,
            seen_at=world.now,
            expires_at=world.now + 24 * HOUR,
            address="127.0.0.1",
            agent="bench",
        )
    )
    client = app.test_client()
    client.set_cookie("unsnag_session", token)
    return client


def fill(world: World, size: int) -> None:
    """Tickets and what hangs on them, in chunks; ids are given by hand, so that rows can point at each other."""
    for model, rows in (
        (Customer, customers(world, size)),
        (Order, orders(world, size)),
        (OrderLine, lines(size)),
        (Ticket, (ticket(world, number, size) for number in range(1, size + 1))),
        (Stint, stints(world, size)),
        (ClockRow, clocks(world, size)),
        (Message, messages(world, size)),
        (Event, events(world, size)),
    ):
        source = iter(rows)
        while chunk := list(islice(source, CHUNK)):
            session().execute(insert(model), chunk)


def is_active(number: int) -> bool:
    return number * 7 % 100 < ACTIVE_OF_A_HUNDRED


def created(world: World, number: int, size: int) -> datetime:
    """Ended ones over a year, active ones over two days."""
    if is_active(number):
        return world.now - timedelta(minutes=number * 7 % 2_880)
    return world.now - 50 * HOUR - timedelta(minutes=(size - number) * 525_600 / size)


def ticket(world: World, number: int, size: int) -> dict[str, Any]:
    kind, klass, queue = KINDS[number % 3]
    at, active = created(world, number, size), is_active(number)
    return {
        "id": number,
        "number": f"EX-260101-{number:06}",
        "shop_id": world.shop,
        "channel_id": world.channels[number % len(world.channels)],
        "customer_id": 1 + number // 2,
        "order_id": 1 + number * 3 // 4,
        "subject": ("快递停了几天没动", "收到的货发错了", "外包装破损漏液", "发票抬头要改")[number % 4] + f" {number}",
        "type": kind,
        "klass": klass,
        "tier": ("auto", "auto", "suggest", "none")[number % 4],
        "rule_version": 1,
        "queue_id": world.queues[queue],
        "owner_id": world.staff[number % len(world.staff)] if number % 3 else None,
        "status": ("open", "new", "pending_customer")[number % 3]
        if active
        else ("closed", "resolved")[number % 9 == 0],
        "urgency": number % 41 == 0,
        "burns_at": deadline(world, number) if active else FAR_FUTURE,
        "created_at": at,
        "last_customer_message_at": at,
        "first_resolved_at": None if active else at + 5 * HOUR,
        "resolved_at": None if active else at + 5 * HOUR,
    }


def deadline(world: World, number: int) -> datetime:
    return world.now + timedelta(minutes=number * 13 % 600 - 60)


def stints(world: World, size: int) -> Iterator[dict[str, Any]]:
    for number in range(1, size + 1):
        at = created(world, number, size)
        yield {
            "id": number,
            "ticket_id": number,
            "kind": "stay",
            "queue_id": world.queues[KINDS[number % 3][2]],
            "assignee_id": world.staff[number % len(world.staff)] if number % 5 else None,
            "entered_at": at,
            "left_at": None if is_active(number) else at + 5 * HOUR,
        }


def clocks(world: World, size: int) -> Iterator[dict[str, Any]]:
    for number in range(1, size + 1):
        at, active = created(world, number, size), is_active(number)
        for kind, met in (("first_response", True), ("solution", not active)):
            yield {
                "ticket_id": number,
                "kind": kind,
                "cycle": 1,
                "rule_version": 1,
                "calendar_id": world.calendar,
                "calendar_version": 1,
                "target_seconds": 14_400,
                "started_at": at,
                "pauses": [],
                "due_at": deadline(world, number),
                "late_after": deadline(world, number),
                "met_at": at + HOUR if met else None,
                "breached": number % 10 == 0 if met else None,
                "elapsed_seconds": 3_600 if met else None,
            }


def customers(world: World, size: int) -> Iterator[dict[str, Any]]:
    for number in range(1, size // 2 + 3):
        yield {
            "id": number,
            "shop_id": world.shop,
            "channel_id": world.channels[number % len(world.channels)],
            "buyer_id": f"buyer{number}",
            "name": f"{'王李张刘陈'[number % 5]}{'先生女士'[number % 2 * 2 :][:2]}{number}",
            "phone": f"138{number:08}",
        }


def orders(world: World, size: int) -> Iterator[dict[str, Any]]:
    for number in range(1, size * 3 // 4 + 3):
        yield {
            "id": number,
            "shop_id": world.shop,
            "channel_id": world.channels[number % len(world.channels)],
            "number": f"2026{number:010}",
            "known": True,
            "customer_id": 1 + number * 2 // 3,
            "status": "已发货",
            "paid_fen": 9_900 + number % 50_000,
            "updated_at": world.now,
        }


def lines(size: int) -> Iterator[dict[str, Any]]:
    for number in range(1, size * 3 // 4 + 3):
        yield {"order_id": number, "position": 1, "name": "跑鞋", "quantity": 1, "unit_fen": 9_900}


def messages(world: World, size: int) -> Iterator[dict[str, Any]]:
    for number in range(1, size + 1):
        at = created(world, number, size)
        for place, direction in enumerate(("in", "out", "in")):
            yield {
                "ticket_id": number,
                "direction": direction,
                "author_id": world.staff[0] if direction == "out" else None,
                "text": "快递三天没有更新了，帮我看看到哪里了。" * 2,
                "state": "copied" if direction == "out" else "received",
                "sent_at": at + place * HOUR,
                "created_at": at + place * HOUR,
            }


def events(world: World, size: int) -> Iterator[dict[str, Any]]:
    actor = world.staff[0]
    for number in range(1, size + 1):
        at = created(world, number, size)
        for version, code in enumerate(("ticket.created", "ticket.assignee"), start=1):
            params = {"version": version, "from": None, "to": actor}
            yield {"ticket_id": number, "at": at, "actor_id": actor, "source": "page", "code": code, "params": params}


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
