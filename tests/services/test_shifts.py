from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from helpdesk.domain import shifts as rules
from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.shifts import Duty
from helpdesk.models import Event, Shift, User
from helpdesk.models.duty import is_on_duty
from helpdesk.services import shifts
from helpdesk.services.shifts import Repeated
from helpdesk.storage import session
from tests.factories import World, add
from tests.services.story import do, refused

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)
EMPTY = rules.fingerprint(())


@dataclass
class Rota:
    world: World
    now: datetime

    def set(self, user: User, first: date, *times: tuple[int, str, str], **more: Any) -> None:
        """Shifts as (day after ``first``, from, to)."""
        wanted = [rules.duty(first + timedelta(days=day), start, end, SHANGHAI) for day, start, end in times]
        values: dict[str, Any] = {"seen": self.seen(user), "actor": self.world.actors.supervisor, "days": 7} | more
        do(shifts.set_shifts, user.id, first, wanted, zone=SHANGHAI, now=self.now, **values)

    def repeat(self, users: list[User], onto: list[date], actor: Actor | None = None) -> Repeated:
        return do(
            shifts.repeat_week,
            [user.id for user in users],
            MONDAY,
            onto,
            zone=SHANGHAI,
            actor=actor or self.world.actors.supervisor,
            now=self.now,
        )

    def duties(self, user: User) -> list[Duty]:
        asked = select(Shift.starts_at, Shift.ends_at).where(Shift.user_id == user.id).order_by(Shift.starts_at)
        return [Duty(*row) for row in session().execute(asked)]

    def seen(self, user: User, first: date = MONDAY, days: int = 7) -> str:
        last = first + timedelta(days=days)
        return rules.fingerprint(one for one in self.duties(user) if first <= rules.local_day(one, SHANGHAI) < last)

    def shown(self, user: User) -> list[tuple[str, str, str]]:
        return [(f"{rules.local_day(one, SHANGHAI):%m-%d}", *rules.times(one, SHANGHAI)) for one in self.duties(user)]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(row.code, row.params) for row in session().scalars(select(Event).order_by(Event.id))]


@pytest.fixture
def rota(world: World, now: datetime) -> Rota:
    return Rota(world, now)


def test_a_week_is_set_as_a_whole_and_recorded(rota: Rota, world: World) -> None:
    agent = world.users.agent
    rota.set(agent, MONDAY, (0, "09:00", "18:00"), (1, "22:00", "06:00"))
    assert rota.shown(agent) == [("11-23", "09:00", "18:00"), ("11-24", "22:00", "06:00")]
    rota.set(agent, MONDAY, (0, "09:00", "18:00"), (4, "08:00", "12:00"), (4, "13:00", "17:00"))
    assert rota.shown(agent) == [
        ("11-23", "09:00", "18:00"),
        ("11-27", "08:00", "12:00"),
        ("11-27", "13:00", "17:00"),
    ]
    code, params = rota.events()[-1]
    assert code == "shift.changed"
    assert (params["user"], params["day"], params["days"]) == (agent.id, "2026-11-23", 7)
    assert params["was"][1] == ["2026-11-24T14:00:00+00:00", "2026-11-24T22:00:00+00:00"]
    assert len(params["stands"]) == 3


def test_saving_the_same_again_is_no_change(rota: Rota, world: World) -> None:
    rota.set(world.users.agent, MONDAY, (0, "09:00", "18:00"))
    rota.set(world.users.agent, MONDAY, (0, "09:00", "18:00"))
    assert len(rota.events()) == 1


def test_one_day_is_set_without_touching_the_others(rota: Rota, world: World) -> None:
    agent = world.users.agent
    rota.set(agent, MONDAY, (0, "09:00", "18:00"), (1, "09:00", "18:00"))
    tuesday = MONDAY + timedelta(days=1)
    rota.set(agent, tuesday, days=1, seen=rota.seen(agent, tuesday, 1))
    assert rota.shown(agent) == [("11-23", "09:00", "18:00")]


def test_a_form_made_on_other_shifts_is_stale(rota: Rota, world: World) -> None:
    rota.set(world.users.agent, MONDAY, (0, "09:00", "18:00"))
    with refused(Stale, "shift.stale"):
        rota.set(world.users.agent, MONDAY, (0, "10:00", "18:00"), seen=EMPTY)
    assert rota.shown(world.users.agent) == [("11-23", "09:00", "18:00")]


def test_shifts_of_one_person_never_overlap_not_even_across_the_week(rota: Rota, world: World) -> None:
    agent = world.users.agent
    with refused(Conflict, "shift.overlap"):
        rota.set(agent, MONDAY, (0, "09:00", "18:00"), (0, "17:00", "20:00"))
    rota.set(agent, MONDAY, (6, "22:00", "06:00"))
    following = MONDAY + timedelta(days=7)
    with refused(Conflict, "shift.overlap"):
        rota.set(agent, following, (0, "05:00", "12:00"), seen=EMPTY)
    rota.set(agent, following, (0, "06:00", "12:00"), seen=EMPTY)
    rota.set(world.users.agent2, MONDAY, (6, "22:00", "06:00"))
    assert len(rota.duties(agent)) == 2


@pytest.mark.parametrize(
    ("times", "code"),
    [
        ([(7, "09:00", "12:00")], "shift.outside"),
        ([(-1, "09:00", "12:00")], "shift.outside"),
        ([(0, f"{hour:02}:00", f"{hour:02}:30") for hour in range(5)], "shift.too_many"),
    ],
)
def test_what_can_t_be_set_is_refused(rota: Rota, world: World, times: list[tuple[int, str, str]], code: str) -> None:
    with refused(Invalid, code):
        rota.set(world.users.agent, MONDAY, *times)
    assert rota.duties(world.users.agent) == []


def test_a_year_that_was_mistyped_is_refused(rota: Rota, world: World) -> None:
    with refused(Invalid, "shift.too_far"):
        rota.set(world.users.agent, date(2062, 11, 20), (0, "09:00", "12:00"))


def test_a_supervisor_plans_for_members_of_his_queues_only(rota: Rota, world: World) -> None:
    with refused(NotAllowed, "shift.not_yours"):
        rota.set(world.users.warehouse, MONDAY, (0, "09:00", "18:00"))
    rota.set(world.users.warehouse, MONDAY, (0, "09:00", "18:00"), actor=world.actors.ops)
    for who in ("agent", "finance", "auditor"):
        with refused(NotAllowed, "access.denied"):
            rota.set(world.users.agent, MONDAY, (0, "09:00", "18:00"), actor=getattr(world.actors, who))


def test_who_takes_no_tickets_has_no_shifts(rota: Rota, world: World) -> None:
    for who in ("auditor", "ops", "system"):
        with refused(NotFound, "account.no_such_user"):
            rota.set(getattr(world.users, who), MONDAY, actor=world.actors.ops)


def test_a_week_repeats_at_the_same_times_of_day(rota: Rota, world: World) -> None:
    agent, other = world.users.agent, world.users.agent2
    rota.set(agent, MONDAY, (0, "09:00", "18:00"), (6, "22:00", "06:00"))
    weeks = [MONDAY + timedelta(weeks=n) for n in (1, 2)]
    assert rota.repeat([agent, other], weeks) == Repeated(shifts=4, people=1, skipped=())
    assert rota.shown(agent)[2:] == [
        ("11-30", "09:00", "18:00"),
        ("12-06", "22:00", "06:00"),
        ("12-07", "09:00", "18:00"),
        ("12-13", "22:00", "06:00"),
    ]
    assert [code for code, _ in rota.events()] == ["shift.changed", "shift.repeated", "shift.repeated"]


def test_repeating_changes_nothing_that_stands_and_says_so(rota: Rota, world: World) -> None:
    agent, following = world.users.agent, MONDAY + timedelta(weeks=1)
    rota.set(agent, MONDAY, (0, "09:00", "18:00"))
    rota.set(agent, following, (3, "12:00", "20:00"), seen=EMPTY)
    assert rota.repeat([agent], [following]) == Repeated(0, 0, ((agent.id, following),))
    assert rota.shown(agent)[1:] == [("12-03", "12:00", "20:00")]
    assert rota.repeat([agent], [following]).shifts == 0


def test_a_week_that_would_run_into_the_next_is_not_repeated_there(rota: Rota, world: World) -> None:
    agent, following = world.users.agent, MONDAY + timedelta(weeks=1)
    rota.set(agent, MONDAY, (0, "05:00", "12:00"), (6, "22:00", "06:00"))
    assert rota.repeat([agent], [following]) == Repeated(0, 0, ((agent.id, following),))


def test_repeating_has_its_limits(rota: Rota, world: World) -> None:
    agent = world.users.agent
    for weeks in (0, 13):
        with refused(Invalid, "shift.too_many_weeks"):
            rota.repeat([agent], [MONDAY + timedelta(weeks=n) for n in range(1, weeks + 1)])
    with refused(NotAllowed, "shift.not_yours"):
        rota.repeat([agent, world.users.warehouse], [MONDAY + timedelta(weeks=1)])
    with refused(Invalid, "shift.too_many_people"):
        do(shifts.repeat_week, range(1, 202), MONDAY, [MONDAY], zone=SHANGHAI, actor=world.actors.ops, now=rota.now)


EDITS = st.lists(
    st.tuples(
        st.integers(0, 9),  # the first day
        st.sampled_from([1, 7]),
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 23), st.integers(1, 16)), max_size=3),
        st.booleans(),  # repeat the week afterwards
    ),
    max_size=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_whatever_is_edited_in_whatever_order_no_two_shifts_overlap(
    rota: Rota, world: World, edits: list[tuple[int, int, list[tuple[int, int, int]], bool]]
) -> None:
    agent = world.users.agent
    do(lambda: session().execute(delete(Shift)))
    for begin, days, wanted, again in edits:
        first = MONDAY + timedelta(days=begin)
        times = [(day % days, f"{hour:02}:00", f"{(hour + length) % 24:02}:00") for day, hour, length in wanted]
        try:
            rota.set(agent, first, *times, days=days, seen=rota.seen(agent, first, days))
            if again:
                rota.repeat([agent], [MONDAY + timedelta(weeks=1), MONDAY + timedelta(weeks=2)])
        except Problem:
            session().rollback()
        found = rota.duties(agent)
        assert rules.checked(found) == tuple(found)


def test_on_duty_is_who_has_a_shift_now_or_no_rota_at_all(rota: Rota, world: World) -> None:
    now = rota.now  # Monday 10:00 in Shanghai
    agent, agent2 = world.users.agent, world.users.agent2

    def on_duty(at: datetime) -> set[int]:
        people = [agent.id, agent2.id, world.users.supervisor.id]
        return set(session().scalars(select(User.id).where(is_on_duty(at), User.id.in_(people))))

    assert on_duty(now) == {agent.id, agent2.id, world.users.supervisor.id}
    rota.set(agent, MONDAY, (0, "09:00", "18:00"))
    rota.set(agent2, MONDAY, (0, "18:00", "24:00"))
    assert on_duty(now) == {agent.id, world.users.supervisor.id}
    assert on_duty(now + timedelta(hours=8)) == {agent2.id, world.users.supervisor.id}
    assert on_duty(now + timedelta(hours=15)) == {world.users.supervisor.id}
    assert on_duty(now + timedelta(days=30)) == {agent.id, agent2.id, world.users.supervisor.id}


def test_a_night_shift_counts_after_midnight(rota: Rota, world: World) -> None:
    rota.set(world.users.agent, MONDAY, (0, "22:00", "06:00"))
    night = datetime(2026, 11, 23, 19, tzinfo=rota.now.tzinfo)  # Tuesday 03:00
    asked = select(User.id).where(is_on_duty(night), User.id == world.users.agent.id)
    assert session().scalar(asked) == world.users.agent.id


def test_plans_of_people_who_left_are_not_changed(rota: Rota, world: World) -> None:
    do(lambda: add_inactive(world))
    with refused(NotFound, "account.no_such_user"):
        rota.set(world.users.agent2, MONDAY, (0, "09:00", "18:00"))


def add_inactive(world: World) -> None:
    session().get_one(User, world.users.agent2.id).active = False
    add()
