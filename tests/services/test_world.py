"""The ground that other tests stand on."""

from __future__ import annotations

from sqlalchemy import func, select

from helpdesk.models import Queue, User
from helpdesk.storage import session, unit_of_work
from tests.factories import World


def test_the_world_starts_the_same_each_time_whatever_was_written_before(world: World) -> None:
    with unit_of_work() as work:
        work.add(Queue(code="own", name_zh="自", name_en="Own", calendar_id=world.calendars.office.id))
    assert world.users.system.id == 1
    assert world.queues.finance.id == 1


def test_the_world_starts_the_same_each_time_again(world: World, statements) -> None:  # type: ignore[no-untyped-def]
    with statements() as seen:
        assert session().scalar(select(func.count()).select_from(Queue)) == 3
    assert len(seen) == 1
    assert world.users.system.id == 1
    assert world.actors.agent.queues == {world.queues.customer_service.id}
    assert session().scalar(select(func.count()).select_from(User)) == 10
