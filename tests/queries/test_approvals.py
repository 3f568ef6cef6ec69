"""What waits for whom: by role and queue, by stand-in, never one's own; with all that is needed to decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.models import Absence, Compensation, CompensationApproval, Note, Ticket
from helpdesk.queries import approvals as queries
from helpdesk.queries.ledger import Sum
from helpdesk.storage import session, unit_of_work
from tests import factories, money, tickets
from tests.conftest import Statements
from tests.factories import World, add

HOUR = timedelta(hours=1)
PEOPLE = ("agent", "agent2", "warehouse", "supervisor", "finance", "ops", "admin", "auditor", "outsider")


def asked_of(world: World, now: datetime) -> set[str]:
    """Who is asked about anything, by the page and by the menu: both say the same."""
    session().rollback()
    by_page = {name for name in PEOPLE if queries.desk(getattr(world.actors, name), now).on_me}
    by_menu = {name for name in PEOPLE if counted(getattr(world.actors, name), now)}
    assert by_page == by_menu
    return by_page


def counted(actor: Actor, now: datetime) -> int:
    found: int = session().scalar(select(queries.count_waiting_on(actor.id, now, 99))) or 0
    return found


def absent(world: World, now: datetime, who: str, stand_in: str, **columns: Any) -> None:
    user, other = getattr(world.users, who), getattr(world.users, stand_in)
    values = {"starts_at": now - HOUR, "ends_at": now + HOUR, "kind": "leave", **columns}
    add(Absence(user_id=user.id, stand_in_id=other.id, **values))


RUNGS = {"supervisor": {"supervisor"}, "finance": {"finance"}, "finance_and_ops": {"finance", "ops"}}


@pytest.mark.parametrize("rung", list(RUNGS))
def test_the_rung_that_is_asked_says_who(world: World, now: datetime, rung: str) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 500, now, asked=rung)
    assert asked_of(world, now) == RUNGS[rung]


def test_a_supervisor_is_asked_about_his_queues_alone(world: World, now: datetime) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now, queue=world.queues.warehouse), 500, now)
    assert asked_of(world, now) == set()


def test_nobody_is_asked_about_what_he_proposed_himself(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        for name in ("finance", "ops"):
            own = getattr(world.users, name).id
            money.promise(world, row, 500, now, asked="finance_and_ops", proposed_by_id=own)
    for name in ("finance", "ops"):
        (mine,) = queries.desk(getattr(world.actors, name), now).on_me
        assert mine.proposer_id != getattr(world.users, name).id


def test_what_has_been_answered_waits_no_longer(world: World, now: datetime) -> None:
    with unit_of_work():
        for state in ("approved", "rejected", "withdrawn", "paid", "reversed"):
            money.promise(world, tickets.ticket(world, now), 500, now, state=state)
    assert asked_of(world, now) == set()


def test_who_has_agreed_for_his_part_is_not_asked_again(world: World, now: datetime) -> None:
    with unit_of_work():
        found = money.promise(world, tickets.ticket(world, now), 500, now, asked="finance_and_ops")
        part = {"compensation_id": found.id, "part": "finance", "user_id": world.users.finance.id, "decided_at": now}
        add(CompensationApproval(**part))
    assert asked_of(world, now) == {"ops"}
    (waiting,) = queries.desk(world.actors.ops, now).on_me
    assert [(one.part, one.name) for one in waiting.agreed] == [("finance", "钱敏")]


def test_a_stand_in_is_asked_in_the_place_of_who_is_away_and_only_meanwhile(world: World, now: datetime) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 500, now)
        absent(world, now, "supervisor", "agent2")
        absent(world, now, "finance", "outsider", starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    assert asked_of(world, now) == {"supervisor", "agent2"}
    (waiting,) = queries.desk(world.actors.agent2, now).on_me
    assert waiting.instead_of == "孙领"
    (own,) = queries.desk(world.actors.supervisor, now).on_me
    assert own.instead_of is None
    assert asked_of(world, now + HOUR) == {"supervisor"}


def test_a_stand_in_is_not_asked_about_his_own_nor_in_the_place_of_who_proposed(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        money.promise(world, row, 500, now, proposed_by_id=world.users.agent2.id)
        money.promise(world, row, 500, now, proposed_by_id=world.users.supervisor.id)
        absent(world, now, "supervisor", "agent2")
    assert not queries.desk(world.actors.agent2, now).on_me


def test_an_admin_stands_in_for_nobody_where_money_is_decided(world: World, now: datetime) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 500, now)
        absent(world, now, "supervisor", "admin")
    assert asked_of(world, now) == {"supervisor"}


def test_a_card_tells_all_that_decides(world: World, now: datetime) -> None:
    with unit_of_work():
        buyer, bought = tickets.customer(world), tickets.order(world, now, paid_fen=20_000)
        row = tickets.ticket(world, now, order_id=bought.id, customer_id=buyer.id)
        other = tickets.ticket(world, now, customer_id=buyer.id)
        money.promise(world, row, 300, now - HOUR, state="paid")
        money.promise(world, row, 4_000, now - HOUR, state="paid", is_remedy=True)
        money.promise(world, row, 9_999, now - HOUR, state="rejected")
        money.promise(world, other, 700, now - HOUR, state="approved", kind="coupon")
        money.promise(world, row, 5_000, now, why="碎了两个", evidence=["photo_item"], ask_until=now + HOUR)
    (card,) = queries.desk(world.actors.supervisor, now).on_me
    assert (card.ticket, card.order, card.paid_fen, card.amount_fen, card.share) == (
        row.number,
        bought.number,
        20_000,
        5_000,
        25.0,
    )
    assert card.before == Sum(1, 300)
    assert [one.amount_fen for one in card.earlier] == [700, 4_000, 300]
    assert (card.why, card.evidence, card.proposer, card.ask_until) == ("碎了两个", ("photo_item",), "林晓", now + HOUR)


def test_what_is_asked_stands_first_then_what_has_least_time(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        money.promise(world, row, 1, now, asked="finance", ask_until=now + HOUR)
        money.promise(world, row, 20, now, ask_until=now + 3 * HOUR)
        money.promise(world, row, 300, now, ask_until=now + 2 * HOUR)
    desk = queries.desk(world.actors.supervisor, now)
    assert [one.amount_fen for one in desk.waiting] == [300, 20, 1]
    assert [one.amount_fen for one in desk.on_others] == [1]


@pytest.mark.parametrize(
    ("name", "seen"),
    [("agent", 1), ("agent2", 0), ("supervisor", 1), ("auditor", 2), ("finance", 2), ("warehouse", 0), ("outsider", 0)],
)
def test_everybody_sees_what_he_proposed_and_what_he_may_read(
    world: World, now: datetime, name: str, seen: int
) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 1, now)
        elsewhere = tickets.ticket(world, now, queue=world.queues.warehouse)
        money.promise(world, elsewhere, 20, now, proposed_by_id=world.users.ops.id)
    assert len(queries.desk(getattr(world.actors, name), now).waiting) == seen


def test_the_latest_decisions_come_with_their_reasons(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        note = Note(ticket_id=row.id, text="照片看不清", created_at=now)
        add(note)
        by = {"decided_by_id": world.users.supervisor.id}
        money.promise(world, row, 1, now, state="rejected", decided_at=now, reason_note_id=note.id, **by)
        money.promise(world, row, 20, now, state="approved", decided_at=now + HOUR, **by)
        money.promise(world, row, 300, now, state="approved", approval="none", decided_at=now, **by)
    for name in ("agent", "supervisor", "auditor"):
        decided = queries.desk(getattr(world.actors, name), now).decided
        assert [(one.amount_fen, one.why_not, one.decider) for one in decided] == [
            (20, "", "孙领"),
            (1, "照片看不清", "孙领"),
        ]
    assert not queries.desk(world.actors.outsider, now).decided


def test_the_desk_takes_five_statements_however_much_waits(world: World, now: datetime, statements: Statements) -> None:
    with unit_of_work():
        for _ in range(12):
            money.promise(world, tickets.ticket(world, now, customer_id=tickets.customer(world).id), 1, now)
    session().rollback()
    with statements() as seen:
        assert len(queries.desk(world.actors.supervisor, now).on_me) == 12
    assert len(seen) <= 5


def test_a_second_supervisor_of_the_queue_is_asked_as_well(world: World, now: datetime) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 1, now)
        other = factories.user("second", now, role=Role.SUPERVISOR, queues=[world.queues.customer_service])
    queue = frozenset({world.queues.customer_service.id})
    assert queries.desk(Actor(other.id, Role.SUPERVISOR, queue, queue), now).on_me
    assert session().scalars(select(Compensation.state).join(Ticket)).all() == ["proposed"]
