from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import select

from helpdesk.models import Channel, Message, Outbox, Shop
from helpdesk.storage import session, unit_of_work
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.services.story import opened, replied

NEW = {"code": "weidian", "name": "微店", "name_en": "Weidian", "sender": "http", "active": "y"}


@pytest.fixture
def admin(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.admin)
    return client


def test_a_new_channel_shows_its_secret_once(admin: Client) -> None:
    page = admin.submit("/channels/new", {**NEW, "url": "https://bridge.example/r"})
    sign = re.findall(r'id="sign">([^<]+)<', page.text)[0]
    channel = session().scalars(select(Channel).where(Channel.code == "weidian")).one()
    assert channel.secret == {"sign": sign}
    again = admin.get(f"/channels/{channel.id}").text
    assert sign not in again
    assert "https://bridge.example/r" in again
    turned = admin.submit(f"/channels/{channel.id}/rotate", {"version": "1"}).text
    assert re.findall(r'id="sign">([^<]+)<', turned)[0] != sign


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"url": "nowhere"}, "地址不对"), ({"code": "Tm all"}, "代号用"), ({"name": ""}, "请填写"), ({"sender": "x"}, "")],
)
def test_what_is_wrong_stands_beside_its_field(admin: Client, typed: dict[str, str], said: str) -> None:
    page = admin.submit("/channels/new", {**NEW, "url": "https://bridge.example/r", **typed})
    assert page.status_code == 422
    assert said in page.text


def test_a_change_that_was_overtaken_shows_what_others_did(admin: Client, world: World) -> None:
    address = f"/channels/{world.channels.tmall.id}"
    typed = {"name": "天猫甲", "name_en": "Tmall", "sender": "", "active": "y", "version": "1"}
    assert admin.submit(address, typed).status_code == 302
    page = admin.submit(address, {**typed, "name": "天猫乙"})
    assert page.status_code == 409
    assert "天猫甲" in page.text
    assert 'value="天猫乙"' in page.text
    shop = f"/channels/shops/{world.shop.id}"
    assert admin.submit(shop, {"name": "甲", "timezone": "Asia/Shanghai", "version": "1"}).status_code == 302
    assert admin.submit(shop, {"name": "乙", "timezone": "Asia/Shanghai", "version": "1"}).status_code == 409


def test_the_list_says_how_replies_fare_and_where_customers_help_themselves(
    admin: Client, world: World, now: datetime, statements: Statements
) -> None:
    with unit_of_work() as work:
        work.get_one(Channel, world.channels.tmall.id).sender = "http"
        work.get_one(Shop, world.shop.id).self_service = True
    replied(opened(world, now, type="logistics_stuck"), actor=world.actors.agent, now=now)
    with statements() as seen:
        page = admin.get("/channels").text
    assert len(seen) <= 6
    assert "HTTP" in page
    assert 'href="/help/main"' in page


def test_a_test_is_asked_for_by_its_button(admin: Client, world: World) -> None:
    with unit_of_work() as work:
        work.get_one(Channel, world.channels.tmall.id).sender = "http"
    address = f"/channels/{world.channels.tmall.id}"
    assert admin.submit(f"{address}/test", {"buyer_id": "b-1"}).status_code == 302
    assert session().scalars(select(Outbox.kind)).all() == ["test"]
    assert "测试还在路上" in admin.get(address).text


def test_the_ticket_page_says_why_a_reply_did_not_leave_and_offers_to_try_again(
    client: Client, world: World, now: datetime, login: Login
) -> None:
    with unit_of_work() as work:
        work.get_one(Channel, world.channels.tmall.id).sender = "http"
    number = opened(world, now, type="logistics_stuck")
    message = replied(number, actor=world.actors.agent, now=now)
    login(client, world.users.agent)
    with unit_of_work() as work:
        row = work.scalars(select(Outbox).where(Outbox.message_id == message)).one()
        row.attempts, row.error = 2, "channel.answered:503"
    assert "还没发出去：对方回答了错误 (503)" in client.get(f"/tickets/{number}").text
    with unit_of_work() as work:
        work.get_one(Outbox, row.id).state = "dead"
        work.get_one(Message, message).state = "failed"
    page = client.get(f"/tickets/{number}").text
    assert f"/tickets/{number}/messages/{message}/try-again" in page
    assert client.submit(f"/tickets/{number}/messages/{message}/try-again").status_code == 302
    assert session().get_one(Outbox, row.id).state == "waiting"
