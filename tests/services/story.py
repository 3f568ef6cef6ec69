"""Short sentences to tell stories with.

Each deed is a transaction of its own, and ends the session that the looks before it read in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any, ParamSpec, TypeVar

import pytest
from sqlalchemy import func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Problem
from helpdesk.domain.tickets import Outcome, Party
from helpdesk.models import ClockRow, ClockStage, Event, Message, Stint, Ticket
from helpdesk.services import intake, messages, resolution
from helpdesk.services.intake import Opened, TicketRequest
from helpdesk.services.messages import Draft
from helpdesk.storage import Base, session, unit_of_work
from tests.factories import World

P = ParamSpec("P")
R = TypeVar("R")

_ids = count(1)


def do(deed: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """One use case, stored."""
    with unit_of_work():
        return deed(*args, **kwargs)


def request(world: World, **more: Any) -> TicketRequest:
    """A customer of the main shop on Tmall says that the wrong thing came."""
    values: dict[str, Any] = {
        "text": "收到的东西不对",
        "source": f"form:{world.shop.id}:{world.channels.tmall.id}",
        "external_id": f"event-{next(_ids)}",
        "shop_id": world.shop.id,
        "channel_id": world.channels.tmall.id,
        "type": "wrong_item",
    }
    return TicketRequest(**(values | more))


def taken_in(world: World, now: datetime, **more: Any) -> Opened:
    """What the intake made of an event; the job's ``actor`` brings it unless another is named."""
    actor = more.pop("actor", world.actors.system)
    return do(intake.open_ticket, request(world, **more), actor=actor, now=now)


def opened(world: World, now: datetime, type: str | None = "wrong_item", **more: Any) -> str:
    """The number of a new ticket of this type: wrong_item (C), price_dispute (A) or logistics_stuck (B)."""
    return taken_in(world, now, type=type, **more).number


def look(number: str) -> Ticket:
    return session().execute(select(Ticket).where(Ticket.number == number)).scalar_one()


def owner_of(world: World, number: str) -> Actor:
    """The agent of customer service who answers this ticket's customer."""
    owner = look(number).owner_id
    return next(actor for actor in (world.actors.agent, world.actors.agent2) if actor.id == owner)


def clock(number: str, kind: str, cycle: int | None = None) -> ClockRow:
    """The customer clock of this kind, of the present cycle unless another is named."""
    ticket = look(number)
    return (
        session()
        .execute(
            select(ClockRow).where(
                ClockRow.ticket_id == ticket.id,
                ClockRow.kind == kind,
                ClockRow.cycle == (cycle or ticket.cycle),
                ClockRow.stint_id.is_(None),
            )
        )
        .scalar_one()
    )


def queue_clocks(number: str) -> list[ClockRow]:
    ticket = look(number)
    return list(
        session().scalars(
            select(ClockRow).where(ClockRow.ticket_id == ticket.id, ClockRow.kind == "queue").order_by(ClockRow.id)
        )
    )


def stages(row: ClockRow) -> dict[str, ClockStage]:
    rows = session().scalars(select(ClockStage).where(ClockStage.clock_id == row.id))
    return {stage.stage_code: stage for stage in rows}


def stints(number: str) -> list[Stint]:
    ticket = look(number)
    return list(session().scalars(select(Stint).where(Stint.ticket_id == ticket.id).order_by(Stint.id)))


def events(number: str, code: str | None = None) -> list[Event]:
    ticket = look(number)
    wanted = select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id)
    return list(session().scalars(wanted if code is None else wanted.where(Event.code == code)))


def conversation(number: str) -> list[Message]:
    ticket = look(number)
    return list(session().scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)))


def replied(number: str, *, actor: Actor, now: datetime, text: str = "马上为您处理", **more: Any) -> int:
    """The composer sends what stands in it, on the latest state of the ticket. Returns the message's id."""
    last = max((message.id for message in conversation(number) if message.direction == "in"), default=0)
    draft = Draft(text, last_message_id=last, **more)
    return do(messages.reply, number, draft, version=look(number).version, actor=actor, now=now)


def heard(number: str, *, actor: Actor, now: datetime, text: str = "在吗", **more: Any) -> str:
    """The customer's message, entered by the actor. Returns the number of the ticket that took it."""
    sent_at = more.pop("sent_at", now)
    return do(messages.record_customer_message, number, text, sent_at, actor=actor, now=now, **more)


def resolved(number: str, *, actor: Actor, now: datetime, **more: Any) -> int:
    """Solved by sending it again, the warehouse's fault. Returns the operation."""
    values: dict[str, Any] = {"outcome": Outcome.RESENT, "shares": {Party.WAREHOUSE: 100}}
    values |= {"version": look(number).version} | more
    return do(resolution.resolve, number, actor=actor, now=now, **values)


def count_of(model: type[Base]) -> int:
    return session().execute(select(func.count()).select_from(model)).scalar_one()


def everything() -> dict[str, list[str]]:
    """All that is stored, to compare."""
    stored = {
        table.name: sorted(repr(tuple(row)) for row in session().execute(select(table)))
        for table in Base.metadata.sorted_tables
        if table.name not in {"rule_book", "calendar_version"}
    }
    return stored


@contextmanager
def refused(kind: type[Problem], code: str) -> Iterator[None]:
    """What stands in the block is refused for this reason, and nothing at all has changed."""
    before = everything()
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.code == code
    assert everything() == before
