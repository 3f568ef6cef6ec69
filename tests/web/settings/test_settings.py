"""The page that leads to all settings."""

from __future__ import annotations

import re

import pytest

from helpdesk.web.settings.views import PLACES
from tests.conftest import Client, Login
from tests.factories import World


@pytest.mark.parametrize("who", ["agent", "supervisor", "finance", "ops", "admin", "auditor"])
def test_it_leads_to_what_a_person_may_look_at_and_nowhere_else(
    client: Client, world: World, login: Login, who: str
) -> None:
    login(client, getattr(world.users, who))
    links = re.findall(r'class="card setting" href="([^"]+)"', client.get("/settings").text)
    assert links
    assert [client.get(link).status_code for link in links] == [200] * len(links)
    actor = getattr(world.actors, who)
    assert len(links) == sum(actor.may(permission) for permission, *_rest in PLACES)


@pytest.mark.parametrize("who", ["agent", "supervisor", "finance", "ops", "admin", "auditor"])
def test_the_palette_names_each_page_once_and_only_what_a_person_may_open(
    client: Client, world: World, login: Login, who: str
) -> None:
    login(client, getattr(world.users, who))
    page = client.get("/palette").text
    links = re.findall(r'class="menu-item" href="([^"]+)"', page[page.index('id="places"') :])
    assert len(links) == len(set(links)) > 5
    assert [client.get(link).status_code for link in links] == [200] * len(links)


def test_the_palette_finds_by_initials_and_whole_sounds(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    page = client.get("/palette").text
    assert re.search(r'data-words="[^"]*\bhuashu hs"', page)


def test_a_phone_finds_the_way_from_the_account(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    assert 'href="/settings"' in client.get("/account").text
