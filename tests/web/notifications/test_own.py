"""One's own settings of notifications."""

from __future__ import annotations

import re
from typing import Any

import pytest

from helpdesk.domain.notices import KINDS
from helpdesk.models import Event, NotificationChoice, User
from helpdesk.storage import session
from tests.conftest import Client, Login, Statements
from tests.factories import World

PATH = "/account/notifications"


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def values(page: str, **changed: Any) -> dict[str, Any]:
    """What the page would send."""
    ticks = {name: re.findall(rf'name="{name}" value="([a-z_.]+)" checked', page) for name in ("bell", "mail")}
    hidden = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0] for name in ("version", "seen")}
    return {**hidden, **ticks, "email": "", "digest": "0", "quiet_from": "", "quiet_to": "", **changed}


def test_defaults_are_ticked_and_the_account_leads_here(agent: Client) -> None:
    assert f'href="{PATH}"' in agent.get("/account").text
    sent = values(agent.get(PATH).text)
    assert sent["bell"] == [code for code, kind in KINDS.items() if kind.bell and not kind.needs]
    wanted = [code for code, kind in KINDS.items() if kind.mail and kind.outside and not kind.needs]
    assert sent["mail"] == wanted
    assert 'name="mail" value="outbox.dead"' not in agent.get(PATH).text


def test_all_of_it_is_saved_and_shown_again(agent: Client, world: World) -> None:
    sent = values(
        agent.get(PATH).text,
        bell=["ticket.assigned"],
        mail=["ticket.assigned", "outbox.dead"],
        email=" li@example.com ",
        digest="3600",
        quiet_from="22:30",
        quiet_to="07:00",
    )
    assert agent.submit(PATH, sent).headers["Location"] == PATH
    user = session().get_one(User, world.users.agent.id)
    assert (user.email, user.digest_seconds, user.quiet_from, user.quiet_to) == ("li@example.com", 3600, 1350, 420)
    again = agent.get(PATH).text
    assert values(again)["bell"] == ["ticket.assigned"]
    assert values(again)["mail"] == ["ticket.assigned"]
    for shown in ('value="li@example.com"', 'value="22:30"', 'value="07:00"', '<option selected value="3600">'):
        assert shown in again, shown


def test_what_is_left_as_it_was_stores_no_choice_and_no_event(agent: Client) -> None:
    assert agent.submit(PATH, values(agent.get(PATH).text)).status_code == 302
    assert session().query(NotificationChoice).count() == 0
    assert session().query(Event).filter(Event.code.startswith("notification.")).count() == 0


@pytest.mark.parametrize("first", [{"email": "first@example.com"}, {"bell": ["ticket.reminded"]}])
def test_two_windows_do_not_overwrite_each_other_unseen(agent: Client, first: dict[str, Any]) -> None:
    page = agent.get(PATH).text
    assert agent.submit(PATH, values(page, **first)).status_code == 302
    late = values(page, email="second@example.com")
    answer = agent.submit(PATH, late)
    assert answer.status_code == 409
    assert "你填的是" in answer.text
    assert 'value="second@example.com"' in answer.text
    assert session().query(User).filter_by(email="second@example.com").count() == 0
    fresh = values(answer.text)
    assert agent.submit(PATH, {**late, "version": fresh["version"], "seen": fresh["seen"]}).status_code == 302
    assert session().query(User).filter_by(email="second@example.com").count() == 1


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"email": "no mailbox"}, "email", "邮箱地址不对"),
        ({"quiet_from": "22:00"}, "quiet_to", "开始和结束要一起填"),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "quiet_to", "两个不同的时间"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(
    agent: Client, changed: dict[str, Any], field: str, why: str
) -> None:
    answer = agent.submit(PATH, values(agent.get(PATH).text, bell=["ticket.reminded"], **changed))
    assert answer.status_code == 422
    errors = dict(
        re.findall(r'<span class="field-error" id="([^"]+)-error"[^>]*>(.*?)</span></span>', answer.text, re.S)
    )
    assert why in errors[field]
    assert values(answer.text)["bell"] == ["ticket.reminded"]
    assert session().query(NotificationChoice).count() == 0


def test_a_kind_that_is_none_is_refused(agent: Client) -> None:
    assert agent.submit(PATH, values(agent.get(PATH).text, bell=["no.such"])).status_code == 422


def test_the_page_takes_few_statements(agent: Client, statements: Statements) -> None:
    agent.get(PATH)
    with statements() as seen:
        agent.get(PATH)
    assert len(seen) <= 6, "\n".join(seen)
