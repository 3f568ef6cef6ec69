from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Message, Note, ReplyTemplate, ReplyTemplateVersion, Ticket
from helpdesk.services import messages
from helpdesk.services.messages import Draft
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World, add
from tests.tickets import HOUR


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent)


def last_heard(row: Ticket) -> int:
    return max(session().scalars(select(Message.id).where(Message.ticket_id == row.id, Message.direction == "in")))


def reply(row: Ticket, **changed: Any) -> dict[str, Any]:
    return {"mode": "reply", "text": "已为您催促", "version": "1", "last_message_id": str(last_heard(row)), **changed}


def stored(row: Ticket) -> Ticket:
    return session().scalars(select(Ticket).where(Ticket.id == row.id)).one()


def replies() -> list[str]:
    return list(session().scalars(select(Message.text).where(Message.direction == "out")))


def test_a_reply_changes_the_status_and_goes_on_to_the_next(
    agent: Client, world: World, now: datetime, row: Ticket
) -> None:
    with unit_of_work():
        behind = tickets.ticket(world, now, due_in=9 * HOUR)
    data = reply(row, status="pending_customer", solution="1", next="1")
    answer = agent.submit(f"/tickets/{row.number}/compose", data)
    assert answer.headers["Location"] == f"/tickets/{behind.number}"
    assert (stored(row).status, replies()) == ("pending_customer", ["已为您催促"])
    page = agent.get(f"/tickets/{row.number}").text
    assert "给出方案" in page
    assert "待发送" in page


def test_without_the_wish_for_the_next_one_stays(agent: Client, row: Ticket) -> None:
    answer = agent.submit(f"/tickets/{row.number}/compose", reply(row))
    assert answer.headers["Location"] == f"/tickets/{row.number}"
    assert "回复已保存。" in agent.get(f"/tickets/{row.number}").text


def test_a_reply_does_not_cross_a_newer_message_unseen(agent: Client, now: datetime, row: Ticket) -> None:
    seen = reply(row)
    with unit_of_work():
        tickets.message(row, "等一下，我找到包裹了", now)
    answer = agent.submit(f"/tickets/{row.number}/compose", seen)
    assert answer.status_code == 409
    assert re.search(r"<textarea[^>]*>已为您催促</textarea>", answer.text)
    assert "等一下，我找到包裹了" in answer.text
    assert "仍然发送" in answer.text
    assert replies() == []
    assert f'name="last_message_id" value="{last_heard(row)}"' in answer.text
    assert agent.submit(f"/tickets/{row.number}/compose", {**seen, "cross_newer": "1"}).status_code == 302
    assert replies() == ["已为您催促"]


def test_a_reply_does_not_cross_a_colleagues_unseen(agent: Client, world: World, now: datetime, row: Ticket) -> None:
    seen = {**reply(row), "last_reply_id": ""}
    last = int(seen["last_message_id"])
    with unit_of_work():
        messages.reply(row.number, Draft("我已经催了", last), version=1, actor=world.actors.agent2, now=now)
    answer = agent.submit(f"/tickets/{row.number}/compose", seen)
    assert answer.status_code == 409
    assert "我已经催了" in answer.text
    assert "周舟" in answer.text
    assert "仍然发送" in answer.text
    assert agent.submit(f"/tickets/{row.number}/compose", {**seen, "cross_newer": "1"}).status_code == 302


def test_a_status_chosen_on_an_older_version_is_not_written_over(agent: Client, row: Ticket) -> None:
    agent.submit(f"/tickets/{row.number}/priority", {"priority": "P1", "version": "1"})
    answer = agent.submit(f"/tickets/{row.number}/compose", reply(row, status="pending_customer"))
    assert answer.status_code == 409
    assert "优先级：P2 → P1" in answer.text
    assert re.search(r"<textarea[^>]*>已为您催促</textarea>", answer.text)
    assert '<option value="pending_customer" selected>' in answer.text
    assert (stored(row).status, replies()) == ("open", [])


def test_unfilled_placeholders_block_sending_and_are_named(agent: Client, row: Ticket) -> None:
    answer = agent.submit(f"/tickets/{row.number}/compose", reply(row, text="{customer}您好，单号 {tracking}"))
    assert answer.status_code == 422
    assert "还有没填的内容" in answer.text
    assert "{tracking}</code>" in answer.text
    assert "{customer}您好，单号 {tracking}</textarea>" in answer.text
    assert replies() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"text": ""},
        {"text": "长" * 5_001},
        {"mode": "shout"},
        {"status": "resolved"},
        {"status": "gone"},
        {"occurred_at": "yesterday", "mode": "customer"},
        {"template_id": "x" * 61},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(
    agent: Client, row: Ticket, changed: dict[str, str]
) -> None:
    data = reply(row, **changed)
    answer = agent.submit(f"/tickets/{row.number}/compose", data)
    assert answer.status_code == 422
    assert data["text"] in answer.text
    assert replies() == []


def test_the_template_that_was_used_is_kept_with_its_version(agent: Client, now: datetime, row: Ticket) -> None:
    with unit_of_work():
        template = ReplyTemplate(code="push", version=3)
        add(template)
        words = {"title_zh": "催", "title_en": "Push", "body_zh": "已催", "body_en": "Pushed", "words": ""}
        add(ReplyTemplateVersion(template_id=template.id, version=3, created_at=now, **words))
    agent.submit(f"/tickets/{row.number}/compose", reply(row, template_id="push", template_version="3"))
    agent.submit(f"/tickets/{row.number}/compose", reply(row, template_id="unknown", text="另一条"))
    used = session().execute(
        select(Message.template_code, Message.template_version).where(Message.direction == "out").order_by(Message.id)
    )
    assert used.all() == [("push", 3), (None, None)]


def test_notes_stay_in_the_house_and_asked_colleagues_may_write_them(
    client: Client, world: World, login: Login, now: datetime, row: Ticket
) -> None:
    with unit_of_work():
        tickets.assist(world, row, world.queues.warehouse, now, due_in=HOUR, question="？")
    login(client, world.users.warehouse)
    note = {"mode": "note", "text": "实发 43 码", "version": "1"}
    assert client.submit(f"/tickets/{row.number}/compose", note).status_code == 302
    assert client.submit(f"/tickets/{row.number}/compose", reply(row)).status_code == 403
    assert "实发 43 码" in session().scalars(select(Note.text)).all()
    assert replies() == []


def test_a_note_that_mentions_somebody_who_may_not_see_it_comes_back_with_its_words(agent: Client, row: Ticket) -> None:
    note = {"mode": "note", "text": "@陈外 @赵仓 看一下", "version": "1"}
    page = agent.submit(f"/tickets/{row.number}/compose", note)
    assert page.status_code == 422
    assert "陈外、赵仓看不到这张工单" in page.text
    assert "@陈外 @赵仓 看一下" in page.text
    assert session().scalars(select(Note.text).where(Note.text.contains("看一下"))).all() == []
    assert agent.submit(f"/tickets/{row.number}/compose", {**note, "text": "@周舟 看一下"}).status_code == 302


def test_what_the_customer_said_elsewhere_is_recorded_at_its_time(
    agent: Client, world: World, now: datetime, row: Ticket
) -> None:
    said = {"mode": "customer", "text": "还没动静", "occurred_at": "2026-11-23T09:30", "version": "1"}
    assert agent.submit(f"/tickets/{row.number}/compose", said).status_code == 302
    at = session().scalars(select(Message.sent_at).where(Message.text == "还没动静")).one()
    assert at.isoformat() == "2026-11-23T01:30:00+00:00"
    future = agent.submit(f"/tickets/{row.number}/compose", {**said, "occurred_at": "2026-11-24T09:30"})
    assert future.status_code == 422
    assert 'value="2026-11-24T09:30"' in future.text


def test_words_on_a_closed_ticket_land_in_a_new_linked_one(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        closed = tickets.ticket(
            world,
            now,
            status="closed",
            created_at=now - 500 * HOUR,
            resolved_at=now - 400 * HOUR,
            owner=world.users.agent,
        )
    said = {"mode": "customer", "text": "又坏了", "version": "1", "next": "1"}
    answer = agent.submit(f"/tickets/{closed.number}/compose", said)
    landed = session().scalars(select(Ticket).where(Ticket.follows_id == closed.id)).one()
    assert answer.headers["Location"] == f"/tickets/{landed.number}"
    page = agent.get(answer.headers["Location"]).text
    assert f"客户消息记在了新工单 {landed.number}" in page
    assert closed.number in page
