"""Who answers the customer while people work who don't write to buyers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from helpdesk.models import Absence, User
from helpdesk.services import owners
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Statements
from tests.factories import World, add

HOUR = timedelta(hours=1)


def chosen(now: datetime) -> int | None:
    return owners.least_loaded("customer_service", now)


def away(user: User, now: datetime) -> None:
    with unit_of_work():
        add(Absence(user_id=user.id, starts_at=now - HOUR, ends_at=now + HOUR, kind="leave"))


def gone(user: User) -> None:
    with unit_of_work():
        session().execute(update(User).where(User.id == user.id).values(active=False))


def test_the_agent_with_the_fewest_active_tickets_answers(world: World, now: datetime, statements: Statements) -> None:
    with unit_of_work():
        tickets.ticket(world, now, owner=world.users.agent)
        tickets.ticket(world, now, owner=world.users.agent2, status="resolved")
    with statements() as seen:
        assert chosen(now) == world.users.agent2.id
    assert len(seen) == 1


def test_who_is_on_leave_gets_no_customers_while_somebody_else_is_there(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, owner=world.users.agent2)
    away(world.users.agent, now)
    assert chosen(now) == world.users.agent2.id
    assert chosen(now + HOUR) == world.users.agent.id
    away(world.users.agent2, now)
    assert chosen(now) == world.users.supervisor.id
    away(world.users.supervisor, now)
    assert chosen(now) == world.users.agent.id


def test_a_queue_without_agents_has_its_other_people_and_one_without_people_nobody(world: World, now: datetime) -> None:
    for user in (world.users.agent, world.users.agent2):
        gone(user)
    assert chosen(now) == world.users.supervisor.id
    gone(world.users.supervisor)
    assert chosen(now) is None
