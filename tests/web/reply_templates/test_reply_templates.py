"""Reply templates as pages: found, written, tried on a ticket, taken back; what is typed stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import product

import pytest
from markupsafe import escape
from sqlalchemy import select

from helpdesk.domain.replies import fill
from helpdesk.models import Message, ReplyTemplate, TemplateOffer, TemplateUse
from helpdesk.queries.template_library import Shelved, library
from helpdesk.services import templates
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World
from tests.services.story import do, taken_in

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


def test_a_double_click_saves_one_and_other_words_from_the_same_form_are_told(agent: Client) -> None:
    key = re.search(r'name="key" value="([^"]+)"', agent.get("/templates/new").text)
    assert key
    data = FORM | {"key": key.group(1)}
    for _ in range(2):
        assert agent.submit("/templates/new", data).status_code == 302
    assert stored().version == 1
    again = agent.submit("/templates/new", data | {"body_zh": "别的话", "shortcut": ""})
    assert (again.status_code, "已经保存过一条话术" in again.text, "别的话" in again.text) == (409, True, True)
    assert agent.submit("/templates/new", data | {"key": "mine"}).status_code == 422
    assert stored().version == 1


def test_a_version_says_what_it_changed_in_the_one_before(agent: Client) -> None:
    agent.submit("/templates/new", FORM | {"tags": "催过"})
    address = f"/templates/{stored().id}"
    changed = {"body_zh": "您好，{shop}。", "tags": "催过, <b>急</b>", "priority": "P1", "transfer": "warehouse"}
    agent.submit(address, FORM | changed | {"marks_solution": "y", "version": "1"})
    page = agent.get(f"{address}/versions").text
    latest, first = page[page.index('id="version-2"') :].split('id="version-1"')
    assert "您好，<del>{customer}</del><ins>{shop}</ins>。" in latest
    assert "加标签“催过”" in latest
    for words in ("加标签“&lt;b&gt;急&lt;/b&gt;”", "优先级改为 P1", "转到仓库", "这条回复给出了方案"):
        assert words in latest
    assert "中文标题" not in latest  # it is as it was
    assert "发错货致歉" in first
    assert "<ins>" not in first  # nothing before it


def test_the_preview_says_what_would_keep_it_from_being_saved_or_sent(
    agent: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        number = tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent).number
    typed = {"body_zh": "{agent}{tracking}{colour}", "ticket": number}
    page = agent.submit("/templates/preview", typed).text
    assert "内容里有认不出的占位符：colour" in page
    assert "还有没填的占位：tracking" in page
    assert f"<mark>{world.users.agent.name}</mark>" in page
    assert "还有没填的占位" not in agent.submit("/templates/preview", typed | {"ticket": ""}).text


def test_an_unknown_placeholder_is_named_and_nothing_is_saved(agent: Client) -> None:
    answer = agent.submit("/templates/new", FORM | {"body_zh": "{colour}"})
    assert answer.status_code == 422
    assert "认不出的占位符：colour" in answer.text
    session().rollback()
    assert session().scalars(select(ReplyTemplate.id).where(ReplyTemplate.scope == "personal")).all() == []


def test_two_hundred_hostile_texts_are_text_in_the_preview(agent: Client) -> None:
    assert len(HOSTILE) > 200
    for batch in batched(HOSTILE):
        page = agent.submit("/templates/preview", {"body_zh": "\n".join(batch)}).text
        words = re.sub(r"</?mark[^>]*>", "", page)
        assert "<script" not in page
        assert "<img" not in page
        assert "49" not in page
        assert [text for text in batch if str(escape(text)) not in words] == []


def test_hostile_values_are_put_in_as_they_are_and_never_filled_again() -> None:
    for text in HOSTILE:
        assert fill("[{customer}]", {"customer": text, "order": "X1"}).text == f"[{text.strip()}]"


def batched(texts: list[str]) -> Iterator[list[str]]:
    """As many at a time as one preview takes."""
    batch: list[str] = []
    for text in texts:
        if batch and sum(len(one) + 1 for one in batch) + len(text) > 1900:
            yield batch
            batch = []
        batch.append(text)
    yield batch


def test_figures_are_those_of_what_was_sent(world: World, now: datetime) -> None:
    one = do(templates.create, templates.Content("all", "甲", "乙"), actor=world.actors.ops, now=now)
    assert library_row(world, one).figures.last_used is None
    ticket = taken_in(world, now)
    with unit_of_work():
        message_ids = list(session().scalars(select(Message.id).where(Message.ticket_id == ticket.ticket_id)))
        session().add(
            TemplateUse(
                message_id=message_ids[0],
                template_id=one,
                version=1,
                ticket_id=ticket.ticket_id,
                user_id=world.actors.agent.id,
                rank=1,
                distance=3,
                length=12,
                created_at=now,
            )
        )
        session().add(TemplateOffer(message_id=message_ids[0], template_id=one, version=1, created_at=now))
    found = library_row(world, one).figures
    assert (found.accepted, found.suggested) == (1, 1)
    assert (found.uses, found.unchanged, found.rewritten, found.reopened, found.offered) == (1, 0, 0.25, 0, 1)
    assert found.last_used == now


def library_row(world: World, template_id: int) -> Shelved:
    session().rollback()
    return next(row for row in library(world.actors.agent) if row.template.id == template_id)


def test_a_ticket_out_of_sight_gives_no_values(agent: Client) -> None:
    page = agent.submit("/templates/preview", {"body_zh": "{order}", "ticket": "EX-000000-9999"}).text
    assert "template-gap" in page
    assert "field-error" in page
