from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk.models import Absence, User
from helpdesk.storage import session
from tests.conftest import Client, Frozen, Login
from tests.factories import World


def away(user: User, **more: Any) -> dict[str, Any]:
    values = {"person": user.id, "kind": "leave", "first_day": "2026-11-24", "last_day": "2026-11-25", "stand_in": 0}
    return {**values, **more}


def test_whole_days_from_midnight_to_midnight(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    assert client.submit("/team/absences", away(world.users.agent)).headers["Location"] == "/team/absences"
    row = session().scalars(select(Absence)).one()
    assert (row.starts_at.isoformat(), row.ends_at.isoformat()) == (
        "2026-11-23T16:00:00+00:00",
        "2026-11-25T16:00:00+00:00",
    )
    page = client.get("/team/absences").text
    assert "今天大家都在" in page
    assert "没有人代理" in page


def test_hours_of_a_day_and_a_stand_in(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    values = {"first_time": "13:00", "last_day": "2026-11-24", "last_time": "18:00", "stand_in": world.users.agent2.id}
    client.submit("/team/absences", away(world.users.agent, **values))
    row = session().scalars(select(Absence)).one()
    assert (row.starts_at.hour, row.ends_at.hour, row.stand_in_id) == (5, 10, world.users.agent2.id)
    assert "周舟 代理" in client.get("/team/absences").text


def test_what_is_refused_is_said_beside_its_field_and_kept(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    for values, status, told in (
        ({"last_day": "2026-11-23"}, 422, "结束要晚于开始"),
        ({"first_day": "2026-11-20", "last_day": "2026-11-21"}, 422, "已经过去了"),
        ({"stand_in": world.users.warehouse.id}, 422, "同在一个队列"),
        ({"stand_in": world.users.agent.id}, 422, "不能代理自己"),
        ({"person": world.users.warehouse.id}, 422, "person-error"),
        ({"first_day": "soon"}, 422, "first_day-error"),
        ({"kind": ""}, 422, "kind-error"),
        ({"first_day": ""}, 422, "first_day-error"),
    ):
        answer = client.submit("/team/absences", away(world.users.agent, **values))
        assert (answer.status_code, told in answer.text) == (status, True), values
    assert session().scalars(select(Absence)).all() == []


def test_it_is_cancelled_once(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    client.submit("/team/absences", away(world.users.agent))
    row = session().scalars(select(Absence)).one()
    for told in ("已取消缺勤", "已经取消或改动"):
        client.submit(f"/team/absences/{row.id}/cancel", {"version": "1"})
        assert told in client.get("/team/absences").text
    assert "还没有登记以后的缺勤" in client.get("/team/absences").text


def test_agents_see_who_is_away_and_change_nothing(client: Client, world: World, login: Login, frozen: Frozen) -> None:
    login(client, world.users.supervisor)
    client.submit("/team/absences", away(world.users.agent, first_day="2026-11-23"))
    login(client, world.users.warehouse)
    page = client.get("/team/absences").text
    assert "林晓" in page
    assert 'name="first_day"' not in page
    assert "/cancel" not in page
    assert client.submit("/team/absences", away(world.users.agent)).status_code == 403
