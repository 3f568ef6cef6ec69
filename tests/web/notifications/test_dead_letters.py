"""What could not be delivered: who sees which, sent again, given up, told row by row."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.models import Envelope, Message, Notification, NotificationTarget, Outbox
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World, add

TOKEN = "s3cret-of-the-robot"
ORDER = 'name="letter" value="([a-z]+:[0-9]+)"'


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


def dead_reply(world: World, now: datetime, queue: Any = None, **changed: Any) -> str:
    with unit_of_work():
        ticket = tickets.ticket(world, now, queue=queue or world.queues.customer_service)
        message = Message(
            ticket_id=ticket.id, direction="out", text="亲，已为您补发", state="failed", sent_at=now, created_at=now
        )
        add(message)
        values = {
            "key": f"message:{message.id}",
            "kind": "reply",
            "ticket_id": ticket.id,
            "message_id": message.id,
            "payload": {},
            "state": "dead",
            "attempts": 8,
            "error": "sender.error",
            "not_before": now,
            "next_try_at": now,
            "done_at": now,
            "created_at": now,
            **changed,
        }
        row = Outbox(**values)
        add(row)
        return f"reply:{row.id}"


def dead_envelope(world: World, now: datetime, queue: Any = None, number: int = 0, **changed: Any) -> str:
    with unit_of_work():
        target = NotificationTarget(
            name=f"群{number}",
            kind="dingtalk",
            queue_id=queue.id if queue else None,
            secret={"url": f"https://x/?access_token={TOKEN}"},
            kinds=[],
            created_at=now,
        )
        add(target)
        values = {
            "key": f"e{number}",
            "target_id": target.id,
            "state": "dead",
            "attempts": 3,
            "error": "robot.refused:310000",
            "next_try_at": now,
            "done_at": now,
            "created_at": now,
            **changed,
        }
        row = Envelope(**values)
        add(row)
        return f"envelope:{row.id}"


def state(key: str) -> str:
    kind, _, row = key.partition(":")
    with unit_of_work() as work:
        found = work.get_one(Outbox, int(row)) if kind == "reply" else work.get_one(Envelope, int(row))
        return found.state


def test_the_list_tells_what_to_whom_why_and_how_often(ops: Client, world: World, now: datetime) -> None:
    dead_reply(world, now - timedelta(minutes=5))
    dead_envelope(world, now)
    page = ops.get("/outbox").text
    for words in ("客户，", "亲，已为您补发", "发送程序出错", "试了 8 次", "群0", "钉钉机器人", "机器人拒收", "310000"):
        assert words in page, words
    assert TOKEN not in page
    assert page.index("群0") < page.index("亲，已为您补发"), "the latest death first"


def test_nothing_dead_is_said_so_and_shows_no_badge(ops: Client) -> None:
    assert "都送到了" in ops.get("/outbox").text
    assert "nav-badge" not in ops.get("/account").text


def test_the_menu_counts_what_waits_for_the_reader(client: Client, world: World, login: Login, now: datetime) -> None:
    dead_reply(world, now)
    dead_reply(world, now, world.queues.warehouse)
    for person, count in ((world.users.ops, "2"), (world.users.supervisor, "1"), (world.users.agent, None)):
        login(client, person)
        found = re.search(r'<span class="nav-badge">(\d+)', client.get("/account").text)
        assert (found.group(1) if found else None) == count


def test_a_supervisor_judges_those_of_his_queues_only(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    own, foreign = dead_reply(world, now), dead_reply(world, now, world.queues.warehouse)
    robot = dead_envelope(world, now, world.queues.customer_service)
    house = dead_envelope(world, now, number=1)
    login(client, world.users.supervisor)
    page = client.get("/outbox").text
    assert set(re.findall(ORDER, page)) == {own, robot}
    client.submit("/outbox/resend", {"letter": [own, foreign, robot, house]})
    assert [state(key) for key in (own, foreign, robot, house)] == ["waiting", "dead", "waiting", "dead"]
    told = client.get("/outbox").text
    assert "2 条已重新排队发送" in told
    assert "2 条没有处理" in told
    assert f"给客户的回复 #{foreign.partition(':')[2]}" in told


def test_one_is_sent_again_by_its_button_whatever_is_ticked(ops: Client, world: World, now: datetime) -> None:
    first, second = dead_reply(world, now), dead_reply(world, now)
    ops.submit("/outbox/resend", {"letter": [first], "only": second})
    assert (state(first), state(second)) == ("dead", "waiting")
    ops.submit("/outbox/resend", {"only": second})
    assert "已经有人处理了" in ops.get("/outbox").text


def test_giving_up_asks_first_and_is_for_good(ops: Client, world: World, now: datetime) -> None:
    reply, envelope = dead_reply(world, now), dead_envelope(world, now)
    question = ops.submit("/outbox/give-up", {"letter": [reply, envelope]})
    assert question.status_code == 200
    assert "放弃这 2 条？" in question.text
    assert "1 条是给客户的回复" in question.text
    assert state(reply) == "dead"
    ops.submit("/outbox/give-up", {"letter": re.findall(ORDER, question.text), "sure": "1"})
    assert (state(reply), state(envelope)) == ("withdrawn", "withdrawn")
    page = ops.get("/outbox").text
    assert "已放弃 2 条" in page
    assert "都送到了" in page


@pytest.mark.parametrize("path", ["/outbox/resend", "/outbox/give-up"])
def test_nothing_ticked_is_said_and_what_is_no_letter_refused(ops: Client, path: str) -> None:
    assert ops.submit(path).status_code == 302
    assert "没有勾选消息" in ops.get("/outbox").text
    for nonsense in ("reply", "reply:0", "reply:9999999999", "mail:1", "reply:１", "envelope:1 OR 1=1"):
        assert ops.submit(path, {"letter": nonsense}).status_code == 422, nonsense
    assert ops.submit(path, {"letter": [f"reply:{row}" for row in range(1, 202)]}).status_code == 422


def test_pages_go_on_by_key_through_both_kinds(ops: Client, world: World, now: datetime) -> None:
    keys = {dead_envelope(world, now, number=number) for number in range(30)}
    keys |= {dead_reply(world, now - timedelta(minutes=number % 2)) for number in range(28)}
    first = ops.get("/outbox").text
    assert "58 条" in first
    older = re.search(r'href="(/outbox\?after=[^"]+)"', first)
    assert older
    second = ops.get(older.group(1)).text
    shown = [re.findall(ORDER, page) for page in (first, second)]
    assert [len(part) for part in shown] == [50, 8]
    assert set(shown[0]) | set(shown[1]) == keys
    for nonsense in ("7.0.1", f"1.0.{'9' * 18}", "x"):
        assert ops.get(f"/outbox?after={nonsense}").status_code == 422


def test_the_bell_leads_here_whoever_may_judge(client: Client, world: World, login: Login, now: datetime) -> None:
    for person, place in ((world.users.admin, "/outbox"), (world.users.agent, "/notifications")):
        with unit_of_work():
            row = Notification(
                user_id=person.id, key="dead", kind="outbox.dead", params={"error": "net.too_slow"}, created_at=now
            )
            add(row)
        login(client, person)
        assert client.get(f"/notifications/{row.id}").headers["Location"] == place


def test_the_list_takes_few_statements(ops: Client, world: World, now: datetime, statements: Statements) -> None:
    for number in range(20):
        dead_envelope(world, now, number=number)
        dead_reply(world, now)
    ops.get("/outbox")
    with statements() as seen:
        ops.get("/outbox")
    assert len(seen) <= 9, "\n".join(seen)
    assert session().query(Envelope).count() == 20
