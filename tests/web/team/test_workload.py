from __future__ import annotations

from datetime import timedelta

from helpdesk.models import User
from helpdesk.storage import session, unit_of_work
from tests import factories, tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World, add
from tests.queries.test_workload import absence

HOUR = timedelta(hours=1)


def test_a_supervisor_sees_his_people_with_what_they_have_in_hand(
    client: Client, world: World, login: Login, frozen: Frozen
) -> None:
    with unit_of_work():
        session().merge(world.users.agent).capacity = 2
        for _ in range(2):
            tickets.ticket(world, frozen.now, hands=world.users.agent, due_in=-HOUR)
        tickets.ticket(world, frozen.now, hands=world.users.agent, status="pending_customer")
        add(absence(world.users.agent2.id, frozen.now, world.users.agent.id))
    page = login(client, world.users.supervisor).get("/team").text
    assert "林晓" in page
    assert "赵仓" not in page
    assert "已满" in page
    assert "休假，到 明天 10:00，林晓 代理" in page
    assert f'href="/tickets?owner={world.users.agent.id}"' in page
    assert page.index("林晓</h2>") < page.index("周舟</h2>")


def test_who_reads_everything_chooses_a_queue(client: Client, world: World, login: Login) -> None:
    login(client, world.users.ops)
    page = client.get("/team?queue=warehouse").text
    assert "赵仓" in page
    assert "林晓" not in page
    assert client.get("/team?queue=WRONG!").status_code == 422
    assert "这里还没有处理工单的人" in client.get("/team?queue=moon").text


def test_agents_don_t_see_each_others_load(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert client.get("/team").status_code == 403
    assert 'href="/team"' not in client.get("/tickets").text


def test_an_unchanged_page_costs_no_second_one(client: Client, world: World, login: Login, frozen: Frozen) -> None:
    login(client, world.users.supervisor)
    first = client.get("/team/rows")
    etag = first.headers["ETag"]
    assert "林晓" in first.text
    assert "data-live-for" in first.text
    frozen.shift(minutes=1)
    assert client.get("/team/rows", headers={"If-None-Match": etag}).status_code == 304
    with unit_of_work():
        tickets.ticket(world, frozen.now, hands=world.users.agent)
    assert client.get("/team/rows", headers={"If-None-Match": etag}).status_code == 200


def test_capacity_is_set_in_the_row(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    path = f"/team/{world.users.agent.id}/capacity"
    answer = client.submit(path, {"capacity": "12", "version": "1", "queue": "customer_service"})
    assert answer.headers["Location"] == "/team?queue=customer_service"
    assert session().get_one(User, world.users.agent.id).capacity == 12
    for values, told in (
        ({"capacity": "5", "version": "1"}, "被别人改过了"),
        ({"capacity": "0", "version": "2"}, "1 到 1000"),
        ({"capacity": "many", "version": "2"}, "1 到 1000"),
    ):
        client.submit(path, values)
        assert told in client.get("/team").text
    assert session().get_one(User, world.users.agent.id).capacity == 12
    client.submit(path, {"capacity": "", "version": "2"})
    assert session().get_one(User, world.users.agent.id).capacity is None


def test_who_only_reads_can_t_set_it(client: Client, world: World, login: Login) -> None:
    login(client, world.users.auditor)
    assert 'name="capacity"' not in client.get("/team").text
    assert client.submit(f"/team/{world.users.agent.id}/capacity", {"version": "1"}).status_code == 403


def test_the_page_asks_the_same_for_sixty_people(
    client: Client, world: World, login: Login, frozen: Frozen, statements: Statements
) -> None:
    login(client, world.users.supervisor)
    with statements() as few:
        client.get("/team")
    with unit_of_work():
        for n in range(60):
            user = factories.user(f"mate{n}", frozen.now, queues=[world.queues.customer_service])
            tickets.ticket(world, frozen.now, hands=user)
    with statements() as many:
        client.get("/team")
    assert len(many) == len(few)
    assert len(many) <= 10
