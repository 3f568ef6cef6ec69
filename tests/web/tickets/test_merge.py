"""Two tickets about one trouble become one, by a dialog, and two again while it is not too late."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Event, Message, Ticket
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World
from tests.web.tickets.reading import crossing

REASON = "同一个包裹，客户两处都问了"


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def about(world: World, now: datetime) -> dict[str, Any]:
    """One order of one customer."""
    with unit_of_work():
        buyer = tickets.customer(world)
        return {"customer_id": buyer.id, "order_id": tickets.order(world, now).id}


@pytest.fixture
def target(world: World, now: datetime, about: dict[str, Any]) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, hands=world.users.agent2, subject="快递三天不动", unread=False, **about)


@pytest.fixture
def source(world: World, now: datetime, about: dict[str, Any], target: Ticket) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, hands=world.users.agent, subject="投诉物流", **about)


def sent(source: Ticket, target: Ticket, **more: str) -> dict[str, str]:
    return {"into": target.number, "reason": REASON, "version": "1"} | more


def stored(row: Ticket) -> Ticket:
    return session().scalars(select(Ticket).where(Ticket.id == row.id)).one()


def dialog(page: str) -> str:
    """The dialog as it stands open in the page."""
    found = re.search(r'<dialog class="dialog" id="panel-merge"[^>]* open>.*?</dialog>', page, re.DOTALL)
    assert found is not None
    return found.group()


def offered(page: str) -> list[str]:
    return re.findall(r'name="into" value="([^"]+)"', page)


def test_without_script_the_dialog_stands_open_names_the_target_and_says_how_long_it_can_be_undone(
    agent: Client, source: Ticket, target: Ticket
) -> None:
    assert f'href="/tickets/{source.number}?panel=merge"' in agent.get(f"/tickets/{source.number}").text
    shown = dialog(agent.get(f"/tickets/{source.number}?panel=merge").text)
    assert f'value="{target.number}" required checked' in shown
    assert "快递三天不动" in shown
    assert "24 小时内可以撤销" in shown


def test_it_leads_to_the_other_ticket_and_both_pages_say_so(agent: Client, source: Ticket, target: Ticket) -> None:
    answer = agent.submit(f"/tickets/{source.number}/merge?tab=mine", sent(source, target))
    assert answer.headers["Location"] == f"/tickets/{target.number}?tab=mine"
    here = agent.get(f"/tickets/{target.number}").text
    assert f"工单 {source.number} 已并入这张。" in here
    assert f'把工单 <a class="link" href="/tickets/{source.number}">{source.number}</a> 合并进来' in here
    assert '<span class="tag">已并入这张</span>' in here
    there = agent.get(f"/tickets/{source.number}").text
    assert re.search(rf'已合并到 <a class="link" href="/tickets/{target.number}">', there)
    assert (
        f'合并到工单 <a class="link" href="/tickets/{target.number}">{target.number}</a>，状态：处理中 → 已合并'
        in there
    )
    assert REASON in there
    assert (stored(source).merged_into_id, stored(target).unread) == (target.id, True)


def test_on_a_merged_ticket_there_is_nothing_left_to_do(
    agent: Client, source: Ticket, target: Ticket, now: datetime, world: World
) -> None:
    with unit_of_work():
        waiting = tickets.message(source, "正在查", now, author=world.users.agent)
    agent.submit(f"/tickets/{source.number}/merge", sent(source, target))
    page = agent.get(f"/tickets/{source.number}").text
    assert 'class="composer' not in page
    assert "panel-" not in page.replace("panel-reveal", "")
    assert "不在负责它的队列里" not in page
    assert 'class="clocks"' not in page
    copied = f"/tickets/{source.number}/messages/{waiting.id}/copied"
    assert f'action="{copied}"' in page  # what was written before still has to reach the customer
    assert agent.submit(copied).status_code == 302
    assert session().get_one(Message, waiting.id).state == "copied"
    for panel in ("merge", "resolve", "transfer"):
        assert not re.search("<dialog[^>]* open>", agent.get(f"/tickets/{source.number}?panel={panel}").text)


def test_offered_are_active_tickets_of_order_or_customer_on_which_one_may_work(
    agent: Client, world: World, now: datetime, about: dict[str, Any], source: Ticket, target: Ticket
) -> None:
    with unit_of_work():
        own = tickets.ticket(
            world, now, queue=world.queues.finance, owner=world.users.agent, order_id=about["order_id"]
        )
        tickets.ticket(world, now, queue=world.queues.finance, **about)
        for status in ("resolved", "closed", "merged"):
            tickets.ticket(world, now, status=status, **about)
        same_customer = tickets.ticket(world, now, customer_id=about["customer_id"])
        tickets.ticket(world, now)
    page = agent.get(f"/tickets/{source.number}?panel=merge").text
    assert offered(page) == [own.number, target.number, same_customer.number]
    assert "checked" not in re.findall(r"<input[^>]*name=\"into\"[^>]*>", page)[0]


def test_where_nothing_can_be_merged_nothing_is_offered(
    agent: Client, client: Client, login: Login, world: World, now: datetime, source: Ticket, target: Ticket
) -> None:
    with unit_of_work():
        alone = tickets.ticket(world, now)
    assert "panel-merge" not in agent.get(f"/tickets/{alone.number}?panel=merge").text
    login(client, world.users.auditor)
    assert "panel-merge" not in client.get(f"/tickets/{source.number}?panel=merge").text


def test_a_reason_is_asked_for_and_the_choice_kept(agent: Client, source: Ticket, target: Ticket) -> None:
    for reason in ("", "长" * 501):
        answer = agent.submit(f"/tickets/{source.number}/merge", sent(source, target, reason=reason))
        assert answer.status_code == 422
        assert f'value="{target.number}" required checked' in dialog(answer.text)
        assert f">{reason}</textarea>" in dialog(answer.text)
    answer = agent.submit(f"/tickets/{source.number}/merge", sent(source, target, into=""))
    assert answer.status_code == 422
    assert "请选择。" in dialog(answer.text)
    assert stored(source).status == "open"


def test_a_dialog_that_was_overtaken_comes_back_with_what_changed(
    agent: Client, world: World, now: datetime, source: Ticket, target: Ticket
) -> None:
    with unit_of_work() as work:
        work.get_one(Ticket, source.id).version = 2
        params = {"from": "P2", "to": "P1", "version": 2}
        who = world.users.agent2.id
        work.add(Event(ticket_id=source.id, at=now, actor_id=who, source="page", code="ticket.priority", params=params))
    answer = agent.submit(f"/tickets/{source.number}/merge", sent(source, target))
    assert answer.status_code == 409
    _head, line = crossing(dialog(answer.text))
    assert line[:2] == ["优先级", "P2"]
    assert REASON in dialog(answer.text)
    assert stored(source).status == "open"
    assert agent.submit(f"/tickets/{source.number}/merge", sent(source, target, version="2")).status_code == 302


def test_a_target_that_ended_meanwhile_is_named_and_what_was_written_is_given_back(
    agent: Client, source: Ticket, target: Ticket
) -> None:
    with unit_of_work() as work:
        work.get_one(Ticket, target.id).status = "resolved"
    answer = agent.submit(f"/tickets/{source.number}/merge", sent(source, target))
    assert answer.status_code == 409
    assert f"工单 {target.number} 当前是“已解决”" in answer.text
    assert f"readonly>{REASON}</textarea>" in answer.text  # there is no other target, so no dialog


def test_two_that_have_nothing_in_common_are_refused_in_the_dialog(
    agent: Client, world: World, now: datetime, source: Ticket, target: Ticket
) -> None:
    with unit_of_work():
        stranger = tickets.ticket(world, now)
    answer = agent.submit(f"/tickets/{source.number}/merge", sent(source, stranger))
    assert answer.status_code == 422
    assert "不是同一个订单，也不是同一位客户" in dialog(answer.text)


def test_one_without_the_right_to_both_merges_nothing(
    client: Client, login: Login, world: World, now: datetime, about: dict[str, Any], source: Ticket, target: Ticket
) -> None:
    with unit_of_work():
        of_finance = tickets.ticket(world, now, queue=world.queues.finance, **about)
    login(client, world.users.agent)
    answer = client.submit(f"/tickets/{source.number}/merge", sent(source, of_finance))
    assert answer.status_code == 403
    assert REASON in answer.text
    login(client, world.users.outsider)
    assert client.submit(f"/tickets/{source.number}/merge", sent(source, target)).status_code == 404
    assert stored(source).status == "open"


def test_it_is_undone_from_the_word_that_says_that_it_is_done(agent: Client, source: Ticket, target: Ticket) -> None:
    agent.submit(f"/tickets/{source.number}/merge", sent(source, target))
    undo = re.search(r'action="(/operations/\d+/undo)"', agent.get(f"/tickets/{target.number}").text)
    assert undo is not None
    answer = agent.submit(undo[1], {"next": f"/tickets/{target.number}"})
    assert answer.headers["Location"] == f"/tickets/{target.number}"
    there = agent.get(f"/tickets/{source.number}").text
    assert "已合并到" not in there
    assert f"撤销合并，和工单 {target.number} 分开" in there
    assert (stored(source).status, stored(source).merged_into_id) == ("open", None)
