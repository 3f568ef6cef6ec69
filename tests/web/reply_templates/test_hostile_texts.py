"""Hostile templates and values on their whole way: to the composer, into the message sent, onto the ticket's page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from markupsafe import escape

from helpdesk.models import Ticket
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World
from tests.web.reply_templates.test_reply_templates import HOSTILE
from tests.web.tickets.test_compose import replies, reply
from tests.web.tickets.test_show import template

# Without what the ticket would fill or, having no order, hold back.
TEXTS = [text for text in HOSTILE if len(text) < 60 and "{order}" not in text]
GREETING = "您好 {customer}：\n"


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def bodies() -> dict[str, str]:
    """Templates that hold all the texts, as many each as fit, by their codes."""
    found = [GREETING]
    for text in TEXTS:
        if len(found[-1]) + len(text) > 950:
            found.append(GREETING)
        found[-1] += text + "\n"
    return {f"hostile_{place}": body.strip() for place, body in enumerate(found)}


def ticket_of(world: World, now: datetime, name: str) -> Ticket:
    buyer = tickets.customer(world, name=name)
    return tickets.ticket(
        world, now, customer_id=buyer.id, owner=world.users.agent, hands=world.users.agent, type="logistics_stuck"
    )


def filled(name: str) -> dict[str, str]:
    return {code: body.replace("{customer}", name) for code, body in bodies().items()}


NAMES = (
    "{{ 7*7 }}<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{agent}{% raw %}",
    "%(x)s\\g<0>{shop}",
)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_text_in_the_composer_and_nothing_in_them_is_filled(
    agent: Client, world: World, now: datetime, name: str
) -> None:
    assert len(TEXTS) > 100
    with unit_of_work():
        row = ticket_of(world, now, name)
        for code, body in bodies().items():
            template(code, now, body)
    shelf: list[dict[str, Any]] = agent.get(f"/tickets/{row.number}/templates").get_json()["templates"]
    assert {one["code"]: one["text"] for one in shelf} == filled(name)
    code, text = list(filled(name).items())[-1]
    page = agent.get(f"/tickets/{row.number}?template={code}").text
    assert f"{escape(text)}</textarea>" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_they_are_sent_and_shown_as_they_were_written(agent: Client, world: World, now: datetime) -> None:
    texts = list(filled(NAMES[0]).values())
    for text in texts:
        with unit_of_work():
            row = ticket_of(world, now, NAMES[0])
        assert agent.submit(f"/tickets/{row.number}/compose", reply(row, text=text)).status_code == 302
        page = agent.get(f"/tickets/{row.number}").text
        assert str(escape(text)) in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert replies() == texts
