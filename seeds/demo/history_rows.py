"""Plants the history by the hundred: the rows that services would have left, without walking through them.

Calendars, targets and limits are those in force, so that clocks and facts come out as if they had been lived through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from helpdesk.domain import clocks as engine
from helpdesk.domain.clocks import FAR_FUTURE, ClockState, Kind, Pause
from helpdesk.domain.tickets import Priority
from helpdesk.models import (
    ClockRow,
    Customer,
    Event,
    Message,
    Order,
    OrderLine,
    OrderStatus,
    Parcel,
    Queue,
    Responsibility,
    Stint,
    Ticket,
    TicketNumber,
    TicketReader,
    WorkCalendar,
)
from helpdesk.models.calendars import load_calendar
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import report_facts
from helpdesk.services.customers import phone_hash
from helpdesk.storage import insert_all_once, session
from seeds.demo import history_money
from seeds.demo.history import Cycle, PastTicket
from seeds.demo.past import House, Rows, event, insert_rows, inserted_rows
from seeds.demo.times import ZONE

TOLD_BEFORE = timedelta(minutes=2)


def house(
    shops: Mapping[str, int],
    channels: Mapping[str, int],
    queues: Mapping[str, int],
    people: Mapping[str, int],
    system: int,
    finance: str,
) -> House:
    """Where it is planted: ids that the loader knows, with what is in force."""
    rows = session().execute(
        select(Queue.code, WorkCalendar.id, WorkCalendar.version).join(
            WorkCalendar, WorkCalendar.id == Queue.calendar_id
        )
    )
    calendars = {code: (id, version, load_calendar(id, version)) for code, id, version in rows}
    return House(shops, channels, queues, people, system, people[finance], published_rulebook(), calendars)


def plant(past: Sequence[PastTicket], at: House) -> int:
    """Every ticket with what belongs to it; the report counts them at its next turn. Returns how many."""
    orders = _orders(past, at)
    tickets = _tickets(past, orders, at)
    events: Rows = []
    for rows in (_words(past, tickets, at), _lives(past, tickets, at), history_money.plant(past, tickets, orders, at)):
        events += rows
    insert_rows(Event, sorted(events, key=lambda row: (row["at"], row["ticket_id"])))
    insert_rows(
        Responsibility,
        [
            {"ticket_id": id, "party": party.value, "percent": percent, "settled_at": one.cycles[0].resolved}
            for one, id in zip(past, tickets, strict=True)
            for party, percent in one.shares
        ],
    )
    insert_all_once(
        TicketReader,
        [
            {"ticket_id": id, "user_id": at.people[login]}
            for one, id in zip(past, tickets, strict=True)
            for login in {one.agent, one.helper}
        ],
    )
    report_facts.mark_all(tickets)
    return len(tickets)


def _orders(past: Sequence[PastTicket], at: House) -> list[int]:
    """Buyers, what they bought and what became of the parcels."""
    customers = inserted_rows(
        Customer,
        [
            {
                **_place(one, at),
                "buyer_id": one.order.buyer.buyer_id,
                "name": one.order.buyer.name,
                "phone": one.order.buyer.phone,
                "phone_hash": phone_hash(one.order.buyer.phone),
            }
            for one in past
        ],
    )
    orders = inserted_rows(
        Order,
        [
            {
                **_place(one, at),
                "number": one.order.number,
                "known": True,
                "customer_id": customer,
                "status": one.order.status,
                "paid_fen": one.order.paid_fen,
                "freight_fen": one.order.freight_fen,
                "price_snapshot_fen": one.order.price_snapshot_fen,
                "address": one.order.buyer.address,
                "warehouse": one.order.warehouse,
                "placed_at": one.order.placed_at,
                "updated_at": one.created - TOLD_BEFORE,
            }
            for one, customer in zip(past, customers, strict=True)
        ],
    )
    _contents(list(zip(past, orders, strict=True)))
    return orders


def _contents(both: Sequence[tuple[PastTicket, int]]) -> None:
    """Articles, parcels and what became of them."""
    insert_rows(
        OrderLine,
        [
            {
                "order_id": id,
                "position": position,
                "sku": line.sku,
                "name": line.name,
                "spec": line.spec,
                "batch": line.batch,
                "quantity": line.quantity,
                "unit_fen": line.unit_fen,
            }
            for one, id in both
            for position, line in enumerate(one.order.lines, 1)
        ],
    )
    insert_rows(
        Parcel,
        [
            {
                "order_id": id,
                "carrier": parcel.carrier,
                "tracking_number": parcel.tracking_number,
                "shipped_at": parcel.shipped_at,
                "signed_at": parcel.signed_at,
            }
            for one, id in both
            for parcel in one.order.parcels
        ],
    )
    insert_rows(
        OrderStatus,
        [
            {"order_id": id, "status": step.status, "at": step.at, "detail": step.detail}
            for one, id in both
            for step in one.order.history
        ],
    )


def _place(one: PastTicket, at: House) -> dict[str, int]:
    return {"shop_id": at.shops[one.order.shop], "channel_id": at.channels[one.order.channel]}


def _tickets(past: Sequence[PastTicket], orders: Sequence[int], at: House) -> list[int]:
    customers = dict(session().execute(select(Order.id, Order.customer_id).where(Order.id.in_(orders))).all())
    numbered: Counter[Any] = Counter()
    rows: Rows = []
    for one, order in zip(past, orders, strict=True):
        kind, day = at.book.type(one.type), one.created.astimezone(ZONE).date()
        numbered[day] += 1
        rows.append(
            {
                "number": f"EX-{day:%y%m%d}-{numbered[day]:04d}",
                "version": _version(one),
                **_place(one, at),
                "customer_id": customers[order],
                "order_id": order,
                "subject": one.text[:200],
                "type": one.type,
                "klass": kind.klass.value,
                "tier": "manual",
                "rule_version": at.book.version,
                "queue_id": at.queues[kind.queue],
                "owner_id": at.people[one.agent],
                "status": "closed",
                "priority": Priority.P2.value,
                "outcome": one.outcome.value,
                "urgency": 0,
                "nudges": 0,
                "burns_at": FAR_FUTURE,
                "cycle": len(one.cycles),
                "unread": False,
                "created_at": one.created,
                "last_customer_message_at": one.cycles[-1].began,
                "first_resolved_at": one.cycles[0].resolved,
                "resolved_at": one.cycles[-1].resolved,
                "closed_at": one.closed,
            }
        )
    insert_all_once(TicketNumber, [{"day": day, "last": last} for day, last in numbered.items()])
    return inserted_rows(Ticket, rows)


def _version(one: PastTicket) -> int:
    return 2 + sum(1 for _ in _moves(one))


def _words(past: Sequence[PastTicket], tickets: Sequence[int], at: House) -> Rows:
    """What was said on both sides; returns the events of what was sent."""
    rows: Rows = []
    for one, id in zip(past, tickets, strict=True):
        for number, cycle in enumerate(one.cycles):
            asked = one.text if number == 0 else "您好，上次的事还没有弄好，麻烦再看一下。"
            rows.append(_message(id, cycle.began, asked))
            if cycle.replied < cycle.solved:
                rows.append(_message(id, cycle.replied, one.progress, author=at.people[one.agent]))
            rows.append(_message(id, cycle.solved, one.solution, author=at.people[one.agent], solution=True))
    ids = inserted_rows(Message, rows)
    return [
        event(
            row["ticket_id"],
            row["sent_at"],
            row["author_id"],
            "message.sent",
            message=id,
            solution=row["is_solution"],
            template=None,
        )
        for row, id in zip(rows, ids, strict=True)
        if row["direction"] == "out"
    ]


def _message(
    ticket: int, at: datetime, text: str, *, author: int | None = None, solution: bool = False
) -> dict[str, Any]:
    return {
        "ticket_id": ticket,
        "direction": "in" if author is None else "out",
        "author_id": author,
        "text": text,
        "state": "received" if author is None else "copied",
        "is_solution": solution,
        "automatic": False,
        "sent_at": at,
        "created_at": at,
    }


def _moves(one: PastTicket) -> Iterable[tuple[datetime, str, str]]:
    """Its statuses, one after the other: at, from, to; but for its end."""
    status = "new"
    for cycle in one.cycles:
        steps = [(cycle.replied if status == "new" else cycle.began, "open")]
        if cycle.waited:
            steps += [(cycle.waited[0], cycle.pending), (cycle.waited[1], "open")]
        for moment, to in (*steps, (cycle.resolved, "resolved")):
            yield moment, status, to
            status = to


def _lives(past: Sequence[PastTicket], tickets: Sequence[int], at: House) -> Rows:
    """Stays and clocks; returns the events from the first to the last."""
    stays: Rows = []
    for one, id in zip(past, tickets, strict=True):
        queue = at.queues[at.book.type(one.type).queue]
        stays += [
            {
                "ticket_id": id,
                "kind": "stay",
                "queue_id": queue,
                "assignee_id": at.people[one.helper],
                "entered_at": cycle.began,
                "left_at": cycle.resolved,
            }
            for cycle in one.cycles
        ]
    stints = iter(inserted_rows(Stint, stays))
    clocks: Rows = []
    events: Rows = []
    for one, id in zip(past, tickets, strict=True):
        for number, cycle in enumerate(one.cycles, 1):
            clocks += _clocks(one.type, cycle, at, ticket_id=id, stint_id=next(stints), cycle_number=number)
        events += _told(one, id, at)
    insert_rows(ClockRow, clocks)
    return events


def _told(one: PastTicket, id: int, at: House) -> Rows:
    kind, agent = at.book.type(one.type), at.people[one.agent]
    created: dict[str, Any] = {"type": one.type, "tier": "manual", "queue": kind.queue, "owner": agent, "version": 1}
    rows = [event(id, one.created, at.system, "ticket.created", source="api", **created, rule_version=at.book.version)]
    for version, (moment, before, after) in enumerate(_moves(one), 2):
        params: dict[str, Any] = {"from": before, "to": after, "version": version}
        rows.append(event(id, moment, agent, "ticket.status", **params))
        if after == "resolved" and moment == one.cycles[0].resolved:
            said: dict[str, Any] = {"from": None, "to": one.outcome.value, "version": version}
            rows.append(event(id, moment, agent, "ticket.outcome", **said))
            shares = {party.value: percent for party, percent in one.shares}
            rows += [event(id, moment, agent, "ticket.responsibility", shares=shares)] if shares else []
    end: dict[str, Any] = {"from": "resolved", "to": "closed", "version": _version(one)}
    return [*rows, event(id, one.closed, at.system, "ticket.status", source="job", **end)]


def _clocks(
    code: str, cycle: Cycle, at: House, *, ticket_id: int, stint_id: int, cycle_number: int
) -> list[dict[str, Any]]:
    """The three promises of a cycle, with what became of each."""
    kind, priority = at.book.type(code), Priority.P2
    gaps: tuple[Pause, ...] = ()
    if cycle.waited and cycle.pending == "pending_customer":
        gaps = (Pause(*cycle.waited),)
    promises = [
        (Kind.FIRST_RESPONSE, "customer_service", at.book.first_response_seconds(code, priority), (), cycle.replied),
        (Kind.SOLUTION, kind.queue, at.book.solution_seconds(code, priority), gaps, cycle.solved),
        (Kind.QUEUE, kind.queue, at.book.queue_seconds(kind.queue, priority), gaps, cycle.resolved),
    ]
    rows = []
    for what, queue, target, pauses, met_at in promises:
        calendar_id, version, calendar = at.calendars[queue]
        running = ClockState(cycle.began, target, pauses)
        late_after = engine.late_after(running, calendar)
        rows.append(
            {
                "ticket_id": ticket_id,
                "stint_id": stint_id if what is Kind.QUEUE else None,
                "kind": what.value,
                "code": "",
                "cycle": cycle_number,
                "rule_version": at.book.version,
                "calendar_id": calendar_id,
                "calendar_version": version,
                "target_seconds": target,
                "started_at": cycle.began,
                "pauses": [[gap.from_.isoformat(), gap.to.isoformat() if gap.to else None] for gap in pauses],
                "due_at": engine.due_at(running, calendar),
                "late_after": late_after,
                "provisional": False,
                "met_at": met_at,
                "breached": late_after is not None and met_at > late_after,
                "elapsed_seconds": engine.elapsed(engine.stop(running, met_at), calendar, met_at),
            }
        )
    return rows
