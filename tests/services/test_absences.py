from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.shifts import last_stand_in
from helpdesk.models import Absence, Event, Membership, Outbox, User
from helpdesk.models.duty import absence_at, is_absent
from helpdesk.services import absences
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, refused

DAY = timedelta(days=1)


@dataclass
class Office:
    world: World
    now: datetime

    def away(self, user: User, begin: float = 0, end: float = 5, stand_in: User | None = None, **more: Any) -> int:
        """From and to in days from now."""
        values: dict[str, Any] = {"kind": "leave", "actor": self.world.actors.supervisor} | more
        return do(
            absences.add_absence,
            user.id,
            self.now + begin * DAY,
            self.now + end * DAY,
            stand_in_id=stand_in.id if stand_in else None,
            now=self.now,
            **values,
        )

    def cancel(self, absence_id: int, version: int = 1, **more: Any) -> int:
        values: dict[str, Any] = {"actor": self.world.actors.supervisor, "now": self.now} | more
        return do(absences.cancel_absence, absence_id, version, **values)

    def absent(self, at: datetime) -> set[int]:
        return set(session().scalars(select(User.id).where(is_absent(at))))


@pytest.fixture
def office(world: World, now: datetime) -> Office:
    return Office(world, now)


def test_an_absence_holds_from_its_start_to_its_end(office: Office, world: World, now: datetime) -> None:
    id_ = office.away(world.users.agent, 1, 3)
    assert [bool(office.absent(now + days * DAY)) for days in (0, 1, 2.9, 3)] == [False, True, True, False]
    event = session().scalars(select(Event)).one()
    assert event.code == "absence.added"
    assert (event.params["absence"], event.params["user"], event.params["stand_in"]) == (
        id_,
        world.users.agent.id,
        None,
    )
    assert session().scalars(select(Outbox)).all() == []


def test_the_stand_in_is_told_once(office: Office, world: World) -> None:
    id_ = office.away(world.users.agent, 1, 3, world.users.agent2)
    notice = session().scalars(select(Outbox)).one()
    assert (notice.kind, notice.key, notice.ticket_id) == ("notice", f"absence:{id_}:stand_in", None)
    assert notice.payload["code"] == "absence.stand_in"
    assert notice.payload["notify"] == [f"user:{world.users.agent2.id}"]
    assert notice.payload["params"]["user"] == world.users.agent.id
    assert notice.payload["actor"] == world.users.supervisor.id


def test_nobody_is_away_twice_at_once(office: Office, world: World) -> None:
    first = office.away(world.users.agent, 1, 3)
    with refused(Conflict, "absence.overlap"):
        office.away(world.users.agent, 2, 4)
    office.away(world.users.agent, 3, 4)
    office.cancel(first)
    office.away(world.users.agent, 1, 2)


def test_cancelling_brings_him_back_at_once(office: Office, world: World, now: datetime) -> None:
    id_ = office.away(world.users.agent)
    assert office.absent(now) == {world.users.agent.id}
    assert office.cancel(id_) == world.users.agent.id
    assert office.absent(now) == set()
    with refused(Stale, "absence.stale"):
        office.cancel(id_)
    with refused(Stale, "absence.stale"):
        office.cancel(id_, 2)
    assert [row.code for row in session().scalars(select(Event))] == ["absence.added", "absence.cancelled"]


def test_a_stand_in_who_was_not_told_yet_is_not_told_of_what_is_off(office: Office, world: World) -> None:
    office.cancel(office.away(world.users.agent, 1, 3, world.users.agent2))
    assert [row.state for row in session().scalars(select(Outbox))] == ["withdrawn"]


def test_what_is_over_stays_as_it_was(office: Office, world: World, now: datetime) -> None:
    id_ = office.away(world.users.agent, 0, 1)
    with refused(Conflict, "absence.over"):
        office.cancel(id_, now=now + DAY)
    with refused(NotFound, "absence.not_found"):
        office.cancel(id_ + 1)


@pytest.mark.parametrize(
    ("stand_in", "kind", "code"),
    [
        ("agent", Invalid, "absence.own_stand_in"),
        ("warehouse", Invalid, "absence.bad_stand_in"),  # no queue in common
        ("outsider", Invalid, "absence.bad_stand_in"),
        ("system", Invalid, "absence.bad_stand_in"),
    ],
)
def test_not_everybody_can_stand_in(
    office: Office, world: World, stand_in: str, kind: type[Problem], code: str
) -> None:
    with refused(kind, code):
        office.away(world.users.agent, stand_in=getattr(world.users, stand_in))


def test_who_left_or_takes_no_tickets_does_not_stand_in(office: Office, world: World) -> None:
    def change() -> None:
        session().get_one(User, world.users.agent2.id).active = False
        queue = world.queues.customer_service.id
        session().add(Membership(user_id=world.users.auditor.id, queue_id=queue))

    do(change)
    for who in (world.users.agent2, world.users.auditor):
        with refused(Invalid, "absence.bad_stand_in"):
            office.away(world.users.agent, stand_in=who)


def test_a_stand_in_is_there_himself_so_nobody_stands_in_for_each_other(office: Office, world: World) -> None:
    office.away(world.users.agent, 1, 3, world.users.agent2)
    with refused(Conflict, "absence.stand_in_away"):
        office.away(world.users.agent2, 2, 4, world.users.agent)
    office.away(world.users.agent2, 3, 4, world.users.agent)


def test_only_who_plans_for_him_says_that_he_is_away(office: Office, world: World) -> None:
    with refused(NotAllowed, "shift.not_yours"):
        office.away(world.users.warehouse)
    for who in ("agent", "auditor"):
        with refused(NotAllowed, "access.denied"):
            office.away(world.users.agent, actor=getattr(world.actors, who))
    id_ = office.away(world.users.warehouse, actor=world.actors.ops)
    with refused(NotAllowed, "shift.not_yours"):
        office.cancel(id_)
    with refused(NotFound, "account.no_such_user"):
        office.away(world.users.system, actor=world.actors.ops)


PLANS = st.lists(
    st.tuples(
        st.sampled_from(["agent", "agent2", "supervisor"]),
        st.integers(0, 6),
        st.integers(1, 4),
        st.sampled_from([None, "agent", "agent2", "supervisor"]),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PLANS)
def test_whatever_is_planned_nobody_stands_in_for_himself_in_the_end(
    office: Office, world: World, now: datetime, plans: list[tuple[str, int, int, str | None]]
) -> None:
    do(lambda: session().execute(delete(Absence)))
    for who, begin, length, stand_in in plans:
        try:
            office.away(
                getattr(world.users, who),
                begin,
                begin + length,
                getattr(world.users, stand_in) if stand_in else None,
                actor=world.actors.ops,
            )
        except Problem:
            continue
    for day in range(12):
        rows = session().execute(
            select(Absence.user_id, Absence.stand_in_id).where(absence_at(now + (day + 0.5) * DAY))
        )
        away = {row.user_id: row.stand_in_id for row in rows}
        for user_id in away:
            chain, current = [user_id], away[user_id]
            while current in away:
                assert current not in chain
                chain.append(current)
                current = away[current]
            assert last_stand_in(user_id, away) == current
