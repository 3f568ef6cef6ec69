from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpdesk.models import Absence, Membership, Operation, Stint, Ticket, User
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World, add
from tests.tickets import HOUR


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


def test_what_he_has_in_hand_goes_to_his_stand_in_and_comes_back_as_one(
    client: Client, world: World, login: Login, frozen: Frozen
) -> None:
    agent, agent2 = world.users.agent, world.users.agent2
    with unit_of_work():
        mine = [tickets.ticket(world, frozen.now, hands=agent, owner=agent).number for _ in range(2)]
        elsewhere = tickets.ticket(world, frozen.now, queue=world.queues.warehouse, owner=agent).number
    login(client, world.users.supervisor)
    client.submit("/team/absences", away(agent, stand_in=agent2.id))
    id_ = session().scalars(select(Absence.id)).one()
    assert "把 2 张转给周舟" in client.get("/team/absences").text  # the third stands in a queue that isn't his
    login(client, world.users.ops)
    assert "把 3 张转给周舟" in client.get("/team/absences").text
    assert client.submit(f"/team/absences/{id_}/hand-over").headers["Location"] == "/team/absences"
    page = client.get("/team/absences").text
    assert "已把 3 张转给周舟。" in page
    assert "转给周舟</button>" not in page
    for number in (*mine, elsewhere):
        assert owner_of(number) == agent2.id
    batch = session().scalars(select(Operation.batch)).first()
    assert batch
    client.submit(f"/board/undo/{batch}")
    assert {owner_of(number) for number in (*mine, elsewhere)} == {agent.id}


def test_what_can_t_be_handed_over_is_told_ticket_by_ticket(
    client: Client, world: World, login: Login, frozen: Frozen
) -> None:
    agent, agent2 = world.users.agent, world.users.agent2
    with unit_of_work():
        add(Membership(user_id=agent.id, queue_id=world.queues.warehouse.id))
        tickets.ticket(world, frozen.now, hands=agent, owner=agent)
        stuck = tickets.ticket(world, frozen.now, hands=agent, queue=world.queues.warehouse).number
    login(client, world.users.ops)
    client.submit("/team/absences", away(agent, stand_in=agent2.id))
    id_ = session().scalars(select(Absence.id)).one()
    client.submit(f"/team/absences/{id_}/hand-over")
    page = client.get("/team/absences").text
    assert "已把 1 张转给周舟。" in page
    assert f"{stuck}：所选的人不在工单的队列里" in page


def test_a_question_in_his_hands_goes_along(client: Client, world: World, login: Login, frozen: Frozen) -> None:
    agent, agent2 = world.users.agent, world.users.agent2
    with unit_of_work():
        row = tickets.ticket(world, frozen.now, queue=world.queues.warehouse)
        stint = tickets.assist(world, row, world.queues.customer_service, frozen.now, due_in=HOUR, question="?")
        stint.assignee_id = agent.id
    login(client, world.users.supervisor)
    client.submit("/team/absences", away(agent, stand_in=agent2.id))
    client.submit(f"/team/absences/{session().scalars(select(Absence.id)).one()}/hand-over")
    assert session().get_one(Stint, stint.id).assignee_id == agent2.id
    page = client.get("/team/absences").text
    assert "已把 1 张转给周舟。" in page
    assert "/board/undo/" not in page  # nothing of a ticket changed that could be brought back


def test_only_who_assigns_and_plans_hands_over(client: Client, world: World, login: Login, frozen: Frozen) -> None:
    with unit_of_work():
        tickets.ticket(world, frozen.now, hands=world.users.agent)
    login(client, world.users.ops)
    client.submit("/team/absences", away(world.users.agent, stand_in=world.users.agent2.id))
    client.submit("/team/absences", away(world.users.warehouse))
    stood_in, alone = session().scalars(select(Absence.id).order_by(Absence.id)).all()
    assert client.submit(f"/team/absences/{alone}/hand-over").status_code == 404
    assert "转给周舟" not in login(client, world.users.admin).get("/team/absences").text
    assert client.submit(f"/team/absences/{stood_in}/hand-over").status_code == 403


def owner_of(number: str) -> int | None:
    return session().scalars(select(Ticket.owner_id).where(Ticket.number == number)).one()
