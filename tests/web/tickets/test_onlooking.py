from __future__ import annotations

from datetime import datetime

from tests.conftest import Client, Login
from tests.factories import World
from tests.services.story import opened


def test_a_page_says_that_it_is_there_and_hears_who_else_is(
    client: Client, world: World, now: datetime, login: Login
) -> None:
    number = opened(world, now, type="logistics_stuck")
    login(client, world.users.agent)
    assert client.submit(f"/tickets/{number}/here", {"writing": "1"}).text.strip() == ""
    login(client, world.users.agent2)
    assert "林晓正在写" in client.submit(f"/tickets/{number}/here").text
    assert "林晓也在看" in client.get("/tickets").text
    login(client, world.users.agent)
    assert "周舟也在看" in client.submit(f"/tickets/{number}/here").text
    assert client.submit(f"/tickets/{number}/gone").status_code == 204
    login(client, world.users.agent2)
    assert client.submit(f"/tickets/{number}/here").text.strip() == ""


def test_who_may_not_see_the_ticket_hears_nothing(client: Client, world: World, now: datetime, login: Login) -> None:
    number = opened(world, now, type="logistics_stuck")
    login(client, world.users.outsider)
    assert client.submit(f"/tickets/{number}/here").status_code == 404
