"""Reply templates as pages: found, written, tried on a ticket, taken back; what is typed stays text."""

from __future__ import annotations

from itertools import product

import pytest
from markupsafe import escape
from sqlalchemy import select

from helpdesk.domain.replies import fill
from helpdesk.models import ReplyTemplate
from helpdesk.storage import session
from tests.conftest import Client, Login
from tests.factories import World

FORM = {"scope": "personal", "title_zh": "发错货致歉", "body_zh": "您好，{customer}。", "shortcut": "zq"}

SEEDS = (
    *("{{ 7*7 }}", "{% raw %}", "{0.__class__}", "%(x)s %s", "${7*7}", "#{7*7}", "<script>alert(1)</script>"),
    *("<img src=x onerror=alert(1)>", "\x1b[31mred", "\u202eabc", "{order}", "{{order}}", '"onmouseover="x', "a" * 500),
)
HOSTILE = [first + second for first, second in product(SEEDS, SEEDS)] + list(SEEDS)


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def stored() -> ReplyTemplate:
    session().rollback()
    return session().scalars(select(ReplyTemplate).where(ReplyTemplate.scope == "personal")).one()


def test_one_is_written_found_by_initials_edited_and_taken_back(agent: Client) -> None:
    assert agent.submit("/templates/new", FORM).status_code == 302
    one = stored()
    assert "发错货致歉" in agent.get("/templates?q=fch").text
    assert "发错货致歉" not in agent.get("/templates?q=xyz").text
    address = f"/templates/{one.id}"
    assert agent.submit(address, FORM | {"body_zh": "改过", "version": "1"}).status_code == 302
    assert agent.submit(address, FORM | {"body_zh": "晚了", "version": "1"}).status_code == 409
    assert agent.submit(f"{address}/revert", {"version": "2", "to": "1"}).status_code == 302
    assert stored().version == 3
    assert "改过" in agent.get(f"{address}/versions").text
    agent.submit(f"{address}/retire", {"version": "3"})
    assert not stored().active


def test_an_unknown_placeholder_is_named_and_nothing_is_saved(agent: Client) -> None:
    answer = agent.submit("/templates/new", FORM | {"body_zh": "{colour}"})
    assert answer.status_code == 422
    assert "认不出的占位符：colour" in answer.text
    session().rollback()
    assert session().scalars(select(ReplyTemplate.id).where(ReplyTemplate.scope == "personal")).all() == []


def test_two_hundred_hostile_texts_are_text_in_the_preview(agent: Client) -> None:
    assert len(HOSTILE) > 200
    for number, text in enumerate(HOSTILE):
        value = fill("{customer}", {"customer": text, "order": "X1"})
        assert value.text == text.strip()
        if number % 20 == 0:
            page = agent.submit("/templates/preview", {"body_zh": text}).text
            assert "<script>" not in page
            assert "<img" not in page
            assert "49" not in page
            if "{order}" not in text and "\u202e" not in text:
                assert str(escape(text)) in page


def test_a_ticket_out_of_sight_gives_no_values(agent: Client) -> None:
    page = agent.submit("/templates/preview", {"body_zh": "{order}", "ticket": "EX-000000-9999"}).text
    assert "template-gap" in page
    assert "field-error" in page
