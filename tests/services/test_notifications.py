"""One's own bell, choices and mailbox; nobody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.notices import KINDS
from helpdesk.domain.problems import Invalid, NotFound, Stale
from helpdesk.models import Notification, NotificationChoice, User
from helpdesk.queries import notifications as bell_queries
from helpdesk.services import notifications
from helpdesk.storage import session, unit_of_work
from tests.conftest import Statements
from tests.factories import World, add
from tests.tickets import ticket as a_ticket


def tell(world: World, now: datetime, count: int = 1, login: str = "agent", **columns: Any) -> list[int]:
    with unit_of_work():
        rows = [
            Notification(
                user_id=getattr(world.users, login).id,
                key=f"n{number}:{columns.get('ticket_id')}:{now.isoformat()}",
                created_at=now,
                **{"kind": "sla.stage", "params": {"percent": 75}, **columns},
            )
            for number in range(count)
        ]
        add(*rows)
        return [row.id for row in rows]


def test_unread_lines_are_counted_up_to_a_hundred(world: World, now: datetime, statements: Statements) -> None:
    tell(world, now, 3)
    tell(world, now, 5, "agent2")
    with statements() as seen:
        assert bell_queries.unread_count(world.actors.agent) == 3
    assert len(seen) == 1
    tell(world, now + timedelta(seconds=1), 150)
    assert bell_queries.unread_count(world.actors.agent) == bell_queries.COUNTED == 100


def test_reading_one_all_and_those_of_a_ticket(world: World, now: datetime) -> None:
    with unit_of_work():
        ticket = a_ticket(world, now)
    first, second, third = tell(world, now, 3)
    about = tell(world, now, ticket_id=ticket.id)
    actor = world.actors.agent
    with unit_of_work():
        notifications.read(first, actor=actor, now=now)
        notifications.read(first, actor=actor, now=now + timedelta(hours=1))
        assert session().get_one(Notification, first).read_at == now
        assert notifications.read_ticket(ticket.id, actor=actor, now=now) == len(about)
        assert notifications.read_ticket(ticket.id, actor=actor, now=now) == 0
        assert notifications.read_all(up_to=second, actor=actor, now=now) == 1
    assert bell_queries.unread_count(actor) == 1  # what came after he looked
    assert third > second


def test_somebody_elses_line_is_not_there(world: World, now: datetime) -> None:
    (theirs,) = tell(world, now, login="agent2")
    with unit_of_work():
        with pytest.raises(NotFound):
            notifications.read(theirs, actor=world.actors.agent, now=now)
        assert notifications.read_all(up_to=theirs, actor=world.actors.agent, now=now) == 0
    assert bell_queries.bell(world.actors.agent).rows == ()


def test_the_bell_page_by_page_with_names_for_ids(world: World, now: datetime, statements: Statements) -> None:
    with unit_of_work():
        ticket = a_ticket(world, now)
    tell(world, now, 5)
    params = {"by": world.users.supervisor.id, "queue": "warehouse"}
    tell(world, now, ticket_id=ticket.id, kind="ticket.reminded", params=params)
    with statements() as seen:
        page = bell_queries.bell(world.actors.agent, limit=4)
    assert len(seen) <= 4
    assert page.rows[0].ticket_number == ticket.number
    assert page.rows[0].params["by"] == "孙领"
    assert page.rows[0].params["queue"].zh == "仓库"
    rest = bell_queries.bell(world.actors.agent, page.next_cursor, limit=4)
    assert (len(page.rows), len(rest.rows), rest.next_cursor) == (4, 2, None)
    assert len({row.id for row in (*page.rows, *rest.rows)}) == 6
    with unit_of_work():
        notifications.read(page.rows[0].id, actor=world.actors.agent, now=now)
    assert len(bell_queries.bell(world.actors.agent, unread_only=True).rows) == 5


def test_choices_start_at_their_defaults_and_go_back_to_them(world: World, now: datetime) -> None:
    actor = world.actors.agent
    default = {kind.code: (kind.bell, kind.mail) for kind in KINDS.values() if kind.needs is None}
    assert {row.kind: (row.bell, row.mail) for row in bell_queries.choices(actor)} == default
    with unit_of_work():
        wanted = {"sla.stage": (True, False), "ticket.assigned": (False, True), "pause.step": (True, False)}
        notifications.set_choices(wanted, actor=actor, now=now)
    chosen = {row.kind: (row.bell, row.mail) for row in bell_queries.choices(actor)}
    assert chosen == {**default, "sla.stage": (True, False), "ticket.assigned": (False, True)}
    assert len(session().scalars(select(NotificationChoice)).all()) == 2  # what equals the default isn't kept
    with unit_of_work():
        notifications.set_choices({}, actor=actor, now=now)
    assert {row.kind: (row.bell, row.mail) for row in bell_queries.choices(actor)} == default
    with unit_of_work(), pytest.raises(Invalid):
        notifications.set_choices({"nonsense": (True, True)}, actor=actor, now=now)


def test_reports_are_chosen_by_those_who_may_read_them(world: World, now: datetime) -> None:
    def chosen(actor: Actor) -> tuple[bool, bool] | None:
        rows = {row.kind: (row.bell, row.mail) for row in bell_queries.choices(actor)}
        return rows.get("report.month")

    people = world.actors
    assert [chosen(one) for one in (people.ops, people.supervisor, people.finance, people.agent)] == [
        (True, True),
        (True, True),
        (False, False),
        None,
    ]
    with unit_of_work():
        notifications.set_choices({"report.month": (False, True)}, actor=people.finance, now=now)
    assert chosen(people.finance) == (False, True)
    with unit_of_work(), pytest.raises(Invalid):
        notifications.set_choices({"report.month": (True, True)}, actor=people.agent, now=now)


def test_what_never_leaves_the_bell_can_not_be_mailed(world: World, now: datetime) -> None:
    with unit_of_work():
        notifications.set_choices({"outbox.dead": (False, True)}, actor=world.actors.admin, now=now)
    row = next(row for row in bell_queries.choices(world.actors.admin) if row.kind == "outbox.dead")
    assert (row.bell, row.mail, row.outside) == (False, False, False)


def test_a_mailbox_with_its_hours(world: World, now: datetime) -> None:
    actor = world.actors.agent

    def save(version: int, **changed: Any) -> None:
        values: dict[str, Any] = {"email": "lin@shop.example", "quiet": (1320, 450), "digest_seconds": 900, **changed}
        with unit_of_work():
            notifications.set_delivery(version, actor=actor, now=now, **values)

    save(1)
    found = bell_queries.delivery(actor)
    assert (found.version, found.email, found.quiet, found.digest_seconds) == (2, "lin@shop.example", (1320, 450), 900)
    save(2)
    assert bell_queries.delivery(actor).version == 2
    with pytest.raises(Stale):
        save(1, email="")
    for wrong in ({"email": "nobody"}, {"quiet": (5, 5)}, {"digest_seconds": 90_000}):
        with pytest.raises(Invalid):
            save(2, **wrong)
    save(2, email=" ", quiet=None, digest_seconds=0)
    with unit_of_work():
        user = session().get_one(User, actor.id)
        assert (user.email, user.quiet_from, user.quiet_to, user.digest_seconds) == (None, None, None, 0)


def test_lines_go_after_ninety_days_read_or_not(world: World, now: datetime) -> None:
    tell(world, now)
    with unit_of_work():
        assert notifications.remove_old(now + timedelta(days=90)) == 0
        assert notifications.remove_old(now + timedelta(days=90, seconds=1)) == 1
