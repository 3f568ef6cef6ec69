"""Webhooks as pages: made, changed, looked at by admins alone."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import select

from helpdesk.models import Webhook
from helpdesk.services import webhook_calls, webhooks
from helpdesk.storage import session
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.services.story import do

SECRET = re.compile(r"unsnag_whs_[\w-]{43}")


@pytest.fixture
def admin(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.admin)
    return client


@pytest.fixture
def hook_id(world: World, now: datetime) -> int:
    where = {"shop_id": world.shop.id, "channel_id": world.channels.tmall.id}
    return do(webhooks.create_webhook, "聊天机器人", actor=world.actors.admin, now=now, **where).id


def stored(hook_id: int) -> Webhook:
    session().rollback()
    return session().get_one(Webhook, hook_id)


def test_an_empty_list_says_what_webhooks_are_for(admin: Client) -> None:
    page = admin.get("/webhooks").text
    assert "还没有 Webhook" in page
    assert "/webhooks/new" in page
    assert "/webhooks" in admin.get("/settings").text


def test_a_new_one_shows_its_secret_once(admin: Client, world: World) -> None:
    page = admin.submit("/webhooks/new", {"name": "机器人", "shop": "1", "channel": str(world.channels.jd.id)})
    row = session().scalars(select(Webhook)).one()
    assert page.status_code == 200
    assert SECRET.findall(page.text) == [row.secret["current"]]
    assert (row.name, row.channel_id) == ("机器人", world.channels.jd.id)
    assert f"/hooks/{row.code}" in page.text
    assert SECRET.findall(admin.get(f"/webhooks/{row.id}").text) == []
    assert page.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"name": ""}, 422, "请填写"),
        ({"name": "x" * 61}, 422, "最多 60 个字"),
        ({"name": "聊天机器人"}, 409, "已经有 Webhook 在用"),
        ({"shop": "99"}, 422, "shop-error"),
        ({"channel": "x"}, 422, "channel-error"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_form_with_a_mistake_comes_back(
    admin: Client, hook_id: int, changed: dict[str, str], status: int, words: str
) -> None:
    page = admin.submit("/webhooks/new", {"name": "另一个", "shop": "1", "channel": "1", **changed})
    assert page.status_code == status
    assert words in page.text


def test_it_is_renamed_and_a_stale_form_overwrites_nothing(admin: Client, hook_id: int) -> None:
    assert admin.submit(f"/webhooks/{hook_id}", {"name": "新名", "version": "1"}).status_code == 302
    page = admin.submit(f"/webhooks/{hook_id}", {"name": "旧表单", "version": "1"})
    assert page.status_code == 409
    assert "旧表单" in page.text
    assert stored(hook_id).name == "新名"


def test_a_new_secret_is_shown_once_and_the_old_one_can_be_dropped(admin: Client, hook_id: int) -> None:
    first = stored(hook_id).secret["current"]
    page = admin.submit(f"/webhooks/{hook_id}/rotate", {"version": "1"}).text
    assert SECRET.findall(page) == [stored(hook_id).secret["current"]]
    assert first not in page
    assert "立即作废旧密钥" in page
    assert "换密钥中" in admin.get("/webhooks").text
    admin.submit(f"/webhooks/{hook_id}/rotate", {"version": "1"})
    again = admin.get(f"/webhooks/{hook_id}").text
    assert SECRET.findall(again) == []
    assert "被别人改过了" in again
    admin.submit(f"/webhooks/{hook_id}/drop", {"version": "2"})
    assert "立即作废旧密钥" not in admin.get(f"/webhooks/{hook_id}").text


def test_it_is_switched_off_and_on(admin: Client, hook_id: int) -> None:
    admin.submit(f"/webhooks/{hook_id}/switch", {"version": "1", "active": ""})
    assert not stored(hook_id).active
    assert "已停用" in admin.get("/webhooks").text
    admin.submit(f"/webhooks/{hook_id}/switch", {"version": "2", "active": "on"})
    assert stored(hook_id).active


def test_the_log_tells_what_was_refused_and_why(admin: Client, hook_id: int, now: datetime) -> None:
    do(webhook_calls.note_unsigned, stored(hook_id).code, now=now)
    page = admin.get(f"/webhooks/{hook_id}").text
    assert "没有签名，或签名不对。" in page
    assert "拒绝 1 次" in page


def test_changes_of_webhooks_stand_among_the_changes_of_settings(admin: Client, hook_id: int) -> None:
    admin.submit(f"/webhooks/{hook_id}", {"name": "新名", "version": "1"})
    page = admin.get("/changes?kind=webhooks").text
    assert "新建 Webhook 聊天机器人" in page
    assert "聊天机器人" in page


def test_pages_cost_few_statements(admin: Client, hook_id: int, statements: Statements) -> None:
    for address, most in (("/webhooks", 4), (f"/webhooks/{hook_id}", 5), ("/webhooks/new", 4)):
        admin.get(address)
        with statements() as seen:
            admin.get(address)
        assert len(seen) <= most, (address, seen)


def test_there_is_no_webhook_that_is_not_there(admin: Client) -> None:
    assert admin.get("/webhooks/99").status_code == 404
    assert admin.submit("/webhooks/99", {"name": "x", "version": "1"}).status_code == 404
    assert admin.submit("/webhooks/99/rotate", {"version": "1"}).status_code == 404
