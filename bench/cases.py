"""What is asked for, by whom, and by what in the answer it is known to be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from uuid import uuid4

from sqlalchemy import func, select

from bench import seed
from bench.load import Person, Request, fetch
from helpdesk.models import Channel, Message, Queue, Shop, Ticket
from helpdesk.storage import session

Asks = Callable[[int], Sequence[Request]]
"""So many requests; where they write, none is like another."""


@dataclass(frozen=True, slots=True)
class Case:
    """``beside`` is the case it is compared with."""

    name: str
    login: str
    asks: Asks
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What of the data the requests name."""

    shop: int
    channel: int
    numbers: tuple[str, ...]  # open tickets of the measured queue
    replied: tuple[tuple[str, int, int], ...]  # others with their last message and reply, to be answered once each


def known(size: int) -> Known:
    """Read from the database that is measured on."""
    mine = (
        select(Ticket.number, func.max(Message.id), func.max(Message.id).filter(Message.direction == "out"))
        .join(Message, Message.ticket_id == Ticket.id)
        .join(Queue, Queue.id == Ticket.queue_id)
        .where(Queue.code == seed.QUEUE, Ticket.status.in_(("new", "open")))
        .group_by(Ticket.id)
        .order_by(Ticket.urgency.desc(), Ticket.burns_at, Ticket.id)
    )
    found = [(*one,) for one in session().execute(mine.limit(min(size // 10, 2_000)))]
    return Known(
        shop=session().scalars(select(Shop.id)).one(),
        channel=session().scalars(select(Channel.id).order_by(Channel.id)).first() or 0,
        numbers=tuple(number for number, *_ in found[::4]),
        replied=tuple(one for place, one in enumerate(found) if place % 4),
    )


def cases(data: Known, size: int, first: str) -> list[Case]:
    """All that is measured, in its order. ``first`` is the number of what burns first in the agent's list."""
    replied = iter(data.replied)
    orders = iter(range(1, size * 3 // 4))

    def write(number: int) -> Request:
        return Request("/bench/write", "/bench/ticket", {"text": seed.WORDS[number % 4]})

    def create(number: int) -> Request:
        form = {
            "shop": str(data.shop),
            "channel": str(data.channel),
            "order_number": seed.order_number(next(orders)),
            "customer_name": "",
            "phone": "",
            "subject": "",
            "text": f"{seed.WORDS[number % 4]} {number}",
            "created_at": "",
            "type": "",
            "priority": "P2",
            "external_id": str(uuid4()),
        }
        return Request("/tickets", "/tickets/EX-", form)

    def reply(_number: int) -> Request:
        number, message, said = next(replied)
        form = {
            "mode": "reply",
            "text": "您好，已经查到了，包裹今天会继续派送。",
            "status": "pending_customer",
            "next": "1",
            "template_id": "",
            "occurred_at": "",
            "version": "1",
            "last_message_id": str(message),
            "last_reply_id": str(said),
        }
        return Request(f"/tickets/{number}/compose", "/tickets/EX-", form)

    def pages(count: int) -> Sequence[Request]:
        numbers = islice(cycle(data.numbers), count)
        return [Request(f"/tickets/{number}", f'data-ticket-page="{number}"') for number in numbers]

    def same(path: str, marker: str) -> Asks:
        return lambda count: [Request(path, marker)] * count

    def each(one: Callable[[int], Request]) -> Asks:
        return lambda count: [one(number) for number in range(count)]

    agent, row = seed.AGENT, f'data-number="{first}"'
    return [
        Case("bare list", agent, same("/bench/list", first)),
        Case("queue page", agent, same("/tickets", row), "bare list"),
        Case("queue page, all queues", seed.OPS, same("/tickets", 'data-number="EX-'), "bare list"),
        Case("bare ticket", agent, same("/bench/ticket", first)),
        Case("ticket page", agent, pages, "bare ticket"),
        Case("bare board", seed.SUPERVISOR, same("/bench/board", "data-board")),
        Case("board", seed.SUPERVISOR, same("/board", "data-board"), "bare board"),
        Case("bare commit", agent, each(write)),
        Case("create", agent, each(create), "bare commit"),
        Case("reply", agent, each(reply), "bare commit"),
    ]


def log_in(port: int, login: str) -> Person:
    """The person with the session that was seeded for him, and the token of his forms."""
    cookie = f"unsnag_session={seed.token(login)}"
    body, csrf_cookie = fetch(port, Person(cookie), "/tickets")
    found = re.search(r'name="csrf_token" value="([^"]+)"', body)
    assert found, f"{login} is not logged in: {body[:300]}"
    return Person(f"{cookie}; {csrf_cookie}", found[1])
