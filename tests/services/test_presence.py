"""Whether somebody takes new tickets at the moment, by his own word."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select, update

from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.models import Event, Queue, User
from helpdesk.services import presence
from helpdesk.storage import session, unit_of_work
from tests import tickets as rows
from tests.factories import World, open_session
from tests.services.story import do, refused, stints


def said(world: World) -> list[dict[str, object]]:
    return [event.params for event in session().scalars(select(Event).where(Event.code == "user.presence"))]


def test_saying_it_is_recorded_once_and_leaves_the_account_s_version(world: World, now: datetime) -> None:
    agent = world.users.agent.id
    assert do(presence.set_presence, "away", actor=world.actors.agent, now=now)
    assert not do(presence.set_presence, "away", actor=world.actors.agent, now=now)
    row = session().get_one(User, agent)
    assert (row.presence, row.version) == ("away", 1)
    assert said(world) == [{"user": agent, "presence": "away"}]


def test_who_comes_back_gets_what_waits_in_his_queues(world: World, now: datetime) -> None:
    with unit_of_work():
        session().execute(update(Queue).values(assignment="least_load"))
        open_session(world.users.agent, now)
        here = rows.ticket(world, now).number
        elsewhere = rows.ticket(world, now, queue=world.queues.warehouse).number
    do(presence.set_presence, "away", actor=world.actors.agent, now=now)
    assert stints(here)[0].assignee_id is None
    do(presence.set_presence, "online", actor=world.actors.agent, now=now)
    assert stints(here)[0].assignee_id == world.users.agent.id
    assert stints(elsewhere)[0].assignee_id is None


@pytest.mark.parametrize("word", ["", "busy", "Online"])
def test_other_words_are_refused(world: World, now: datetime, word: str) -> None:
    with refused(Invalid, "input.bad_value"):
        do(presence.set_presence, word, actor=world.actors.agent, now=now)


@pytest.mark.parametrize("who", ["auditor", "admin", "ops"])
def test_who_works_on_no_tickets_has_no_presence(world: World, now: datetime, who: str) -> None:
    with refused(NotAllowed, "access.denied"):
        do(presence.set_presence, "away", actor=getattr(world.actors, who), now=now)
