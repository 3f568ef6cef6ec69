"""Colleagues whom a note mentions are told, if they may see the ticket."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Invalid
from helpdesk.models import Note, Notification, TicketReader, User
from helpdesk.services import messages, notices
from helpdesk.storage import session, unit_of_work
from tests.factories import World, user
from tests.services.story import do, opened, refused


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return opened(world, now, type="logistics_stuck")


def note(world: World, now: datetime, number: str, text: str) -> None:
    do(messages.add_note, number, text, actor=world.actors.agent, now=now)


def told(now: datetime) -> dict[str, str]:
    """Login and kind of news of everybody who was told."""
    with unit_of_work():
        while notices.spread(now):
            pass
        bells = select(User.login, Notification.kind).join(User, User.id == Notification.user_id)
        rows = session().execute(bells.where(Notification.kind == "ticket.mentioned"))
        return {row.login: row.kind for row in rows}


def notes() -> list[str]:
    with unit_of_work():
        return list(session().scalars(select(Note.text)))


def test_a_colleague_of_the_queue_is_told_and_may_open_it_later(world: World, now: datetime, number: str) -> None:
    note(world, now, number, "@周舟看一下，@supervisor 也请看")
    assert told(now) == {"agent2": "ticket.mentioned", "supervisor": "ticket.mentioned"}
    with unit_of_work():
        readers = set(session().scalars(select(TicketReader.user_id)))
    assert {world.users.agent2.id, world.users.supervisor.id} <= readers


def test_who_reads_everything_can_be_mentioned(world: World, now: datetime, number: str) -> None:
    note(world, now, number, "@吴营 知道一下")
    assert told(now) == {"ops": "ticket.mentioned"}


def test_who_may_not_see_it_cannot_be_mentioned_and_the_note_is_not_written(
    world: World, now: datetime, number: str
) -> None:
    with refused(Invalid, "note.mentioned_may_not_see"):
        note(world, now, number, "@周舟 @赵仓 @陈外 看一下")
    assert notes() == []
    assert told(now) == {}


def test_he_who_writes_and_who_is_gone_are_not_told(world: World, now: datetime, number: str) -> None:
    with unit_of_work():
        session().merge(world.users.agent2).active = False
    note(world, now, number, "@林晓 @周舟 @谁也不是 buyer@agent2.example")
    assert told(now) == {}
    assert len(notes()) == 1


def test_a_name_that_two_bear_is_asked_for_by_login(world: World, now: datetime, number: str) -> None:
    with unit_of_work():
        queue = session().merge(world.queues.customer_service)
        user("zhou2", now, name="周舟", role=world.actors.agent.role, queues=[queue])
    with refused(Invalid, "note.mention_doubtful"):
        note(world, now, number, "@周舟 看一下")
    note(world, now, number, "@zhou2 看一下")
    assert told(now) == {"zhou2": "ticket.mentioned"}


def test_a_note_mentions_ten_at_most(world: World, now: datetime, number: str) -> None:
    with unit_of_work():
        queue = session().merge(world.queues.customer_service)
        for index in range(11):
            user(f"p{index:02}", now, name=f"人{index:02}", role=world.actors.agent.role, queues=[queue])
    with refused(Invalid, "note.too_many_mentions"):
        note(world, now, number, " ".join(f"@p{index:02}" for index in range(11)))
    note(world, now, number, " ".join(f"@p{index:02}" for index in range(10)))
    assert len(told(now)) == 10
