from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from helpdesk.web.locale import day_start
from tests.conftest import Client, Login
from tests.factories import World


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("", "zh-CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en-US,en;q=0.9", "en"),
        ("en;q=0.4,zh-HK;q=0.9", "zh-CN"),
        ("fr-FR,fr;q=0.9", "zh-CN"),
        ("fr,en;q=0.5", "en"),
        ("*", "zh-CN"),
        (";;;q=x", "zh-CN"),
    ],
)
def test_a_stranger_is_answered_in_chinese_unless_his_browser_asks_for_english(
    client: Client, world: World, asked: str, spoken: str
) -> None:
    assert f'<html lang="{spoken}"' in client.get("/login", headers={"Accept-Language": asked}).text


def test_the_persons_own_language_comes_before_cookie_and_browser(client: Client, world: World, login: Login) -> None:
    client.set_cookie("lang", "en")
    assert '<html lang="en"' in client.get("/login").text
    login(client, world.users.agent)
    assert '<html lang="zh-CN"' in client.get("/account", headers={"Accept-Language": "en"}).text


def test_a_cookie_that_names_no_language_is_ignored(client: Client, world: World) -> None:
    client.set_cookie("lang", "../../etc")
    assert '<html lang="zh-CN"' in client.get("/login").text


def test_a_day_begins_at_midnight_on_the_shops_wall(app: Flask) -> None:
    with app.test_request_context():
        assert day_start(datetime(2026, 11, 23, 2, tzinfo=UTC)) == datetime(2026, 11, 22, 16, tzinfo=UTC)
        assert day_start(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == datetime(2026, 11, 21, 16, tzinfo=UTC)
