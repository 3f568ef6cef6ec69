"""How many tickets stand in each view: what its list shows, at the price of one statement."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpdesk.domain.ticket_filter import Tab
from helpdesk.domain.views import SHIPPED, ListView, parse_list
from helpdesk.models import TicketPause
from helpdesk.queries import ticket_list
from helpdesk.queries import views as queries
from helpdesk.services import views
from helpdesk.services.views import Naming
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Statements
from tests.factories import World, add
from tests.services.story import do

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(world: World, now: datetime) -> World:
    """Tickets of every kind in two queues, some of them elsewhere but in the agent's hands."""
    agent = world.users.agent
    with unit_of_work():
        for place in range(12):
            tickets.ticket(
                world,
                now,
                queue=world.queues.finance if place % 3 == 0 else world.queues.customer_service,
                owner=agent if place % 4 == 0 else None,
                hands=agent if place % 5 == 0 else None,
                due_in=(place - 3) * 3 * HOUR,
                priority="P1" if place % 2 else "P2",
                tier="suggest" if place % 6 == 0 else "auto",
            )
        waits = tickets.ticket(world, now, status="pending_customer", paused=True)
        add(
            TicketPause(
                ticket_id=waits.id, status="pending_customer", rule_version=1, started_at=now - timedelta(days=4)
            )
        )
        asked = tickets.ticket(world, now, queue=world.queues.finance)
        tickets.assist(world, asked, world.queues.customer_service, now, due_in=HOUR, question="？")
        tickets.ticket(world, now, status="pending_approval")
        tickets.ticket(world, now, status="resolved")
    return world


@pytest.mark.parametrize("person", ["agent", "supervisor", "warehouse", "ops", "outsider"])
def test_each_count_is_the_length_of_its_list(desk: World, now: datetime, person: str) -> None:
    actor = getattr(desk.actors, person)
    lists = [parse_list(args, now + 14 * HOUR) for args in SHIPPED.values()]
    lists += [ListView(tab=tab) for tab in Tab]
    lists += [parse_list({"stuck": "1"}), parse_list({"tab": "mine", "priority": "P1", "sort": "created"})]
    shown = [len(ticket_list.page(one.chosen, one.tab, actor, now, size=100).rows) for one in lists]
    assert queries.counts(lists, actor, now) == shown
    assert person != "agent" or sum(shown) > 20


def test_what_also_lists_ended_tickets_is_not_counted(desk: World, now: datetime) -> None:
    lists = [parse_list({"status": "resolved"}), ListView(), parse_list({"q": "工单"})]
    assert queries.counts(lists, desk.actors.ops, now) == [None, 15, None]
    assert queries.counts(lists[:1], desk.actors.ops, now) == [None]


def test_views_are_one_statement_and_all_their_counts_another(
    desk: World, now: datetime, statements: Statements
) -> None:
    agent = desk.actors.agent
    for place in range(5):
        do(views.save, Naming(f"第 {place}"), parse_list({"priority": "P1"}), actor=agent, now=now)
    session().expire_all()
    with statements() as seen:
        found = [parse_list(one.args) for one in queries.views(agent)]
        lists = [*found, *(parse_list(args, now) for args in SHIPPED.values())]
        queries.counts(lists, agent, now)
    assert len(found) == 5
    assert len(seen) == 2
