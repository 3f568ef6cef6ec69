"""The switch in the account menu, and what a page that refreshes itself says of its reader."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from helpdesk.models import User, UserSession
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World


def said(user: User) -> str:
    return session().get_one(User, user.id, populate_existing=True).presence


def test_somebody_leaves_his_desk_and_comes_back_on_the_page_where_he_was(
    client: Client, world: World, login: Login
) -> None:
    login(client, world.users.agent)
    assert 'class="me-avatar online"' in client.get("/account").text
    answer = client.submit("/account/presence", {"presence": "away", "next": "/tickets?tab=mine"})
    assert answer.headers["Location"] == "/tickets?tab=mine"
    page = client.get("/account").text
    assert 'class="me-avatar away"' in page
    assert "不会再分到新工单" in page
    assert said(world.users.agent) == "away"
    client.submit("/account/presence", {"presence": "online"})
    assert said(world.users.agent) == "online"


def test_another_word_is_refused(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert client.submit("/account/presence", {"presence": "busy"}).status_code == 422
    assert said(world.users.agent) == "online"


def test_a_script_gets_no_page(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    answer = client.submit("/account/presence", {"presence": "away"}, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, answer.text) == (204, "")


@pytest.mark.parametrize("who", ["admin", "auditor", "ops"])
def test_who_is_handed_nothing_has_no_switch(client: Client, world: World, login: Login, who: str) -> None:
    login(client, getattr(world.users, who))
    assert "/account/presence" not in client.get("/account").text
    assert client.submit("/account/presence", {"presence": "away"}).status_code == 403


@pytest.fixture
def pulse(world: World, now: datetime) -> str:
    """The address that a ticket's page asks again and again."""
    with unit_of_work():
        return f"/tickets/{tickets.ticket(world, now).number}/pulse"


def standing() -> tuple[datetime, datetime]:
    return tuple(session().execute(select(UserSession.seen_at, UserSession.expires_at)).one())  # type: ignore[return-value]


def test_a_page_that_refreshes_itself_says_that_somebody_is_there_and_no_more(
    client: Client, world: World, login: Login, frozen: Frozen, pulse: str
) -> None:
    login(client, world.users.agent)
    _seen, ends = standing()
    frozen.shift(minutes=4)
    client.get(pulse)
    assert standing() == (_seen, ends)
    frozen.shift(minutes=2)
    client.get(pulse)
    assert standing() == (frozen.now, ends)


def test_use_beside_a_page_that_refreshes_itself_still_keeps_the_session_alive(
    client: Client, world: World, login: Login, frozen: Frozen, pulse: str
) -> None:
    login(client, world.users.agent)
    for _ in range(30):
        frozen.shift(minutes=30)
        client.get(pulse)
        frozen.shift(minutes=1)
        assert client.get("/account").status_code == 200
