from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Membership, Queue
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World


def form(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "name_zh": "仓配",
        "name_en": "Fulfilment",
        "calendar": str(world.calendars.always.id),
        "mode": "round_robin",
        "capacity": "40",
        "active": "y",
        "members": [str(world.users.warehouse.id), str(world.users.outsider.id)],
        "version": "1",
        **changed,
    }


def members(queue: Queue) -> set[int]:
    return set(session().scalars(select(Membership.user_id).where(Membership.queue_id == queue.id)))


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


def test_queues_are_listed_with_hours_people_and_open_tickets(ops: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, queue=world.queues.warehouse)
        tickets.ticket(world, now, queue=world.queues.warehouse, due_in=timedelta(hours=-1))
        tickets.ticket(world, now, queue=world.queues.warehouse, status="resolved")
    page = ops.get("/queues").text
    card = page[page.index('id="queue-warehouse"') :]
    assert "周一至周五 09:00–18:00" in card
    figures = [line for line in card.split("kpi-value") if "<small>" in line][:3]
    assert [figure[2 : figure.index("<")] for figure in figures] == ["2", "1", "1"]
    assert "每天 00:00–24:00" in page


def test_the_page_takes_as_many_statements_for_many_queues(ops: Client, world: World, statements: Statements) -> None:
    with statements() as few:
        ops.get("/queues")
    with unit_of_work() as work:
        for number in range(20):
            calendar_id = world.calendars.office.id
            work.add(Queue(code=f"more{number}", name_zh="更多", name_en="More", calendar_id=calendar_id))
    with statements() as many:
        ops.get("/queues")
    assert len(few) == len(many) <= 5


def test_settings_and_members_are_saved_together(ops: Client, world: World) -> None:
    queue = world.queues.warehouse
    assert ops.submit(f"/queues/{queue.id}", form(world)).headers["Location"] == "/queues"
    row = session().get_one(Queue, queue.id)
    assert (row.name_zh, row.name_en, row.calendar_id) == ("仓配", "Fulfilment", world.calendars.always.id)
    assert (row.assignment, row.capacity, row.writes_to_buyers, row.version) == ("round_robin", 40, False, 2)
    assert members(queue) == {world.users.warehouse.id, world.users.outsider.id}


def test_a_new_queue_is_made_and_then_filled(ops: Client, world: World) -> None:
    answer = ops.submit("/queues/new", form(world, code="quality"))
    row = session().scalars(select(Queue).where(Queue.code == "quality")).one()
    assert answer.headers["Location"] == f"/queues/{row.id}"
    assert row.active
    assert members(row) == set()


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"name_zh": ""}, 422, "请填写"),
        ({"name_en": "Q" * 61}, 422, "最多 60 个字"),
        ({"calendar": "99"}, 422, "calendar-error"),
        ({"calendar": "x"}, 422, "calendar-error"),
        ({"mode": "by_mood"}, 422, "mode-error"),
        ({"capacity": "0"}, 422, "1 到 1000"),
        ({"capacity": "many"}, 422, "capacity-error"),
        ({"members": ["999"]}, 422, "members-error"),
        ({"active": ""}, 409, "先改规则"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_form_with_a_mistake_comes_back_as_it_was_typed(
    ops: Client, world: World, changed: dict[str, Any], status: int, words: str
) -> None:
    values = {name: value for name, value in form(world, **changed).items() if value or name != "active"}
    page = ops.submit(f"/queues/{world.queues.warehouse.id}", values)
    assert page.status_code == status
    assert words in page.text
    assert 'value="Fulfilment"' in page.text or "name_en" in changed
    assert session().get_one(Queue, world.queues.warehouse.id).version == 1


@pytest.mark.parametrize(("code", "status"), [("finance", 409), ("Finance!", 422), ("", 422)])
def test_a_code_is_small_letters_and_not_taken(ops: Client, world: World, code: str, status: int) -> None:
    assert ops.submit("/queues/new", form(world, code=code)).status_code == status
    assert len(session().scalars(select(Queue.id)).all()) == 3


def test_a_queue_with_open_tickets_can_not_be_switched_off(ops: Client, world: World, now: datetime) -> None:
    with unit_of_work() as work:
        own = Queue(code="own", name_zh="自营", name_en="Own", calendar_id=world.calendars.office.id)
        work.add(own)
        work.flush()
        tickets.ticket(world, now, queue=own)
    values = {name: value for name, value in form(world, members=[]).items() if name != "active"}
    page = ops.submit(f"/queues/{own.id}", values)
    assert page.status_code == 409
    assert "还有 1 张未结的工单" in page.text


def test_an_overtaken_form_shows_what_changed_and_keeps_what_was_typed(ops: Client, world: World) -> None:
    path = f"/queues/{world.queues.warehouse.id}"
    ops.submit(path, form(world, name_zh="先来的", members=[]))
    page = ops.submit(path, form(world, name_zh="后到的"))
    assert page.status_code == 409
    assert "先来的" in page.text
    assert 'value="后到的"' in page.text
    assert world.users.outsider.name in page.text
    assert 'name="version" value="2"' in page.text
    assert session().get_one(Queue, world.queues.warehouse.id).name_zh == "先来的"


def test_a_supervisor_sets_members_and_handing_out_of_his_own_queue_only(
    client: Client, world: World, login: Login
) -> None:
    login(client, world.users.supervisor)
    own = world.queues.customer_service
    page = client.get(f"/queues/{own.id}").text
    assert 'name="members"' in page
    assert 'name="mode"' in page
    assert 'name="name_zh"' not in page
    answer = client.submit(f"/queues/{own.id}", form(world, members=[str(world.users.supervisor.id)]))
    assert answer.status_code == 302
    row = session().get_one(Queue, own.id)
    assert (row.name_zh, row.writes_to_buyers, row.assignment, row.capacity) == ("客服", True, "round_robin", 40)
    assert members(own) == {world.users.supervisor.id}
    assert client.get(f"/queues/{world.queues.finance.id}").status_code == 403
    assert client.submit(f"/queues/{world.queues.finance.id}", form(world)).status_code == 403
    assert client.get("/queues/new").status_code == 403
    listed = client.get("/queues").text
    assert f"/queues/{own.id}" in listed
    assert f"/queues/{world.queues.finance.id}" not in listed
    assert "/queues/new" not in listed


def test_leaving_a_queue_acts_at_the_next_click(ops: Client, client: Client, world: World, login: Login) -> None:
    other = client.application.test_client()
    login(other, world.users.warehouse)
    assert "tickets?queue=warehouse" in other.get("/account").text
    ops.submit(f"/queues/{world.queues.warehouse.id}", form(world, members=[]))
    assert "tickets?queue=warehouse" not in other.get("/account").text


def test_one_that_is_not_there_is_not_found(ops: Client, world: World) -> None:
    for queue_id in (999, 2**31, 10**30):
        assert ops.get(f"/queues/{queue_id}").status_code == 404
