"""Reports that go out: to whom, with whose figures, and once."""

from __future__ import annotations

import threading
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.domain.report_digest import figures
from helpdesk.domain.reports import Line, Period, Sums
from helpdesk.models import Envelope, Membership, Notification, NotificationTarget, Outbox, ReportSending, User
from helpdesk.services import envelopes, notifications, report_sendings
from helpdesk.services.report_sendings import Circle
from helpdesk.storage import session, unit_of_work
from tests.factories import World, add

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
YESTERDAY = Period(date(2026, 11, 22), date(2026, 11, 22))
TOLD = figures(Line("", Sums(opened=3, resolved=2, wall_seconds=9000)), Line(""), [])


@pytest.fixture(autouse=True)
def mailboxes(world: World) -> None:
    with unit_of_work():
        session().execute(update(User).where(User.role != "system").values(email=User.login + "@shop.example"))


def target(now: datetime, name: str, **columns: Any) -> int:
    values = {"kind": "dingtalk", "secret": {"url": "https://x"}, "kinds": ["report.month"], **columns}
    with unit_of_work():
        row = NotificationTarget(name=name, created_at=now, **values)
        add(row)
        return row.id


def by_scope(period: Period = OCTOBER, *, mail: bool = True) -> dict[str, Circle]:
    return {circle.scope: circle for circle in report_sendings.circles(period, mail=mail)}


def send(world: World, now: datetime, circle: Circle, told: Any = TOLD, **asked: Any) -> int | None:
    values = {"kind": "month", "period": OCTOBER, "key": f"month:2026-10:{circle.scope}", **asked}
    with unit_of_work():
        kind, period = values.pop("kind"), values.pop("period")
        return report_sendings.send(kind, period, circle, told, actor=world.actors.system, now=now, **values)


def outbox() -> list[Outbox]:
    return list(session().scalars(select(Outbox).order_by(Outbox.id)))


def test_ops_hear_of_everything_and_supervisors_of_their_queues(world: World, now: datetime) -> None:
    people, queue = world.users, world.queues.customer_service.id
    assert by_scope() == {
        "all": Circle(None, bells=frozenset({people.ops.id}), mails=frozenset({people.ops.id})),
        f"q{queue}": Circle(
            frozenset({queue}), bells=frozenset({people.supervisor.id}), mails=frozenset({people.supervisor.id})
        ),
    }
    daily = by_scope(YESTERDAY)
    assert [circle.bells for circle in daily.values()] == [frozenset(), frozenset()]
    assert [len(circle.mails) for circle in daily.values()] == [1, 1]


def test_others_who_may_read_reports_hear_of_them_if_they_choose_so(world: World, now: datetime) -> None:
    people = world.users
    with unit_of_work():
        notifications.set_choices({"report.month": (False, True)}, actor=world.actors.finance, now=now)
        notifications.set_choices({"report.month": (False, False)}, actor=world.actors.ops, now=now)
    circle = by_scope()["all"]
    assert (circle.bells, circle.mails) == (frozenset[int](), frozenset({people.finance.id}))


def test_supervisors_of_the_same_queues_share_their_figures(world: World, now: datetime) -> None:
    queue = world.queues.customer_service.id
    with unit_of_work():
        row = User(login="second", name="二", role="supervisor", email="s@shop.example", created_at=now)
        both = User(login="both", name="三", role="supervisor", email="b@shop.example", created_at=now)
        nowhere = User(login="nowhere", name="四", role="supervisor", email="n@shop.example", created_at=now)
        left = User(login="left", name="五", role="supervisor", active=False, created_at=now)
        add(row, both, nowhere, left)
        for user in (row, both, left):
            add(Membership(user_id=user.id, queue_id=queue))
        add(Membership(user_id=both.id, queue_id=world.queues.finance.id))
    found = by_scope()
    assert found[f"q{queue}"].mails == {world.users.supervisor.id, row.id}
    assert found[f"q{world.queues.finance.id}.{queue}"].mails == {both.id}
    assert len(found) == 3  # nobody without a queue, nobody who left


def test_targets_hear_of_it_if_they_chose_it(world: World, now: datetime) -> None:
    queue = world.queues.customer_service.id
    house = target(now, "全店")
    own = target(now, "客服", queue_id=queue)
    target(now, "别的消息", kinds=["sla.stage", "report.day"])
    target(now, "停用", active=False)
    mail = target(now, "邮箱", kind="mail", address="all@shop.example", secret={})
    found = by_scope()
    assert found["all"].targets == {house, mail}
    assert found[f"q{queue}"].targets == {own}
    without = by_scope(mail=False)
    assert without["all"] == Circle(None, bells=frozenset({world.users.ops.id}), targets=frozenset({house}))


def test_a_sending_is_recorded_with_its_bells_and_news(world: World, now: datetime) -> None:
    robot = target(now, "全店")
    sending = send(world, now, by_scope()["all"])
    row = session().get_one(ReportSending, sending)
    ops = world.users.ops.id
    assert (row.kind, row.first, row.last, row.receivers) == ("month", OCTOBER.first, OCTOBER.last, 2)
    assert row.document == {
        "figures": TOLD,
        "scope": "all",
        "queues": None,
        "bells": [ops],
        "mails": [ops],
        "targets": [robot],
    }
    (bell,) = session().scalars(select(Notification))
    assert (bell.user_id, bell.kind, bell.params["month"], bell.params["opened"]) == (ops, "report.month", "2026-10", 3)
    assert [(one.key, one.user_id, one.target_id) for one in outbox()] == [
        (f"report:{sending}:u{ops}", ops, None),
        (f"report:{sending}:t{robot}", None, robot),
    ]


def test_the_same_is_not_sent_twice(world: World, now: datetime) -> None:
    circle = by_scope()["all"]
    assert send(world, now, circle) is not None
    assert send(world, now, circle) is None
    assert len(outbox()) == 1


def test_two_who_send_at_once_send_once(app: Flask, world: World, now: datetime) -> None:
    circle = by_scope()["all"]
    session().rollback()
    start, made = threading.Barrier(2), []

    def work() -> None:
        with app.app_context():
            start.wait()
            made.append(send(world, now, circle))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(sending is not None for sending in made) == 1
    assert len(outbox()) == 1


def test_where_nothing_happened_nobody_is_told_and_that_is_recorded(world: World, now: datetime) -> None:
    nothing = figures(Line(""), Line("", Sums(opened=9)), [])
    sending = send(world, now, by_scope()["all"], nothing)
    assert session().get_one(ReportSending, sending).receivers == 0
    assert outbox() == []
    assert session().scalars(select(Notification)).all() == []


def test_a_report_travels_alone_whatever_else_waits(world: World, now: datetime) -> None:
    ops = world.users.ops.id
    send(world, now, by_scope()["all"])
    send(world, now, by_scope(YESTERDAY)["all"], kind="day", period=YESTERDAY, key="day:2026-11-22:all")
    with unit_of_work():
        for number in range(2):
            add(
                Outbox(
                    key=f"other:{number}",
                    kind="news",
                    user_id=ops,
                    payload={"code": "sla.stage", "params": {}},
                    not_before=now,
                    next_try_at=now,
                    created_at=now,
                )
            )
        assert envelopes.pack(now, ZoneInfo("Asia/Shanghai")) == 3
    carried = session().execute(select(Outbox.key, Outbox.envelope_id).order_by(Outbox.id)).all()
    assert carried[2].envelope_id == carried[3].envelope_id
    assert len({row.envelope_id for row in carried}) == 3
    with unit_of_work():  # one after the other
        (letter,) = envelopes.claim(["mail"], "one", now=now)
    assert [item.code for item in letter.items] == ["report.month"]
    assert session().scalar(select(Envelope.state).where(Envelope.id == letter.id)) == "claimed"


def test_by_hand_to_oneself(world: World, now: datetime) -> None:
    ops = world.actors.ops
    assert report_sendings.own_circle(ops, mail=True) == Circle(None, mails=frozenset({ops.id}))
    with pytest.raises(Invalid):
        report_sendings.own_circle(ops, mail=False)
    with unit_of_work():
        session().execute(update(User).where(User.id == ops.id).values(email=None))
    with pytest.raises(Invalid):
        report_sendings.own_circle(ops, mail=True)


def test_only_those_who_close_months_send(world: World, now: datetime) -> None:
    circle = by_scope()["all"]
    with unit_of_work(), pytest.raises(NotAllowed):
        report_sendings.send("hand", OCTOBER, circle, TOLD, key="hand:1", actor=world.actors.supervisor, now=now)
