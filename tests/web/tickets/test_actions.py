from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Correction, Event, Message, Responsibility, Stint, Ticket
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World
from tests.tickets import HOUR
from tests.web.tickets.reading import crossing


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent, tier="suggest")


def stored(row: Ticket) -> Ticket:
    return session().scalars(select(Ticket).where(Ticket.id == row.id)).one()


def moved_on(row: Ticket, world: World, now: datetime) -> None:
    """Somebody else changed the priority meanwhile."""
    with unit_of_work() as work:
        kept = work.get_one(Ticket, row.id)
        kept.version, kept.priority = 2, "P1"
        params = {"from": "P2", "to": "P1", "version": 2}
        work.add(
            Event(
                ticket_id=row.id,
                at=now,
                actor_id=world.users.agent2.id,
                source="page",
                code="ticket.priority",
                params=params,
            )
        )


def test_claiming_puts_it_into_ones_hands(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        free = tickets.ticket(world, now, status="new")
    answer = agent.submit(f"/tickets/{free.number}/claim?tab=unassigned", {"version": "1"})
    assert answer.headers["Location"] == f"/tickets/{free.number}?tab=unassigned"
    page = agent.get(answer.headers["Location"]).text
    assert "已分派给你。" in page
    assert f'action="/tickets/{free.number}/claim' not in page
    assert (stored(free).status, stored(free).owner_id) == ("open", world.users.agent.id)


def test_the_slower_of_two_is_told_who_was_faster(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        taken = tickets.ticket(world, now, hands=world.users.agent2)
    answer = agent.submit(f"/tickets/{taken.number}/claim", {"version": "1"})
    assert answer.status_code == 409
    assert taken.number in answer.text


def test_the_type_is_corrected_with_one_press_and_can_be_taken_back(agent: Client, row: Ticket) -> None:
    answer = agent.submit(f"/tickets/{row.number}/type", {"type": "lost_parcel", "version": "1"})
    assert answer.status_code == 302
    assert stored(row).type == "lost_parcel"
    assert session().scalars(select(Correction.to_type)).all() == ["lost_parcel"]
    undo = re.search(r'action="(/operations/\d+/undo)"', agent.get(f"/tickets/{row.number}").text)
    assert undo is not None
    answer = agent.submit(undo.group(1), {"next": f"/tickets/{row.number}"})
    assert answer.headers["Location"] == f"/tickets/{row.number}"
    assert stored(row).type == "logistics_stuck"
    assert "已撤销。" in agent.get(f"/tickets/{row.number}").text
    agent.submit(undo.group(1), {"next": f"/tickets/{row.number}"})
    assert "已经撤销过了" in agent.get(f"/tickets/{row.number}").text


def test_nobody_undoes_what_another_did(client: Client, world: World, login: Login, row: Ticket) -> None:
    login(client, world.users.agent)
    client.submit(f"/tickets/{row.number}/type", {"type": "lost_parcel", "version": "1"})
    undo = re.search(r'action="(/operations/\d+/undo)"', client.get(f"/tickets/{row.number}").text)
    assert undo is not None
    login(client, world.users.agent2)
    assert client.submit(undo.group(1)).status_code == 404
    assert stored(row).type == "lost_parcel"


def test_a_type_is_confirmed(agent: Client, row: Ticket) -> None:
    assert "判定正确" in agent.get(f"/tickets/{row.number}").text
    agent.submit(f"/tickets/{row.number}/type/confirm", {"version": "1"})
    assert stored(row).tier == "manual"
    assert "判定正确" not in agent.get(f"/tickets/{row.number}").text


def test_a_transfer_needs_a_reason_and_keeps_what_was_chosen(agent: Client, row: Ticket) -> None:
    answer = agent.submit(f"/tickets/{row.number}/transfer", {"queue": "warehouse", "reason": " ", "version": "1"})
    assert answer.status_code == 422
    assert re.search(r'<dialog[^>]*id="panel-transfer"[^>]* open>', answer.text)
    assert re.search(r'value="warehouse" required checked', answer.text)
    assert "请填写" in answer.text
    agent.submit(f"/tickets/{row.number}/transfer", {"queue": "warehouse", "reason": "要查打包记录", "version": "1"})
    page = agent.get(f"/tickets/{row.number}").text
    assert "转交：客服 → 仓库" in page
    assert "要查打包记录" in page


@pytest.mark.parametrize(
    ("panel", "data"),
    [
        ("transfer", {"queue": "warehouse", "reason": "要查打包记录"}),
        ("type", {"type": "lost_parcel"}),
        ("priority", {"priority": "P3"}),
        ("status", {"status": "pending_customer"}),
        ("assist", {"queue": "warehouse", "question": "还有库存吗？"}),
        ("resolve", {"outcome": "resent", "party": "courier", "percent": "100", "note": "重新发出"}),
    ],
)
def test_a_form_that_was_overtaken_changes_nothing_and_shows_what_changed(
    agent: Client, world: World, now: datetime, row: Ticket, panel: str, data: dict[str, Any]
) -> None:
    moved_on(row, world, now)
    answer = agent.submit(f"/tickets/{row.number}/{panel}", {**data, "version": "1"})
    assert answer.status_code == 409
    _head, line = crossing(answer.text)
    assert line[:2] == ["优先级", "P2"]
    assert line[2].startswith("P1 周舟")
    for typed in data.values():
        assert typed in answer.text
    assert (stored(row).version, stored(row).status, stored(row).type) == (2, "open", "logistics_stuck")
    assert 'name="version" value="2"' in answer.text
    assert agent.submit(f"/tickets/{row.number}/{panel}", {**data, "version": "2"}).status_code == 302


def test_asking_for_help_keeps_the_ticket_where_it_is(agent: Client, world: World, row: Ticket) -> None:
    data = {"queue": "warehouse", "party": "warehouse", "question": "发的是哪个尺码？", "version": "1"}
    assert agent.submit(f"/tickets/{row.number}/assist", data).status_code == 302
    assert stored(row).queue_id == world.queues.customer_service.id
    assert "仓库协助中" in agent.get(f"/tickets/{row.number}").text


def test_resolving_asks_for_outcome_and_for_who_was_responsible(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        c_ticket = tickets.ticket(world, now, type="wrong_item", klass="C", hands=world.users.agent)
    path = f"/tickets/{c_ticket.number}/resolve"
    assert agent.submit(path, {"version": "1"}).status_code == 422
    refused = agent.submit(path, {"version": "1", "outcome": "resent", "note": "已补发"})
    assert refused.status_code == 422
    assert "责任归属" in refused.text
    assert "已补发</textarea>" in refused.text
    half = {"party": ["warehouse", "courier"], "percent": ["50", "40"]}
    refused = agent.submit(path, {"version": "1", "outcome": "resent", **half})
    assert "合计 100%" in refused.text
    assert 'value="40"' in refused.text
    assert agent.submit(path, {"version": "1", "outcome": "resent", "party": "x", "percent": "100"}).status_code == 422
    whole = {"party": ["warehouse", "courier", ""], "percent": ["60", "40", ""]}
    assert agent.submit(path, {"version": "1", "outcome": "resent", **whole}).status_code == 302
    assert stored(c_ticket).status == "resolved"
    assert session().execute(select(Responsibility.party, Responsibility.percent)).all() == [
        ("warehouse", 60),
        ("courier", 40),
    ]


def test_after_resolving_comes_the_ticket_behind_it(agent: Client, world: World, now: datetime, row: Ticket) -> None:
    with unit_of_work():
        behind = tickets.ticket(world, now, due_in=9 * HOUR, hands=world.users.agent)
        tickets.ticket(world, now, due_in=8 * HOUR)
    data = {"outcome": "explained", "version": "1", "next": "1"}
    answer = agent.submit(f"/tickets/{row.number}/resolve?tab=mine", data)
    assert answer.headers["Location"] == f"/tickets/{behind.number}?tab=mine"
    answer = agent.submit(f"/tickets/{behind.number}/resolve?tab=mine", data)
    assert answer.headers["Location"] == "/tickets?tab=mine"


def test_priority_and_status_are_changed_and_an_illegal_move_is_explained(agent: Client, row: Ticket) -> None:
    agent.submit(f"/tickets/{row.number}/priority", {"priority": "P1", "version": "1"})
    agent.submit(f"/tickets/{row.number}/status", {"status": "pending_customer", "version": "2"})
    assert (stored(row).priority, stored(row).status) == ("P1", "pending_customer")
    assert "已暂停" in agent.get(f"/tickets/{row.number}").text
    assert agent.submit(f"/tickets/{row.number}/status", {"status": "closed", "version": "3"}).status_code == 409
    assert agent.submit(f"/tickets/{row.number}/status", {"status": "gone", "version": "3"}).status_code == 422


def test_a_supervisor_assigns_and_an_agent_may_not(client: Client, world: World, login: Login, row: Ticket) -> None:
    data = {"user_id": str(world.users.agent2.id), "version": "1"}
    login(client, world.users.agent)
    assert client.submit(f"/tickets/{row.number}/assign", data).status_code == 403
    login(client, world.users.supervisor)
    assert client.submit(f"/tickets/{row.number}/assign", {"version": "1"}).status_code == 422
    outside = {"user_id": str(world.users.warehouse.id), "version": "1"}
    assert client.submit(f"/tickets/{row.number}/assign", outside).status_code == 422
    assert client.submit(f"/tickets/{row.number}/assign", data).status_code == 302
    hands = session().scalars(select(Stint.assignee_id).where(Stint.ticket_id == row.id)).all()
    assert hands == [world.users.agent2.id]


def test_a_reveal_needs_a_reason_and_is_kept(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        buyer = tickets.customer(world, phone="13812345678")
        seen = tickets.ticket(world, now, customer_id=buyer.id)
    path = f"/tickets/{seen.number}/reveal"
    assert agent.submit(path, {"reason": ""}).status_code == 422
    answer = agent.submit(path, {"reason": "快递要核对电话"})
    assert answer.status_code == 200
    assert "13812345678" in answer.text
    assert "13812345678" not in agent.get(f"/tickets/{seen.number}").text
    assert "customer.revealed" in session().scalars(select(Event.code)).all()
    assert "快递要核对电话" in agent.get(f"/tickets/{seen.number}").text


def test_a_reply_is_taken_back_within_ten_seconds_and_marked_as_copied_after(
    agent: Client, world: World, row: Ticket, frozen: Frozen
) -> None:
    data = {"mode": "reply", "text": "已催", "version": "1", "last_message_id": "99"}
    agent.submit(f"/tickets/{row.number}/compose", data)
    message = session().scalars(select(Message).where(Message.direction == "out")).one()
    base = f"/tickets/{row.number}/messages/{message.id}"
    page = agent.get(f"/tickets/{row.number}").text
    assert f'action="{base}/take-back"' in page
    assert f'action="{base}/copied"' in page
    agent.submit(f"{base}/take-back")
    page = agent.get(f"/tickets/{row.number}").text
    assert "已撤回，没有发给客户" in page
    assert f'action="{base}/copied"' not in page
    assert agent.submit(f"{base}/copied").status_code == 409

    agent.submit(f"/tickets/{row.number}/compose", data)
    second = session().scalars(select(Message.id).where(Message.state == "queued")).one()
    frozen.shift(seconds=11)
    base = f"/tickets/{row.number}/messages/{second}"
    assert "take-back" not in agent.get(f"/tickets/{row.number}").text
    assert agent.submit(f"{base}/take-back").status_code == 409
    assert agent.submit(f"{base}/copied").status_code == 302
    assert "已复制并标记发送" in agent.get(f"/tickets/{row.number}").text
    assert agent.submit(f"/tickets/{row.number}/messages/{2**31}/copied").status_code == 404


ACTIONS: dict[str, dict[str, Any]] = {
    "claim": {},
    "type": {"type": "lost_parcel"},
    "type/confirm": {},
    "priority": {"priority": "P1"},
    "status": {"status": "pending_customer"},
    "assist": {"queue": "warehouse", "question": "？"},
    "transfer": {"queue": "finance", "reason": "看账"},
    "resolve": {"outcome": "explained"},
    "reveal": {"reason": "核对"},
    "compose": {"mode": "note", "text": "看过"},
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("person", "status"), [("auditor", 403), ("admin", 403), ("finance", 403), ("warehouse", 404), ("outsider", 404)]
)
def test_who_may_not_act_changes_nothing(
    client: Client, world: World, login: Login, row: Ticket, action: str, person: str, status: int
) -> None:
    login(client, getattr(world.users, person))
    answer = client.submit(f"/tickets/{row.number}/{action}", {**ACTIONS[action], "version": "1"})
    assert answer.status_code == status
    assert (stored(row).version, stored(row).priority) == (1, "P2")
    assert session().scalars(select(Event)).all() == []


@pytest.mark.parametrize("action", [*ACTIONS, "assign"])
def test_nothing_is_done_without_the_forms_token(
    client: Client, world: World, login: Login, row: Ticket, action: str
) -> None:
    login(client, world.users.supervisor)
    data = {**ACTIONS.get(action, {"user_id": "1"}), "version": "1"}
    assert client.post(f"/tickets/{row.number}/{action}", data=data).status_code == 400
    assert stored(row).version == 1


@pytest.mark.parametrize("action", ["type", "priority", "transfer", "resolve", "status", "assist", "assign"])
def test_a_form_without_its_fields_is_refused_not_failed(
    client: Client, world: World, login: Login, row: Ticket, action: str
) -> None:
    login(client, world.users.supervisor)
    assert client.submit(f"/tickets/{row.number}/{action}").status_code == 422
    assert stored(row).version == 1


def test_a_priority_is_taken_back_while_nothing_moved(agent: Client, row: Ticket) -> None:
    answer = agent.submit(f"/tickets/{row.number}/priority", {"priority": "P1", "version": "1"})
    undo = re.search(r'action="(/operations/[0-9]+/undo|/[^"]*undo[^"]*)"', agent.get(answer.headers["Location"]).text)
    assert undo
    agent.submit(undo.group(1))
    assert (stored(row).priority, stored(row).version) == ("P2", 3)
