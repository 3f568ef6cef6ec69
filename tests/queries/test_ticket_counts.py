"""Figures of the queue page: they count what the lists show, and each means what its name says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest

from helpdesk.domain.access import Actor
from helpdesk.domain.ticket_filter import Tab, TicketFilter, parse_filter
from helpdesk.domain.tickets import TicketClass
from helpdesk.queries import own_tickets, ticket_counts, ticket_list
from helpdesk.queries.ticket_counts import Summary
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.factories import World, add
from tests.tickets import HOUR

Statements = Callable[[], AbstractContextManager[list[str]]]
MINUTE = timedelta(minutes=1)


def summary(actor: Actor, now: datetime, **asked: str) -> Summary:
    return ticket_counts.summary(parse_filter(asked), actor, now, day_start=now - 10 * HOUR)


def test_the_menu_counts_a_persons_queues_and_what_is_his_elsewhere(world: World, now: datetime) -> None:
    warehouse, finance = world.queues.warehouse, world.queues.finance
    with unit_of_work():
        tickets.ticket(world, now, queue=warehouse, due_in=-HOUR)
        tickets.ticket(world, now, queue=warehouse, owner=world.users.warehouse)
        tickets.ticket(world, now, queue=warehouse, status="resolved")
        tickets.ticket(world, now, queue=finance, owner=world.users.warehouse)
        asked = tickets.ticket(world, now, due_in=-HOUR)
        tickets.assist(world, asked, warehouse, now, due_in=HOUR, question="在库吗？")
        tickets.ticket(world, now, queue=finance)
    menu = ticket_counts.nav(world.actors.warehouse, now)
    assert [(q.code, q.count, q.overdue, q.listed) for q in menu.queues] == [
        ("finance", 0, 0, False),
        ("customer_service", 0, 0, False),
        ("warehouse", 2, 1, True),
    ]
    assert (menu.all_count, menu.mine_count) == (4, 2)
    menu = ticket_counts.nav(world.actors.auditor, now)
    assert [(q.count, q.overdue, q.listed) for q in menu.queues] == [(2, 0, True), (1, 1, True), (2, 1, True)]
    assert (menu.all_count, menu.mine_count) == (5, 0)
    assert ticket_counts.nav(world.actors.outsider, now).all_count == 0


@pytest.mark.parametrize("person", ["agent", "warehouse", "finance", "outsider", "auditor", "supervisor"])
@pytest.mark.parametrize("asked", [{}, {"queue": "warehouse"}, {"class": "C"}, {"overdue": "1"}], ids=str)
def test_a_tab_counts_exactly_the_rows_it_shows(
    world: World, now: datetime, person: str, asked: dict[str, str]
) -> None:
    people, queues = world.users, world.queues
    with unit_of_work():
        for place in range(12):
            row = tickets.ticket(
                world,
                now,
                queue=(queues.warehouse, queues.customer_service, queues.finance)[place % 3],
                owner=(None, people.agent, people.warehouse, people.agent2)[place % 4],
                hands=(None, people.warehouse, people.finance)[place % 5 % 3],
                status=("open", "pending_customer", "resolved", "new")[place % 7 % 4],
                klass="C" if place % 3 == 0 else "B",
                due_in=(place - 4) * HOUR,
            )
            if row.status != "resolved" and place % 2:
                tickets.assist(world, row, queues.warehouse, now, due_in=HOUR, question="？")
    actor = getattr(world.actors, person)
    counted = summary(actor, now, **asked)
    for tab in Tab:
        shown = ticket_list.page(parse_filter(asked), tab, actor, now).rows
        assert counted.tabs[tab] == len(shown), tab
    if not asked:
        assert ticket_counts.nav(actor, now).all_count == counted.tabs[Tab.ALL]
        assert ticket_counts.nav(actor, now).mine_count == counted.tabs[Tab.MINE]


def test_key_figures_tell_what_is_late_and_what_will_be(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=-3 * HOUR)
        tickets.ticket(world, now, due_in=-MINUTE)
        tickets.ticket(world, now, due_in=0 * MINUTE, klass="A")
        tickets.ticket(world, now, due_in=HOUR, klass="C", hands=world.users.agent)
        tickets.ticket(world, now, due_in=HOUR + MINUTE)
        tickets.ticket(world, now, due_in=-9 * HOUR, queue=world.queues.finance)
    shown = summary(world.actors.agent, now)
    assert (shown.overdue, shown.oldest_late_after) == (2, now - 3 * HOUR)
    assert shown.due_soon == {TicketClass.A: 1, TicketClass.B: 0, TicketClass.C: 1}
    assert (shown.open, shown.unassigned) == (5, 4)
    assert summary(world.actors.auditor, now).overdue == 3
    assert summary(world.actors.auditor, now, queue="finance").overdue == 1


def test_a_filter_changes_the_tabs_but_not_the_key_figures(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=-HOUR, priority="P1")
        tickets.ticket(world, now, due_in=-HOUR)
    shown = summary(world.actors.agent, now, priority="P1")
    assert (shown.tabs[Tab.ALL], shown.overdue, shown.open) == (1, 2, 2)


def test_without_tickets_there_is_nothing_to_divide_by(world: World, now: datetime) -> None:
    shown = summary(world.actors.agent, now)
    assert (shown.open, shown.open_change, shown.overdue, shown.oldest_late_after) == (0, 0, 0, None)
    assert (shown.sla_percent, shown.handling_seconds) == (None, None)


def test_todays_promises_kept_and_mean_handling_time(world: World, now: datetime) -> None:
    with unit_of_work():
        for hours, in_time, kind in ((1, True, "solution"), (3, True, "solution"), (5, False, "solution")):
            row = tickets.ticket(
                world,
                now,
                status="resolved",
                created_at=now - hours * HOUR,
                first_resolved_at=now,
                resolved_at=now,
            )
            add(tickets.clock(world, row, now, kind=kind, met_at=now, breached=not in_time))
        answered = tickets.ticket(world, now, due_in=None)
        add(tickets.clock(world, answered, now, kind="first_response", met_at=now, breached=True))
        yesterday = tickets.ticket(world, now, status="resolved", first_resolved_at=now - 11 * HOUR)
        add(tickets.clock(world, yesterday, now, met_at=now - 11 * HOUR, breached=True))
        elsewhere = tickets.ticket(world, now, queue=world.queues.finance, due_in=None)
        add(tickets.clock(world, elsewhere, now, met_at=now, breached=True))
    shown = summary(world.actors.agent, now)
    assert (shown.sla_percent, shown.handling_seconds) == (66.7, 3 * 3600)


def test_what_was_open_at_this_time_yesterday(world: World, now: datetime) -> None:
    day = 24 * HOUR
    with unit_of_work():
        tickets.ticket(world, now, created_at=now - 2 * day)
        tickets.ticket(world, now, created_at=now - HOUR)
        tickets.ticket(world, now, created_at=now - 2 * day, status="resolved", resolved_at=now - HOUR)
        tickets.ticket(world, now, created_at=now - 2 * HOUR, status="resolved", resolved_at=now - HOUR)
        tickets.ticket(world, now, created_at=now - 3 * day, status="resolved", resolved_at=now - 2 * day)
    shown = summary(world.actors.agent, now)
    assert (shown.open, shown.open_change) == (2, 0)


def test_counting_takes_two_statements_and_the_menu_one(world: World, now: datetime, statements: Statements) -> None:
    with unit_of_work():
        for _ in range(5):
            tickets.ticket(world, now)
    with statements() as seen:
        ticket_counts.summary(TicketFilter(), world.actors.agent, now, day_start=now)
    assert len(seen) == 2
    with statements() as seen:
        ticket_counts.nav(world.actors.agent, now)
    assert len(seen) == 1


def test_counting_stops_at_a_thousand(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_tickets, "MOST_COUNTED", 3)
    ticket_counts._nav.cache_clear()
    ticket_counts._figures.cache_clear()
    with unit_of_work():
        for _ in range(5):
            tickets.ticket(world, now, due_in=-HOUR)
    shown = summary(world.actors.agent, now)
    assert (shown.open, shown.overdue, shown.tabs[Tab.ALL]) == (3, 3, 3)
    assert [queue.count for queue in ticket_counts.nav(world.actors.agent, now).queues if queue.listed] == [3]
    ticket_counts._nav.cache_clear()
    ticket_counts._figures.cache_clear()
