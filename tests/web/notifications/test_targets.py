"""Targets: who sees and sets up which, what is never shown again, trying one out."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.notices import OUTSIDE_KINDS
from helpdesk.domain.targets import KINDS
from helpdesk.models import Envelope, NotificationTarget
from helpdesk.storage import session, unit_of_work
from helpdesk.web.notifications.targets import ICONS
from helpdesk.wording import targets as words
from tests.conftest import Client, Login, Statements
from tests.factories import World, add

URL = "https://oapi.dingtalk.com/robot/send?access_token=t0ken-of-the-group"
SIGN = "SECsigning-key"


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


@pytest.fixture
def supervisor(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.supervisor)
    return client


def form(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "name": "客服值班群",
        "queue": str(world.queues.customer_service.id),
        "kinds": ["sla.stage", "ticket.reminded"],
        "url": URL,
        "sign": SIGN,
        "digest": "900",
        "locale": "zh_CN",
        "quiet_from": "22:00",
        "quiet_to": "08:30",
        "active": "y",
        **changed,
    }


def rows() -> list[NotificationTarget]:
    return list(session().scalars(select(NotificationTarget).order_by(NotificationTarget.id)))


def stored(world: World, now: datetime, **changed: Any) -> int:
    values = {
        "name": "客服值班群",
        "kind": "dingtalk",
        "queue_id": world.queues.customer_service.id,
        "address": "oapi.dingtalk.com",
        "secret": {"url": URL, "sign": SIGN},
        "kinds": ["sla.stage"],
        "created_at": now,
        **changed,
    }
    with unit_of_work():
        row = NotificationTarget(**values)
        add(row)
        return row.id


def test_a_robot_is_set_up_and_what_is_secret_is_never_shown_again(ops: Client, world: World) -> None:
    assert "加签" in ops.get("/targets/new?kind=dingtalk").text
    answer = ops.submit("/targets/new?kind=dingtalk", form(world))
    (row,) = rows()
    assert answer.headers["Location"] == f"/targets#target-{row.id}"
    assert (row.secret, row.digest_seconds, row.quiet_from, row.quiet_to) == (
        {"url": URL, "sign": SIGN},
        900,
        22 * 60,
        8 * 60 + 30,
    )
    pages = [ops.get("/targets").text, ops.get(f"/targets/{row.id}").text]
    pages.append(ops.submit(f"/targets/{row.id}", form(world, name="", version="1")).text)
    pages.append(ops.submit(f"/targets/{row.id}", form(world, version="0")).text)
    pages.append(ops.submit("/targets/new?kind=dingtalk", form(world, kinds=[])).text)
    pages.append(ops.post(f"/targets/{row.id}", data=form(world)).text)  # a form whose token has run out
    for page in pages:
        assert "t0ken" not in page
        assert SIGN not in page
    assert "oapi.dingtalk.com" in pages[0]
    assert "已保存" in pages[1]
    assert "22:00–08:30" in pages[0]


def test_what_is_left_empty_stays_and_a_new_address_brings_its_own_key(ops: Client, world: World) -> None:
    ops.submit("/targets/new?kind=dingtalk", form(world))
    target = rows()[0].id
    assert ops.submit(f"/targets/{target}", form(world, url="", sign="", name="新名", version="1")).status_code == 302
    assert rows()[0].secret == {"url": URL, "sign": SIGN}
    assert rows()[0].name == "新名"
    other = URL + "2"
    assert ops.submit(f"/targets/{target}", form(world, url=other, sign="", version="2")).status_code == 302
    assert rows()[0].secret == {"url": other, "sign": ""}
    assert "换了地址" not in ops.get(f"/targets/{target}").text, "no key is stored any more"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_asks_for_what_it_needs(ops: Client, kind: str) -> None:
    page = ops.get(f"/targets/new?kind={kind}").text
    assert ('name="mailbox"' in page) == (kind == "mail")
    assert ('name="url"' in page) == (kind != "mail")
    assert ('name="sign"' in page) == (kind in ("dingtalk", "feishu"))


def test_every_kind_is_in_words() -> None:
    assert set(words.KINDS) == set(words.HELP) == set(ICONS) == set(KINDS)


def test_a_mailbox_is_one_too_and_says_while_no_mail_leaves(ops: Client, world: World) -> None:
    assert "还没有设置邮件服务器" in ops.get("/targets/new?kind=mail").text
    answer = ops.submit("/targets/new?kind=mail", form(world, mailbox="duty@example.com", url="", sign="", queue="0"))
    assert answer.status_code == 302
    assert (rows()[0].address, rows()[0].queue_id) == ("duty@example.com", None)
    page = ops.get("/targets").text
    assert "全店" in page
    assert "duty@example.com" in page
    assert "还没有设置邮件服务器" in page


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"url": "https://example.com/hook"}, "url", "oapi.dingtalk.com"),
        ({"url": ""}, "url", "请填写机器人的地址"),
        ({"sign": "密钥"}, "sign", "密钥不对"),
        ({"kinds": []}, "", "至少选一种"),
        ({"quiet_to": ""}, "quiet_to", "开始和结束要一起填"),
        ({"quiet_to": "22:00"}, "quiet_to", "两个不同的时间"),
        ({"name": "已有"}, "name", "已经有人用了"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_stores_nothing(
    ops: Client, world: World, now: datetime, changed: dict[str, Any], field: str, why: str
) -> None:
    stored(world, now, name="已有")
    answer = ops.submit("/targets/new?kind=dingtalk", form(world, **changed))
    assert answer.status_code in (409, 422)
    errors = re.findall(r'<span class="field-error" id="([^"]+)-error"[^>]*>(.*?)</span></span>', answer.text, re.S)
    assert any(why in text and (not field or name == field) for name, text in errors), errors
    assert len(rows()) == 1


def test_a_supervisor_sees_and_makes_those_of_his_queues_only(supervisor: Client, world: World, now: datetime) -> None:
    own = stored(world, now)
    foreign = stored(world, now, name="仓库群", queue_id=world.queues.warehouse.id)
    house = stored(world, now, name="全店群", queue_id=None)
    page = supervisor.get("/targets").text
    assert "客服值班群" in page
    assert "仓库群" not in page
    assert "全店群" not in page
    assert supervisor.get(f"/targets/{own}").status_code == 200
    for hidden in (foreign, house):
        assert supervisor.get(f"/targets/{hidden}").status_code == 404
        assert supervisor.submit(f"/targets/{hidden}", form(world, version="1")).status_code == 404
        assert supervisor.submit(f"/targets/{hidden}/test").status_code == 404
        assert supervisor.submit(f"/targets/{hidden}/deactivate", {"version": "1"}).status_code == 404
    offered = supervisor.get("/targets/new?kind=wecom").text
    assert "全店</option>" not in offered
    for queue in (0, world.queues.warehouse.id):
        answer = supervisor.submit("/targets/new?kind=dingtalk", form(world, name="另一个", queue=str(queue)))
        assert answer.status_code == 422
    assert len(rows()) == 3


def test_a_form_that_was_overtaken_shows_both_and_saves_with_a_second_look(
    ops: Client, world: World, now: datetime
) -> None:
    target = stored(world, now)
    assert ops.submit(f"/targets/{target}", form(world, name="别人的", version="1")).status_code == 302
    answer = ops.submit(f"/targets/{target}", form(world, name="我的", url="", sign="", version="1"))
    assert answer.status_code == 409
    assert "别人的" in answer.text
    assert 'value="我的"' in answer.text
    assert 'name="version" value="2"' in answer.text
    assert ops.submit(f"/targets/{target}", form(world, name="我的", url="", version="2")).status_code == 302
    assert rows()[0].name == "我的"


def test_a_test_message_goes_the_way_of_news_and_its_end_is_told(
    ops: Client, world: World, now: datetime, statements: Statements
) -> None:
    target = stored(world, now)
    answer = ops.submit(f"/targets/{target}/test")
    envelope = session().scalars(select(Envelope)).one()
    assert answer.headers["Location"] == f"/targets?test={envelope.id}#target-{target}"
    page = ops.get(f"/targets?test={envelope.id}").text
    assert f'data-test-url="/targets/tests/{envelope.id}"' in page
    assert "正在发测试消息" in page
    with unit_of_work() as work:
        work.get_one(Envelope, envelope.id).state = "withdrawn"
        work.get_one(Envelope, envelope.id).error = "robot.refused:310000"
        work.get_one(Envelope, envelope.id).done_at = now + timedelta(seconds=3)
    result = ops.get(f"/targets/tests/{envelope.id}").text
    assert 'data-test-state="failed"' in result
    assert "机器人拒收" in result
    assert "310000" in result
    assert "<html" not in result
    with unit_of_work() as work:
        work.get_one(Envelope, envelope.id).state = "done"
    assert 'data-test-state="done"' in ops.get(f"/targets/tests/{envelope.id}").text
    assert "送到了" in ops.get("/targets").text


def test_nobody_learns_of_tests_that_are_not_his(client: Client, world: World, login: Login, now: datetime) -> None:
    house = stored(world, now, queue_id=None)
    login(client, world.users.ops)
    client.submit(f"/targets/{house}/test")
    envelope = session().scalars(select(Envelope)).one().id
    login(client, world.users.supervisor)
    assert client.get(f"/targets/tests/{envelope}").status_code == 404
    assert "正在发测试消息" not in client.get(f"/targets?test={envelope}").text
    assert client.get(f"/targets?test={'9' * 40}").status_code == 200


def test_one_is_switched_off_and_on_again(ops: Client, world: World, now: datetime) -> None:
    target = stored(world, now)
    ops.submit(f"/targets/{target}/deactivate", {"version": "7"})
    assert "被别人改过了" in ops.get("/targets").text
    assert rows()[0].active
    ops.submit(f"/targets/{target}/deactivate", {"version": "1"})
    assert not rows()[0].active
    assert "已停用" in ops.get("/targets").text
    ops.submit(f"/targets/{target}/test")
    assert "先启用再测试" in ops.get("/targets").text
    ops.submit(f"/targets/{target}", form(world, url="", sign="", version="2"))
    assert rows()[0].active


def test_the_card_tells_how_the_last_message_ended_and_how_long_it_rests(
    ops: Client, world: World, now: datetime
) -> None:
    target = stored(world, now, held_until=now + timedelta(minutes=11), kinds=list(OUTSIDE_KINDS))
    with unit_of_work():
        for minute, (state, error) in enumerate([("done", None), ("dead", "net.too_slow")]):
            at = now - timedelta(minutes=20 - minute)
            add(
                Envelope(
                    key=f"e{minute}",
                    target_id=target,
                    state=state,
                    error=error,
                    done_at=at,
                    next_try_at=at,
                    created_at=at,
                )
            )
    page = ops.get("/targets").text
    assert "没有送到" in page
    assert "对方太久没有回应" in page
    assert "对方说太多了" in page
    assert "11-23 10:11" in page


def test_the_list_takes_few_statements(ops: Client, world: World, now: datetime, statements: Statements) -> None:
    for number in range(20):
        stored(world, now, name=f"群{number}")
    ops.get("/targets")
    with statements() as seen:
        assert ops.get("/targets").text.count('class="card target"') == 20
    assert len(seen) <= 6, "\n".join(seen)
    assert json.dumps(seen).count("notification_target.secret") <= 1, "only whether there is a key"


def test_an_unknown_kind_is_refused_in_words(ops: Client) -> None:
    assert ops.get("/targets/new?kind=pager").status_code == 422
