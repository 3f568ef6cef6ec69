"""Resolved tickets rest for seven days, then they are closed; by the one function, as the system."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.jobs.close_resolved import close_resolved
from helpdesk.models import Event, Ticket
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.tickets import ticket

WEEK = timedelta(days=7)


def resolved(world: World, now: datetime, **columns: object) -> int:
    with unit_of_work():
        return ticket(world, now, status="resolved", outcome="explained", resolved_at=now, **columns).id  # type: ignore[arg-type]


def stored(ticket_id: int) -> Ticket:
    return session().get_one(Ticket, ticket_id, populate_existing=True)


def test_a_ticket_is_closed_after_seven_days_and_not_on_the_last_second(world: World, now: datetime) -> None:
    ticket_id = resolved(world, now)
    assert close_resolved(now + WEEK) == 0
    assert close_resolved(now + WEEK + timedelta(seconds=1)) == 1
    row = stored(ticket_id)
    assert (row.status, row.version, row.closed_at) == ("closed", 2, now + WEEK + timedelta(seconds=1))


def test_run_twice_it_closes_once_as_the_system(world: World, now: datetime) -> None:
    ticket_id = resolved(world, now)
    later = now + timedelta(days=30)
    assert close_resolved(later) == 1
    assert close_resolved(later) == 0
    event = session().execute(select(Event).where(Event.ticket_id == ticket_id)).scalar_one()
    assert (event.code, event.actor_id, event.source) == ("ticket.status", world.users.system.id, "job")
    assert (event.params["from"], event.params["to"]) == ("resolved", "closed")


def test_what_is_open_or_closed_already_is_left_alone(world: World, now: datetime) -> None:
    with unit_of_work():
        ids = [ticket(world, now, status=status).id for status in ("new", "open", "pending_customer", "closed")]
    assert close_resolved(now + timedelta(days=30)) == 0
    assert [stored(ticket_id).version for ticket_id in ids] == [1, 1, 1, 1]


def test_after_downtime_all_that_rested_are_closed(world: World, now: datetime) -> None:
    for days in range(5):
        resolved(world, now + timedelta(days=days))
    assert close_resolved(now + timedelta(days=9, hours=1)) == 3
    assert close_resolved(now + timedelta(days=60)) == 2
