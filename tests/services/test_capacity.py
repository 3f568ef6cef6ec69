from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Event, User
from helpdesk.services import capacity
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, refused


def test_a_supervisor_limits_what_a_member_has_in_hand(world: World, now: datetime) -> None:
    agent, supervisor = world.users.agent, world.actors.supervisor
    do(capacity.set_capacity, agent.id, 1, 12, actor=supervisor, now=now)
    do(capacity.set_capacity, agent.id, 2, 12, actor=supervisor, now=now)
    user = session().get_one(User, agent.id, populate_existing=True)
    assert (user.capacity, user.version) == (12, 2)
    do(capacity.set_capacity, agent.id, 2, None, actor=supervisor, now=now)
    assert [row.params for row in session().scalars(select(Event).order_by(Event.id))] == [
        {"user": agent.id, "was": None, "stands": 12},
        {"user": agent.id, "was": 12, "stands": None},
    ]


def test_what_was_changed_meanwhile_is_not_overwritten(world: World, now: datetime) -> None:
    with refused(Stale, "account.stale"):
        do(capacity.set_capacity, world.users.agent.id, 7, 12, actor=world.actors.supervisor, now=now)


@pytest.mark.parametrize("tickets", [0, -1, 1001])
def test_a_limit_is_between_one_and_a_thousand(world: World, now: datetime, tickets: int) -> None:
    with refused(Invalid, "account.bad_capacity"):
        do(capacity.set_capacity, world.users.agent.id, 1, tickets, actor=world.actors.supervisor, now=now)


def test_only_who_plans_for_him_says_so(world: World, now: datetime) -> None:
    with refused(NotAllowed, "shift.not_yours"):
        do(capacity.set_capacity, world.users.warehouse.id, 1, 3, actor=world.actors.supervisor, now=now)
    with refused(NotAllowed, "access.denied"):
        do(capacity.set_capacity, world.users.agent.id, 1, 3, actor=world.actors.agent, now=now)
    with refused(NotFound, "account.no_such_user"):
        do(capacity.set_capacity, 9999, 1, 3, actor=world.actors.ops, now=now)
