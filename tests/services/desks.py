"""A customer service that hands out by load, with its agents at their desks; and what is told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from helpdesk.models import Outbox, Queue, User
from helpdesk.services import dispatch
from helpdesk.storage import session, unit_of_work
from tests import tickets as rows
from tests.factories import World, open_session
from tests.services.story import do, stints

HOUR = timedelta(hours=1)


def staffed(world: World, now: datetime) -> World:
    """Customer service hands out by load, at most three each; both agents sit at their desks."""
    settings(world, assignment="least_load", capacity=3)
    there(now, world.users.agent, world.users.agent2)
    return world


def settings(world: World, queue: str = "customer_service", **columns: Any) -> None:
    with unit_of_work():
        session().execute(update(Queue).where(Queue.code == queue).values(**columns))


def there(now: datetime, *people: User) -> None:
    with unit_of_work():
        for one in people:
            open_session(one, now)


def hold(user: User, **columns: Any) -> None:
    with unit_of_work():
        session().execute(update(User).where(User.id == user.id).values(**columns))


def waiting(world: World, now: datetime, count: int = 1, **more: Any) -> list[str]:
    """Tickets of customer service in nobody's hands, as rows: the later ones burn first."""
    with unit_of_work():
        return [
            rows.ticket(world, now, due_in=(count - place) * HOUR, status="new", **more).number
            for place in range(count)
        ]


def handed(world: World, now: datetime, queue: str = "customer_service") -> int:
    queue_id = getattr(world.queues, queue).id
    return do(dispatch.hand_out, queue_id, actor=world.actors.system, now=now)


def hands(number: str) -> int | None:
    stay = next(stint for stint in stints(number) if stint.kind == "stay" and stint.left_at is None)
    return stay.assignee_id


def notices(kind: str) -> list[dict[str, Any]]:
    found = session().scalars(select(Outbox).where(Outbox.kind == "notice").order_by(Outbox.id))
    return [row.payload for row in found if row.payload["code"] == kind]
