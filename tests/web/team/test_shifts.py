from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.domain import shifts as rules
from helpdesk.models import Shift, User
from helpdesk.storage import session
from tests.conftest import Client, Login
from tests.factories import World
from tests.queries.test_rota import MONDAY, absence, plan

SHANGHAI = ZoneInfo("Asia/Shanghai")
EMPTY = rules.fingerprint(())


def shown(user: User) -> list[tuple[str, str]]:
    rows = session().execute(
        select(Shift.starts_at, Shift.ends_at).where(Shift.user_id == user.id).order_by(Shift.starts_at)
    )
    return [rules.times(rules.Duty(*row), SHANGHAI) for row in rows]


def week(**days: str) -> dict[str, Any]:
    return {"seen": EMPTY, **{f"day{n}": "" for n in range(7)}, **days}


def test_everybody_sees_the_week_and_only_planners_may_change_it(client: Client, world: World, login: Login) -> None:
    plan(world.users.agent, (0, "09:00", "18:00"), (2, "22:00", "06:00"))
    page = login(client, world.users.agent).get("/team/shifts").text
    assert "09:00–18:00" in page
    assert "22:00–06:00" in page
    assert f"/team/shifts/{world.users.agent.id}" not in page
    assert "照搬上周" not in page
    page = login(client, world.users.supervisor).get("/team/shifts").text
    assert f"/team/shifts/{world.users.agent.id}?week=2026-11-23" in page
    assert f"/team/shifts/{world.users.warehouse.id}" not in page


def test_gaps_are_marked_within_the_queues_hours(client: Client, world: World, login: Login) -> None:
    plan(world.users.agent, *((day, "08:00", "24:00") for day in range(7)))
    page = login(client, world.users.supervisor).get("/team/shifts?queue=customer_service").text
    assert page.count("00:00–08:00 无人值班") == 14  # in the table and in the phone's list
    assert "08:00–24:00 <b>1</b>" in page
    assert "2 人不排班" in page


def test_a_week_is_typed_as_people_write_it(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    path = f"/team/shifts/{world.users.agent.id}?week=2026-11-25"
    assert "11月23日 – 11月29日" in client.get(path).text
    answer = client.submit(path, week(day0="9-18", day5="8-12、13-17", day6="22:00–06:00"))
    assert answer.headers["Location"] == "/team/shifts?week=2026-11-23"
    assert shown(world.users.agent) == [
        ("09:00", "18:00"),
        ("08:00", "12:00"),
        ("13:00", "17:00"),
        ("22:00", "06:00"),
    ]
    assert 'value="08:00-12:00 13:00-17:00"' in client.get(path).text


def test_what_can_t_be_read_stays_in_its_field(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    path = f"/team/shifts/{world.users.agent.id}?week=2026-11-23"
    for typed, told in (("9 to 5", "9 to 5"), ("6-23", "一班最多 16 小时"), ("9" * 100, "最多 80 个字")):
        answer = client.submit(path, week(day1=typed))
        assert answer.status_code == 422
        assert told in answer.text
        assert f'value="{typed}"' in answer.text
    answer = client.submit(path, week(day1="9-18 17-20"))
    assert answer.status_code == 409
    assert "班次重叠：11-24 17:00 开始的一班，与到 11-24 18:00 才结束的另一班重叠。" in answer.text
    assert shown(world.users.agent) == []


def test_a_form_that_was_overtaken_shows_what_stands_there_by_now(client: Client, world: World, login: Login) -> None:
    plan(world.users.agent, (0, "09:00", "18:00"))
    login(client, world.users.supervisor)
    path = f"/team/shifts/{world.users.agent.id}?week=2026-11-23"
    answer = client.submit(path, week(day0="10-19"))
    assert answer.status_code == 409
    assert "被别人改过了" in answer.text
    assert "09:00-18:00" in answer.text
    assert 'value="10-19"' in answer.text
    seen = rules.fingerprint([rules.duty(MONDAY, "09:00", "18:00", SHANGHAI)])
    assert f'value="{seen}"' in answer.text
    assert client.submit(path, week(day0="10-19", seen=seen)).status_code == 302
    assert shown(world.users.agent) == [("10:00", "19:00")]


def test_nobody_plans_for_other_queues(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    path = f"/team/shifts/{world.users.warehouse.id}"
    assert client.get(path).status_code == 403
    assert client.submit(path, week(day0="9-18")).status_code == 403
    assert client.get(f"/team/shifts/{world.users.auditor.id}").status_code == 404


def test_last_week_is_copied_and_this_week_repeated(client: Client, world: World, login: Login) -> None:
    plan(world.users.agent, (-7, "09:00", "18:00"), (-5, "22:00", "06:00"))
    login(client, world.users.supervisor)
    answer = client.submit("/team/shifts/copy", {"week": "2026-11-23"})
    assert answer.headers["Location"] == "/team/shifts?week=2026-11-23"
    assert "排了 2 班，1 人。" in client.get("/team/shifts").text
    client.submit("/team/shifts/repeat", {"week": "2026-11-23", "weeks": "3"})
    assert len(shown(world.users.agent)) == 10
    client.submit("/team/shifts/repeat", {"week": "2026-11-23", "weeks": "1"})
    page = client.get("/team/shifts").text
    assert "没有改动" in page
    assert "林晓：11月30日 – 12月6日" in page
    client.submit("/team/shifts/copy", {"week": "2026-10-12"})
    assert "没有班次可以照搬" in client.get("/team/shifts").text


def test_a_number_of_weeks_that_can_t_be_is_refused(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    for weeks in ("0", "13", "", "x"):
        assert client.submit("/team/shifts/repeat", {"week": "2026-11-23", "weeks": weeks}).status_code == 422


def test_weeks_far_away_or_misspelt_are_refused(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    for text in ("2062-01-01", "monday", "2026-13-01", "0001-01-01"):
        assert client.get(f"/team/shifts?week={text}").status_code == 422
    far = date(2026, 11, 23) + timedelta(days=390)
    assert client.get(f"/team/shifts?week={far}").status_code == 200


def test_a_shift_that_somebody_is_absent_from_is_struck_out(client: Client, world: World, login: Login) -> None:
    plan(world.users.agent, (0, "09:00", "18:00"), (2, "09:00", "18:00"))
    absence(world.users.agent, rules.midnight(MONDAY, SHANGHAI), 1, world.users.agent2)
    page = login(client, world.users.supervisor).get("/team/shifts").text
    assert page.count('class="shift off">') == 2
    assert page.count('class="shift">') == 2
    assert "病假，周舟 代" in page
