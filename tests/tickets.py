"""Tickets to look at, written as rows: what queries and pages read doesn't depend on how it came about.

Call inside ``unit_of_work()``.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from helpdesk.adapters import file_store
from helpdesk.domain.attachments import Examined
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.models import Attachment, ClockRow, Customer, Message, Note, Order, Queue, Stint, Ticket, User
from helpdesk.storage import session
from tests.factories import World, add

HOUR = timedelta(hours=1)


def ticket(
    world: World,
    now: datetime,
    *,
    queue: Queue | None = None,
    owner: User | None = None,
    hands: User | None = None,
    status: str = "open",
    due_in: timedelta | None = 4 * HOUR,
    paused: bool = False,
    text: str = "物流三天没有更新了",
    **columns: Any,
) -> Ticket:
    """A ticket with its stay, its solution clock (``due_in`` from now, None: no clock) and one message."""
    number = 1 + session().query(Ticket).count()
    queue = queue or world.queues.customer_service
    columns = {
        "number": f"EX-250101-{number:04}",
        "shop_id": world.shop.id,
        "channel_id": world.channels.tmall.id,
        "subject": f"工单 {number}",
        "type": "logistics_stuck",
        "klass": "B",
        "tier": "auto",
        "rule_version": 1,
        "created_at": now - HOUR,
        "last_customer_message_at": now - HOUR,
        **columns,
    }
    ended = status in {"resolved", "closed", "merged"}
    running = due_in is not None and not paused and not ended
    row = Ticket(
        queue_id=queue.id,
        owner_id=owner.id if owner else None,
        status=status,
        burns_at=now + due_in if running and due_in is not None else FAR_FUTURE,
        **columns,
    )
    add(row)
    stay = Stint(ticket_id=row.id, kind="stay", queue_id=queue.id, entered_at=row.created_at)
    stay.assignee_id = hands.id if hands else None
    stay.left_at = now if ended else None
    add(stay)
    if due_in is not None and not ended:
        add(clock(world, row, now, due_in=due_in, paused=paused))
    message(row, text, row.created_at)
    return row


def clock(
    world: World,
    row: Ticket,
    now: datetime,
    *,
    kind: str = "solution",
    due_in: timedelta = 4 * HOUR,
    paused: bool = False,
    **columns: Any,
) -> ClockRow:
    """A clock in the calendar that is always open."""
    values: dict[str, Any] = {
        "ticket_id": row.id,
        "kind": kind,
        "cycle": row.cycle or 1,
        "rule_version": 1,
        "calendar_id": world.calendars.always.id,
        "calendar_version": 1,
        "target_seconds": int((due_in + (now - row.created_at)).total_seconds()),
        "started_at": row.created_at,
        "pauses": [[(now - HOUR / 2).isoformat(), None]] if paused else [],
        "due_at": None if paused else now + due_in,
        "late_after": None if paused else now + due_in,
        **columns,
    }
    return ClockRow(**values)


def message(row: Ticket, text: str, at: datetime, *, author: User | None = None, **columns: Any) -> Message:
    """A word of the customer, or of ``author`` to him."""
    found = Message(
        ticket_id=row.id,
        direction="out" if author else "in",
        author_id=author.id if author else None,
        text=text,
        sent_at=at,
        created_at=at,
        **{"state": "queued" if author else "received", **columns},
    )
    add(found)
    return found


def assist(world: World, row: Ticket, queue: Queue, now: datetime, *, due_in: timedelta, question: str) -> Stint:
    """Another queue is asked for help, with its own clock."""
    note = Note(ticket_id=row.id, text=question, created_at=now)
    add(note)
    stint = Stint(
        ticket_id=row.id,
        kind="assist",
        queue_id=queue.id,
        entered_at=now,
        party="warehouse",
        question_note_id=note.id,
    )
    add(stint)
    add(clock(world, row, now, kind="queue", due_in=due_in, stint_id=stint.id))
    return stint


def customer(world: World, **columns: Any) -> Customer:
    row = Customer(shop_id=world.shop.id, channel_id=world.channels.tmall.id, **{"name": "王先生", **columns})
    add(row)
    return row


def order(world: World, now: datetime, number: str = "20261122001", **columns: Any) -> Order:
    row = Order(
        shop_id=world.shop.id,
        channel_id=world.channels.tmall.id,
        number=number,
        updated_at=now,
        **{"known": True, "status": "shipped", "paid_fen": 23_900, **columns},
    )
    add(row)
    return row


def file(row: Ticket, data: Path, now: datetime, **columns: Any) -> Attachment:
    """A text that was sent with something on this ticket, its bytes in the store."""
    stored = file_store.put(data, Examined("说明.txt", "text/plain", b"as it was"))
    found = Attachment(ticket_id=row.id, created_at=now, attached_at=now, **{**asdict(stored), **columns})
    add(found)
    return found
