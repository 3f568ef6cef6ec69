from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select

from helpdesk.models import TicketDraft
from helpdesk.storage import session
from tests.conftest import Client, Login
from tests.factories import World
from tests.services.story import look, opened


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return opened(world, now, type="logistics_stuck")


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def drafts() -> int:
    return session().scalar(select(func.count()).select_from(TicketDraft)) or 0


def test_a_draft_stands_in_the_composer_and_marks_the_row_until_it_is_sent(agent: Client, number: str) -> None:
    typed = {"mode": "note", "text": "仓库说\r\n明天发"}
    assert agent.submit(f"/tickets/{number}/draft", typed, headers={"X-Requested-With": "fetch"}).status_code == 204
    page = agent.get(f"/tickets/{number}").text
    assert ">仓库说\n明天发</textarea>" in page
    assert 'value="note" checked' in page
    assert "已恢复上次没发出的内容" in page
    assert "草稿" in agent.get("/tickets").text
    agent.submit(f"/tickets/{number}/compose", {**typed, "version": str(look(number).version)})
    assert drafts() == 0
    assert "仓库说\n明天发</textarea>" not in agent.get(f"/tickets/{number}").text


def test_a_note_leaves_a_reply_that_was_begun(agent: Client, number: str) -> None:
    agent.submit(f"/tickets/{number}/draft", {"mode": "reply", "text": "马上查"})
    agent.submit(f"/tickets/{number}/compose", {"mode": "note", "text": "问仓库", "version": "1"})
    assert ">马上查</textarea>" in agent.get(f"/tickets/{number}").text


def test_a_refused_reply_keeps_its_draft(agent: Client, number: str) -> None:
    agent.submit(f"/tickets/{number}/draft", {"mode": "reply", "text": "您好 {order}"})
    refused = agent.submit(
        f"/tickets/{number}/compose", {"mode": "reply", "text": "您好 {order}", "version": "1", "last_message_id": "99"}
    )
    assert refused.status_code == 422
    assert drafts() == 1


def test_without_script_a_button_keeps_it(agent: Client, number: str) -> None:
    kept = agent.submit(f"/tickets/{number}/draft", {"mode": "reply", "text": "马上查"})
    assert kept.headers["Location"] == f"/tickets/{number}#composer"
    assert "草稿已保存" in agent.get(f"/tickets/{number}").text
