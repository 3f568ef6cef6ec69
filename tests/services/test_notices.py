"""Notices become lines of bells and news for addresses: for whom it concerns, once, and in bulk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from helpdesk.models import Absence, Membership, Notification, NotificationChoice, NotificationTarget, Outbox, Ticket
from helpdesk.services import assignment, messages, notices, outbox
from helpdesk.storage import session, unit_of_work
from tests.conftest import Statements
from tests.factories import World, add
from tests.tickets import ticket as a_ticket


@pytest.fixture
def ticket(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        world.users.agent = session().merge(world.users.agent)
        return a_ticket(world, now, owner=world.users.agent, hands=world.users.agent2)


Tell = Callable[..., int]


@pytest.fixture
def tell(ticket: Ticket, now: datetime) -> Tell:
    """``tell("owner", code=..., key=...)``: write a notice about the ticket and spread it."""

    def do(
        *notify: str,
        code: str = "sla.stage",
        key: str = "n",
        params: dict[str, Any] | None = None,
        about: int | None = ticket.id,
        actor: int | None = None,
        at: datetime = now,
    ) -> int:
        payload = {"code": code, "params": params or {"clock": "solution", "percent": 75}, "notify": list(notify)}
        with unit_of_work():
            outbox.put("notice", key, ticket_id=about, payload=payload | ({"actor": actor} if actor else {}), now=at)
            return notices.spread(at)

    return do


def mailbox(world: World, login: str, **columns: Any) -> None:
    with unit_of_work():
        user = session().merge(getattr(world.users, login))
        user.email = f"{login}@shop.example"
        for name, value in columns.items():
            setattr(user, name, value)


def robot(world: World, now: datetime, name: str = "群", **columns: Any) -> int:
    with unit_of_work():
        values = {"kind": "dingtalk", "secret": {"url": "https://x"}, "kinds": ["sla.stage"], **columns}
        row = NotificationTarget(name=name, created_at=now, **values)
        add(row)
        return row.id


def bells() -> set[tuple[int, str]]:
    return {(row.user_id, row.key) for row in session().execute(select(Notification.user_id, Notification.key))}


def news() -> list[Outbox]:
    return list(session().scalars(select(Outbox).where(Outbox.kind == "news").order_by(Outbox.id)))


def test_those_concerned_find_it_under_their_bell(world: World, ticket: Ticket, tell: Tell, now: datetime) -> None:
    assert tell("owner", "assignee", "supervisor") == 1
    assert bells() == {(world.users.agent.id, "n"), (world.users.agent2.id, "n"), (world.users.supervisor.id, "n")}
    line = session().scalars(select(Notification)).first()
    assert line is not None
    assert (line.kind, line.ticket_id, line.created_at) == ("sla.stage", ticket.id, now)
    assert line.params == {"clock": "solution", "percent": 75}
    assert line.read_at is None
    assert session().scalar(select(Outbox.state).where(Outbox.kind == "notice")) == "done"


def test_a_second_run_tells_nobody_twice(world: World, tell: Tell, now: datetime) -> None:
    mailbox(world, "agent")
    tell("owner")
    with unit_of_work():
        session().execute(update(Outbox).where(Outbox.kind == "notice").values(state="waiting"))
        assert notices.spread(now) == 1
        assert notices.spread(now) == 0
    assert len(bells()) == len(news()) == 1


def test_who_did_it_is_not_told(world: World, tell: Tell) -> None:
    tell("owner", "assignee", actor=world.users.agent.id)
    assert bells() == {(world.users.agent2.id, "n")}


def test_somebody_who_left_is_not_told(world: World, tell: Tell) -> None:
    with unit_of_work():
        session().merge(world.users.agent).active = False
    tell("owner", "assignee")
    assert bells() == {(world.users.agent2.id, "n")}


def test_a_stand_in_is_told_too_while_the_absence_lasts(world: World, tell: Tell, now: datetime) -> None:
    with unit_of_work():
        away = {"user_id": world.users.agent.id, "kind": "leave", "stand_in_id": world.users.supervisor.id}
        add(Absence(starts_at=now, ends_at=now + timedelta(hours=1), **away))
        add(Absence(starts_at=now, ends_at=now + timedelta(days=1), cancelled_at=now, **away))
    tell("owner", key="during")
    tell("owner", key="after", at=now + timedelta(hours=1))
    assert bells() == {
        (world.users.agent.id, "during"),
        (world.users.supervisor.id, "during"),
        (world.users.agent.id, "after"),
    }


def test_who_stands_in_for_a_stand_in_that_is_away_too_is_told(world: World, tell: Tell, now: datetime) -> None:
    users, until = world.users, now + timedelta(hours=1)
    with unit_of_work():
        for user, stand_in in ((users.agent, users.supervisor), (users.supervisor, users.ops)):
            add(Absence(user_id=user.id, stand_in_id=stand_in.id, kind="leave", starts_at=now, ends_at=until))
        add(Absence(user_id=users.warehouse.id, kind="sick", starts_at=now, ends_at=until))
    tell("owner", f"user:{users.warehouse.id}")
    assert {user for user, _ in bells()} == {users.agent.id, users.warehouse.id, users.ops.id}


def test_without_a_ticket_groups_and_people_can_be_named(world: World, tell: Tell) -> None:
    tell(f"queue:{world.queues.warehouse.id}", "role:admin", f"user:{world.users.ops.id}", "owner", about=None)
    assert {user for user, _ in bells()} == {world.users.warehouse.id, world.users.admin.id, world.users.ops.id}


def test_mail_goes_to_who_has_a_mailbox_and_wants_it(world: World, tell: Tell, now: datetime) -> None:
    mailbox(world, "agent")
    mailbox(world, "supervisor")
    with unit_of_work():
        add(NotificationChoice(user_id=world.users.supervisor.id, kind="sla.stage", bell=False, mail=False))
    tell("owner", "assignee", "supervisor")
    (row,) = news()
    assert (row.user_id, row.key, row.ticket_id) == (world.users.agent.id, f"n:u{world.users.agent.id}", 1)
    assert row.payload == {"code": "sla.stage", "params": {"clock": "solution", "percent": 75}}
    assert {user for user, _ in bells()} == {world.users.agent.id, world.users.agent2.id}


def test_choices_hold_for_their_kind_alone(world: World, tell: Tell) -> None:
    mailbox(world, "agent")
    with unit_of_work():
        add(NotificationChoice(user_id=world.users.agent.id, kind="ticket.assigned", bell=False, mail=True))
    tell("owner", code="ticket.assigned", key="a")
    tell("owner", code="assist.answered", key="b")
    assert bells() == {(world.users.agent.id, "b")}
    assert [row.key for row in news()] == [f"a:u{world.users.agent.id}"]


def test_without_a_mail_server_no_news_is_kept_for_mailboxes(world: World, ticket: Ticket, now: datetime) -> None:
    mailbox(world, "agent")
    robot(world, now, "信箱", kind="mail", address="all@shop.example", secret={})
    group = robot(world, now)
    with unit_of_work():
        payload = {"code": "sla.stage", "params": {}, "notify": ["owner"]}
        outbox.put("notice", "n", ticket_id=ticket.id, payload=payload, now=now)
        notices.spread(now, mail=False)
    assert [row.target_id for row in news()] == [group]


def test_targets_hear_of_their_queue_and_of_the_kinds_they_want(world: World, tell: Tell, now: datetime) -> None:
    house = robot(world, now, "全店")
    own = robot(world, now, "客服群", queue_id=world.queues.customer_service.id)
    robot(world, now, "仓库群", queue_id=world.queues.warehouse.id)
    robot(world, now, "别的事", kinds=["ticket.reminded"])
    robot(world, now, "停用", active=False)
    tell("owner")
    assert [row.target_id for row in news()] == [house, own]


def test_dead_letters_never_leave_the_bell(world: World, tell: Tell, now: datetime) -> None:
    mailbox(world, "admin")
    robot(world, now, kinds=["outbox.dead"])
    with unit_of_work():
        add(NotificationChoice(user_id=world.users.admin.id, kind="outbox.dead", bell=True, mail=True))
    tell("role:admin", code="outbox.dead")
    assert (len(bells()), news()) == (1, [])


def test_news_waits_for_its_digest_unless_it_is_urgent(world: World, tell: Tell, now: datetime) -> None:
    mailbox(world, "agent", digest_seconds=3600)
    tell("owner", key="calm")
    tell("owner", key="late", params={"clock": "solution", "percent": 100})
    assert [row.next_try_at - now for row in news()] == [timedelta(hours=1), timedelta(0)]


@pytest.mark.parametrize(
    "payload",
    [{}, {"code": "from.the_future", "notify": ["owner"]}, {"notify": None}, {"code": "sla.stage", "params": None}],
)
def test_a_notice_nobody_understands_holds_up_no_other(
    world: World, ticket: Ticket, now: datetime, payload: dict[str, Any]
) -> None:
    with unit_of_work():
        outbox.put("notice", "odd", ticket_id=ticket.id, payload=payload, now=now)
        fine = {"code": "sla.stage", "params": {}, "notify": ["owner"]}
        outbox.put("notice", "fine", ticket_id=ticket.id, payload=fine, now=now)
        assert notices.spread(now) == 2
    assert (world.users.agent.id, "fine") in bells()


def test_what_is_older_than_a_week_is_left_to_be_withdrawn(world: World, ticket: Ticket, now: datetime) -> None:
    with unit_of_work():
        outbox.put("notice", "old", ticket_id=ticket.id, payload={"code": "sla.stage", "notify": ["owner"]}, now=now)
    later = now + timedelta(days=7, seconds=1)
    with unit_of_work():
        assert notices.spread(later) == 0
        assert outbox.expire_notices(later) == 1
    assert bells() == set()


def test_many_notices_cost_no_more_statements_than_one(
    world: World, ticket: Ticket, now: datetime, statements: Statements
) -> None:
    for login in ("agent", "agent2", "supervisor"):
        mailbox(world, login)
    robot(world, now)
    counts = []
    for size in (1, 300):
        with unit_of_work():
            payload = {"code": "sla.stage", "params": {"percent": 75}, "notify": ["queue"]}
            for number in range(size):
                outbox.put("notice", f"{size}:{number}", ticket_id=ticket.id, payload=payload, now=now)
        with unit_of_work(), statements() as seen:
            assert notices.spread(now) == size
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 11
    told = session().scalar(select(func.count()).select_from(Membership).where(Membership.queue_id == ticket.queue_id))
    assert session().scalar(select(func.count()).select_from(Notification)) == 301 * (told or 0)
    assert session().scalar(select(func.count()).select_from(Outbox).where(Outbox.kind == "news")) == 301 * 4


def hear(world: World, ticket: Ticket, said_at: datetime, now: datetime, who: str = "system") -> None:
    with unit_of_work():
        messages.record_customer_message(
            ticket.number, f"还没有消息吗 {said_at}", said_at, actor=getattr(world.actors, who), now=now
        )
        notices.spread(now)


def test_a_customers_word_is_told_to_owner_and_assignee(world: World, ticket: Ticket, now: datetime) -> None:
    hear(world, ticket, now, now)
    kinds = session().execute(select(Notification.user_id, Notification.kind, Notification.ticket_id))
    assert {tuple(row) for row in kinds} == {
        (user.id, "ticket.customer_replied", ticket.id) for user in (world.users.agent, world.users.agent2)
    }


def test_who_entered_the_customers_word_knows_it(world: World, ticket: Ticket, now: datetime) -> None:
    hear(world, ticket, now, now, "agent")
    assert {user for user, _ in bells()} == {world.users.agent2.id}


def test_of_what_a_customer_said_long_ago_nobody_is_told(world: World, ticket: Ticket, now: datetime) -> None:
    later = now + timedelta(days=2)
    hear(world, ticket, now, later)
    assert bells() == set()


def test_a_queue_hears_of_what_is_transferred_to_it(world: World, ticket: Ticket, now: datetime) -> None:
    with unit_of_work():
        assignment.transfer(
            ticket.number, "warehouse", reason="请核对库存", version=ticket.version, actor=world.actors.agent2, now=now
        )
        notices.spread(now)
    rows = session().scalars(select(Notification).where(Notification.kind == "ticket.transferred")).all()
    assert [row.user_id for row in rows] == [world.users.warehouse.id]
    assert rows[0].params == {
        "from": world.queues.customer_service.id,
        "to": world.queues.warehouse.id,
        "by": world.users.agent2.id,
    }
