from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.domain import shifts as rules
from helpdesk.domain.problems import NotFound
from helpdesk.models import Absence, Shift, User
from helpdesk.queries import rota
from helpdesk.queries.rota import Cover, Week
from helpdesk.storage import unit_of_work
from tests.conftest import Statements
from tests.factories import World, add

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def plan(user: User, *times: tuple[int, str, str]) -> None:
    duties = [rules.duty(MONDAY + day * DAY, start, end, SHANGHAI) for day, start, end in times]
    with unit_of_work():
        add(*(Shift(user_id=user.id, starts_at=one.starts_at, ends_at=one.ends_at) for one in duties))


def absence(user: User, begin: datetime, days: float, stand_in: User | None = None) -> int:
    row = Absence(user_id=user.id, starts_at=begin, ends_at=begin + days * DAY, kind="sick")
    row.stand_in_id = stand_in.id if stand_in else None
    with unit_of_work():
        add(row)
    return row.id


def week(world: World, who: str = "supervisor", queue: str = "customer_service") -> Week:
    return rota.week(getattr(world.actors, who), MONDAY, SHANGHAI, queue=queue)


def shown(cover: Cover, day: int) -> list[tuple[str, str, int]]:
    return [(*rules.times(rules.Duty(part.starts_at, part.ends_at), SHANGHAI), part.people) for part in cover.days[day]]


def test_a_shift_stands_on_the_day_it_begins(world: World) -> None:
    plan(world.users.agent, (-1, "22:00", "06:00"), (0, "09:00", "12:00"), (0, "13:00", "18:00"), (6, "22:00", "06:00"))
    people = {one.name: one for one in week(world).people}
    assert [len(day) for day in people["林晓"].days] == [2, 0, 0, 0, 0, 0, 1]
    assert [len(day) for day in people["周舟"].days] == [0] * 7


def test_everybody_sees_the_plan_and_who_plans_may_change_it(world: World) -> None:
    assert [one.editable for one in week(world).people] == [True] * 3
    assert {one.editable for one in week(world, "agent").people} == {False}
    assert [(one.name, one.editable) for one in week(world, queue="warehouse").people] == [("赵仓", False)]
    assert [one.editable for one in week(world, "ops", "warehouse").people] == [True]
    everybody = rota.week(world.actors.supervisor, MONDAY, SHANGHAI).people
    assert {one.name for one in everybody if one.editable} == {"林晓", "周舟", "孙领"}
    assert {"钱敏", "陈外"} <= {one.name for one in everybody}


def test_gaps_show_within_the_queues_hours(world: World) -> None:
    plan(world.users.agent, (-1, "22:00", "06:00"), (0, "09:00", "18:00"))
    plan(world.users.agent2, (0, "16:00", "24:00"))
    cover = week(world).cover[0]
    assert shown(cover, 0) == [
        ("00:00", "06:00", 1),
        ("06:00", "09:00", 0),
        ("09:00", "16:00", 1),
        ("16:00", "18:00", 2),
        ("18:00", "24:00", 1),
    ]
    assert shown(cover, 1) == [("00:00", "24:00", 0)]
    assert cover.without_rota == 1


def test_nobody_is_missed_when_the_queue_is_closed(world: World) -> None:
    plan(world.users.warehouse, (0, "09:00", "18:00"))
    cover = week(world, "ops", "warehouse").cover[0]
    assert shown(cover, 0) == [("09:00", "18:00", 1)]
    assert shown(cover, 1) == [("09:00", "18:00", 0)]
    assert cover.days[5:] == ((), ())


def test_who_is_away_covers_nothing(world: World) -> None:
    plan(world.users.agent, (0, "00:00", "16:00"))
    absence(world.users.agent, rules.midnight(MONDAY, SHANGHAI) + timedelta(hours=8), 1)
    found = week(world)
    assert shown(found.cover[0], 0) == [("00:00", "08:00", 1), ("08:00", "24:00", 0)]
    assert {one.name: [away.kind for away in one.away] for one in found.people}["林晓"] == ["sick"]


def test_a_queue_without_any_shift_has_no_rota_to_cover(world: World) -> None:
    assert week(world).cover == ()
    plan(world.users.warehouse, (0, "09:00", "18:00"))
    assert [one.queue for one in rota.week(world.actors.ops, MONDAY, SHANGHAI).cover] == ["warehouse"]


def test_one_person_or_none(world: World) -> None:
    plan(world.users.agent, (0, "09:00", "18:00"))
    assert len(rota.person(world.actors.ops, world.users.agent.id, MONDAY, SHANGHAI).duties) == 1
    for user in (world.users.auditor, world.users.system):
        with pytest.raises(NotFound):
            rota.person(world.actors.ops, user.id, MONDAY, SHANGHAI)


def test_absences_stand_in_the_order_in_which_they_begin(world: World, now: datetime) -> None:
    later = absence(world.users.agent, now + 3 * DAY, 2, world.users.agent2)
    absence(world.users.agent2, now + 4 * DAY, 1)
    present = absence(world.users.warehouse, now - DAY, 2)
    absence(world.users.finance, now - 2 * DAY, 1)
    found = rota.absences(world.actors.supervisor, now)
    assert [one.id for one in found][:2] == [present, later]
    assert [(one.name, one.editable, one.stand_in, one.stand_in_away) for one in found] == [
        ("赵仓", False, None, False),
        ("林晓", True, "周舟", True),
        ("周舟", True, None, False),
    ]


def test_the_week_takes_five_statements(world: World, statements: Statements) -> None:
    plan(world.users.agent, (0, "09:00", "18:00"))
    plan(world.users.agent2, (0, "09:00", "18:00"))
    with statements() as seen:
        week(world)
    assert len(seen) <= 5
