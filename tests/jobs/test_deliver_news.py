"""News goes out through real servers that are down, hang and limit: all of it, and nothing twice by our doing."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from helpdesk.adapters.mail import MailServer
from helpdesk.adapters.net_guard import Guard
from helpdesk.adapters.posts import Deliver, Post
from helpdesk.adapters.robots import ROBOTS
from helpdesk.adapters.senders import SendFailed
from helpdesk.jobs.deliver_news import deliver_news
from helpdesk.jobs.spread_notices import spread_notices
from helpdesk.models import Envelope, NotificationTarget, Outbox, Ticket, User
from helpdesk.services import attempts, outbox, targets
from helpdesk.storage import _writing, session, unit_of_work
from tests.adapters import servers
from tests.adapters.servers import Web, free_port, mail_server, says, silent_server, web_server
from tests.factories import World, add
from tests.tickets import ticket as a_ticket

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def with_mail(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation has a mail server and an address of its own."""
    settings = replace(
        app.config["UNSNAG"],
        smtp_host="127.0.0.1",
        smtp_from="unsnag@shop.example",
        smtp_tls="none",
        base_url="https://tickets.example",
    )
    monkeypatch.setitem(app.config, "UNSNAG", settings)


@pytest.fixture
def ticket(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        session().execute(update(User).where(User.login == "agent").values(email="lin@shop.example"))
        return a_ticket(world, now, owner=world.users.agent)


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


def robot(now: datetime, web: Web, name: str = "客服群", **columns: Any) -> int:
    with unit_of_work():
        values = {"kind": "dingtalk", "secret": {"url": web.url(), "sign": "SEC"}, "kinds": ["sla.stage"], **columns}
        row = NotificationTarget(name=name, created_at=now, **values)
        add(row)
        return row.id


def happen(ticket: Ticket, at: datetime, count: int = 1, *, percent: int = 100, notify: str = "owner") -> None:
    """So many things happen that somebody should hear of."""
    params = {"clock": "solution", "percent": percent}
    with unit_of_work():
        for number in range(count):
            outbox.put(
                "notice",
                f"{at.isoformat()}:{number}",
                ticket_id=ticket.id,
                payload={"code": "sla.stage", "params": params, "notify": [notify]},
                now=at,
            )


def ways(port: int = 1, **more: Deliver) -> dict[str, Deliver]:
    guard = Guard(allow_internal=True, timeout=1.0)
    mail = MailServer("127.0.0.1", port, sender="unsnag@shop.example", tls="none", timeout=1.0)

    def robots(kind: str) -> Deliver:
        return lambda post: ROBOTS[kind].send(post, guard)

    return {"mail": mail.send, **{kind: robots(kind) for kind in ROBOTS}, **more}


def run(at: datetime, through: dict[str, Deliver], holder: str = "one") -> int:
    spread_notices(lambda: at)
    return deliver_news(lambda: at, holder, ways=through, dice=random.Random(1))


def envelopes() -> list[tuple[str, str | None]]:
    rows = session().execute(select(Envelope.state, Envelope.error).order_by(Envelope.id)).all()
    return [(row.state, row.error) for row in rows]


def test_what_happened_arrives_in_words_with_a_link(ticket: Ticket, web: Web, now: datetime) -> None:
    robot(now, web, locale="en")
    happen(ticket, now)
    with mail_server() as post:
        assert run(now, ways(post.port)) == 2
        assert run(now, ways(post.port)) == 0
    (mail,) = post.taken
    assert mail["subject"] == f"工单 {ticket.number}：解决时限已超时"
    assert mail.get_content().splitlines() == [
        f"工单 {ticket.number}：解决时限已超时",
        f"https://tickets.example/tickets/{ticket.number}",
    ]
    (_, _, said) = web.asked[0]
    assert said["text"]["content"].endswith(f"https://tickets.example/tickets/{ticket.number}")
    assert envelopes() == [("done", None)] * 2


def test_no_transaction_is_open_while_somebody_is_spoken_to(ticket: Ticket, now: datetime) -> None:
    happen(ticket, now)
    inside: list[object] = []
    run(now, ways(mail=lambda _post: inside.append(_writing.get())))
    assert inside == [None]


def test_a_mail_server_that_is_down_for_two_hours(ticket: Ticket, now: datetime) -> None:
    """Everything is delivered after it is back, each piece once, in few mails."""
    port = free_port()
    for minute in range(120):
        happen(ticket, now + minute * MINUTE)
        run(now + minute * MINUTE, ways(port))
    assert not {state for state, _ in envelopes()} - {"waiting"}
    back = now + 120 * MINUTE
    with mail_server(servers.Post(port)) as post:
        for minute in range(20):
            run(back + minute * MINUTE, ways(port))
    lines = [line for mail in post.taken for line in mail.get_content().splitlines()]
    assert lines.count(f"工单 {ticket.number}：解决时限已超时") == 120
    assert 1 <= len(post.taken) <= 3
    assert len({mail["message-id"] for mail in post.taken}) == len(post.taken)
    assert {state for state, _ in envelopes()} == {"done"}


def test_a_crash_between_sending_and_recording_repeats_one_mail_under_its_id(ticket: Ticket, now: datetime) -> None:
    happen(ticket, now)

    with mail_server() as post:
        send = ways(post.port)["mail"]

        def send_and_die(letter: Post) -> None:
            send(letter)
            raise SystemExit

        with pytest.raises(SystemExit):
            run(now, ways(mail=send_and_die))
        happen(ticket, now + SECOND)  # meanwhile life goes on
        assert run(now + timedelta(seconds=attempts.CLAIM_SECONDS), ways(post.port), "two") == 0
        later = now + timedelta(seconds=attempts.CLAIM_SECONDS + 1)
        for second in range(3):
            run(later + second * SECOND, ways(post.port), "two")
    ids = Counter(mail["message-id"] for mail in post.taken)
    assert sorted(ids.values()) == [1, 2]
    twice = [mail for mail in post.taken if ids[mail["message-id"]] == 2]
    assert twice[0].as_bytes() == twice[1].as_bytes()
    assert {state for state, _ in envelopes()} == {"done"}


def test_a_mail_server_that_hangs_holds_up_no_robot(ticket: Ticket, web: Web, world: World, now: datetime) -> None:
    with unit_of_work():
        session().execute(update(User).where(User.role != "system").values(email=User.login + "@shop.example"))
        for number in range(30):
            add(User(login=f"more{number}", name="多", role="ops", email="m@shop.example", created_at=now))
    robot(now, web)
    happen(ticket, now, notify="role:ops")
    with silent_server() as port:
        tries = run(now, ways(port))
    assert len(web.asked) == 1
    assert tries <= 17  # one batch, then mail rests for this run
    assert ("waiting", "mail.unreachable") in envelopes()


@pytest.mark.slow
def test_robots_keep_their_limit_while_there_is_much_news(ticket: Ticket, web: Web, now: datetime) -> None:
    """200 pieces of news in 24 minutes, a run every 5 seconds, as the job worker makes them."""
    robot(now, web)
    told: list[tuple[datetime, int]] = []
    time = {"now": now}
    happened = 0

    def clock() -> datetime:
        return time["now"]

    def note(post: Post) -> None:
        told.append((clock(), post.text.count("已超时")))

    dice = random.Random(7)
    while clock() < now + 26 * MINUTE:
        if clock() < now + 24 * MINUTE and happened < 200:
            burst = min(dice.choice([0, 0, 1, 1, 1, 2]), 200 - happened)
            if burst:
                happen(ticket, clock(), burst, notify="user:0")
                spread_notices(clock)
            happened += burst
        deliver_news(clock, "one", ways={"dingtalk": note}, dice=dice)
        time["now"] += 5 * SECOND
    assert happened == 200
    assert sum(pieces for _, pieces in told) == 200
    for start, _ in told:
        assert len([when for when, _ in told if start <= when < start + MINUTE]) <= 15


def test_a_robot_that_has_too_many_is_left_alone_and_gets_all_in_one(ticket: Ticket, web: Web, now: datetime) -> None:
    robot(now, web)
    web.answers = [says({"errcode": 130101})]
    happen(ticket, now, notify="user:0")
    run(now, ways())
    for minute in range(1, 12):
        happen(ticket, now + minute * MINUTE, notify="user:0")
        run(now + minute * MINUTE - SECOND, ways())
    assert len(web.asked) == 1
    for second in (0, 5):
        run(now + 11 * MINUTE + second * SECOND, ways())
    assert [said["text"]["content"].count("已超时") for _, _, said in web.asked] == [1, 1, 11]


def test_a_digest_is_cut_to_what_the_robot_takes(ticket: Ticket, web: Web, now: datetime) -> None:
    robot(now, web, kind="wecom", secret={"url": web.url()})
    happen(ticket, now, 300, notify="user:0")
    run(now, ways())
    text = web.asked[0][2]["text"]["content"]
    assert len(text.encode()) <= 1_950
    shown = text.count("已超时")
    assert text.splitlines()[-1] == f"另有 {300 - shown} 条"
    assert text.splitlines()[0] == "Unsnag：300 条"


def test_two_workers_at_once_deliver_each_envelope_once(
    app: Flask, ticket: Ticket, world: World, now: datetime
) -> None:
    with unit_of_work():
        for number in range(40):
            add(User(login=f"more{number}", name="多", role="ops", email=f"m{number}@shop.example", created_at=now))
    happen(ticket, now, notify="role:ops")
    spread_notices(lambda: now)
    taken: list[str] = []
    start = threading.Barrier(2)

    def work(holder: str) -> None:
        with app.app_context():
            start.wait()
            deliver_news(lambda: now, holder, ways={"mail": lambda post: taken.append(post.to)})

    workers = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    deliver_news(lambda: now, "three", ways={"mail": lambda post: taken.append(post.to)})
    assert sorted(taken) == sorted(f"m{number}@shop.example" for number in range(40))


def test_a_test_message_shows_what_became_of_it(world: World, web: Web, now: datetime) -> None:
    target_id = robot(now, web, quiet_from=0, quiet_to=1439)
    for answer, state in (
        ({"errcode": 0}, ("done", None)),
        ({"errcode": 310000}, ("withdrawn", "robot.refused:310000")),
    ):
        web.answers = [says(answer)]
        with unit_of_work():
            envelope_id = targets.test_target(target_id, actor=world.actors.ops, now=now)
        run(now, ways())
        row = session().execute(select(Envelope.state, Envelope.error).where(Envelope.id == envelope_id)).one()
        assert tuple(row) == state
        now += SECOND
    assert web.asked[0][2]["text"]["content"].startswith("Unsnag：测试消息")
    assert session().scalar(select(func.count()).select_from(Outbox)) == 0  # nobody is alarmed about a test


def test_a_test_mail_without_a_mail_server_says_so(world: World, web: Web, now: datetime) -> None:
    target_id = robot(now, web, kind="mail", address="all@shop.example", secret={})
    with unit_of_work():
        targets.test_target(target_id, actor=world.actors.ops, now=now)
    assert deliver_news(lambda: now, "one", ways={}) == 0
    assert envelopes() == [("withdrawn", "target.no_way")]


def test_a_sender_with_a_bug_counts_as_a_failed_try(ticket: Ticket, now: datetime) -> None:
    happen(ticket, now)

    def broken(_post: Post) -> None:
        raise ZeroDivisionError

    run(now, ways(mail=broken))
    assert envelopes() == [("waiting", "sender.error")]


def test_a_refusal_for_good_is_told_to_the_admins(ticket: Ticket, world: World, now: datetime) -> None:
    happen(ticket, now)

    def refuse(_post: Post) -> None:
        raise SendFailed("mail.mailbox_refused:550", final=True)

    run(now, ways(mail=refuse))
    assert envelopes() == [("dead", "mail.mailbox_refused:550")]
    assert spread_notices(lambda: now) == 1


def test_without_a_mail_server_nothing_is_tried(app: Flask, ticket: Ticket, now: datetime) -> None:
    app.config["UNSNAG"] = replace(app.config["UNSNAG"], smtp_host="")
    happen(ticket, now)
    spread_notices(lambda: now)
    assert deliver_news(lambda: now, "one") == 0
    assert envelopes() == []
