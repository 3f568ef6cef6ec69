"""What waits finds a person by itself: earliest deadline first, within capacity, to those who are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from helpdesk.domain.access import Role
from helpdesk.domain.tickets import Status
from helpdesk.models import (
    Absence,
    Membership,
    Queue,
    Shift,
    Skill,
    Stint,
    Ticket,
    User,
    UserSession,
    UserSkill,
)
from helpdesk.services import assignment, assists, dispatch, tickets
from helpdesk.storage import db, is_postgresql, session, unit_of_work
from tests import tickets as rows
from tests.conftest import Statements
from tests.factories import World, add, user
from tests.services.desks import HOUR, handed, hands, hold, notices, settings, staffed, there, waiting
from tests.services.story import do, events, look, opened, owner_of, resolved

MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(world: World, now: datetime) -> World:
    return staffed(world, now)


def test_a_new_ticket_goes_to_who_has_the_least_in_hand_and_stays_new(shop: World, now: datetime) -> None:
    with unit_of_work():
        rows.ticket(shop, now, owner=shop.users.agent, hands=shop.users.agent)
    number = opened(shop, now, type="logistics_stuck")
    ticket = look(number)
    assert (hands(number), ticket.owner_id, ticket.status) == (shop.users.agent2.id, shop.users.agent2.id, "new")
    told = events(number, "ticket.assignee")[0]
    assert (told.actor_id, told.source) == (shop.users.system.id, "job")
    assert told.params["why"] == {"mode": "least_load", "load": 0, "capacity": 3, "waited_seconds": 0}
    notice = notices("ticket.assigned")[0]
    assert notice["notify"] == [f"user:{shop.users.agent2.id}"]
    assert notice["params"] == {"user": shop.users.agent2.id, "mode": "least_load"}


def test_who_entered_the_ticket_gives_the_cause_but_the_system_assigns(shop: World, now: datetime) -> None:
    number = opened(shop, now, type="logistics_stuck", actor=shop.actors.agent)
    told = events(number, "ticket.assignee")[0]
    assert (told.actor_id, told.source) == (shop.users.system.id, "page")


def test_where_people_take_for_themselves_nothing_is_handed_out_and_nothing_is_asked(
    world: World, now: datetime, statements: Statements
) -> None:
    there(now, world.users.agent)
    with statements() as seen:
        number = opened(world, now, type="logistics_stuck")
    assert hands(number) is None
    assert not any("user_session" in statement or "skill" in statement for statement in seen)
    assert handed(world, now) == 0


def test_fifty_waiting_tickets_go_by_their_deadlines_and_nobody_gets_more_than_he_can_carry(
    shop: World, now: datetime
) -> None:
    numbers = waiting(shop, now, 50)
    assert handed(shop, now) == 6
    given = [number for number in numbers if hands(number) is not None]
    assert given == numbers[-6:]  # the last ones burn first
    assert Counter(hands(number) for number in given) == {shop.users.agent.id: 3, shop.users.agent2.id: 3}
    assert handed(shop, now) == 0


def test_urgency_goes_before_the_deadline(shop: World, now: datetime) -> None:
    settings(shop, capacity=1)
    with unit_of_work():
        numbers = [
            rows.ticket(shop, now, due_in=hours * HOUR, urgency=urgency).number
            for hours, urgency in ((1, 0), (9, 2), (2, 0), (8, 3))
        ]
    assert handed(shop, now) == 2
    assert [hands(number) is not None for number in numbers] == [False, True, False, True]


def test_a_person_s_own_capacity_goes_before_the_queue_s(shop: World, now: datetime) -> None:
    hold(shop.users.agent, capacity=1)
    waiting(shop, now, 9)
    assert handed(shop, now) == 4


def test_what_waits_for_the_customer_takes_no_room_and_is_not_handed_out(shop: World, now: datetime) -> None:
    settings(shop, capacity=1)
    with unit_of_work():
        for one in (shop.users.agent, shop.users.agent2):
            rows.ticket(shop, now, hands=one, status="pending_customer", paused=True)
    number = waiting(shop, now)[0]
    with unit_of_work():
        asleep = rows.ticket(shop, now, status="pending_customer", paused=True).number
    assert handed(shop, now) == 1
    assert (hands(number) is not None, hands(asleep)) == (True, None)


@pytest.mark.parametrize("reason", ["away", "unseen", "never", "absent", "off_shift", "inactive", "ended"])
def test_who_is_not_there_gets_nothing(shop: World, now: datetime, reason: str) -> None:
    agent = shop.users.agent
    with unit_of_work() as work:
        seen = update(UserSession).where(UserSession.user_id == agent.id)
        match reason:
            case "away":
                work.execute(update(User).where(User.id == agent.id).values(presence="away"))
            case "unseen":
                work.execute(seen.values(seen_at=now - 16 * MINUTE))
            case "never":
                work.query(UserSession).where(UserSession.user_id == agent.id).delete()
            case "absent":
                add(Absence(user_id=agent.id, starts_at=now - HOUR, ends_at=now + HOUR, kind="sick"))
            case "off_shift":
                add(Shift(user_id=agent.id, starts_at=now + HOUR, ends_at=now + 9 * HOUR))
            case "inactive":
                work.execute(update(User).where(User.id == agent.id).values(active=False))
            case "ended":
                work.execute(seen.values(expires_at=now))
    numbers = waiting(shop, now, 4)
    assert handed(shop, now) == 3
    assert {hands(number) for number in numbers} == {None, shop.users.agent2.id}


def test_a_shift_that_runs_and_an_absence_that_was_cancelled_keep_nobody_from_work(shop: World, now: datetime) -> None:
    agent = shop.users.agent
    with unit_of_work():
        add(Shift(user_id=agent.id, starts_at=now - HOUR, ends_at=now + HOUR))
        add(Absence(user_id=agent.id, starts_at=now - HOUR, ends_at=now + HOUR, kind="sick", cancelled_at=now))
    waiting(shop, now, 6)
    assert handed(shop, now) == 6


def test_round_robin_goes_on_behind_the_last_one_over_restarts(shop: World, now: datetime) -> None:
    settings(shop, assignment="round_robin", capacity=None)
    agent, agent2 = shop.users.agent.id, shop.users.agent2.id
    numbers = [opened(shop, now, type="logistics_stuck") for _ in range(4)]
    assert [hands(number) for number in numbers] == [agent, agent2, agent, agent2]
    assert session().get_one(Queue, shop.queues.customer_service.id).last_assigned_id == agent2


def skilled(code: str, *people: User, types: list[str], active: bool = True) -> None:
    with unit_of_work():
        skill = Skill(code=code, name_zh=code, name_en=code, types=types, channels=[], active=active)
        add(skill)
        add(*(UserSkill(user_id=one.id, skill_id=skill.id) for one in people))


def test_a_ticket_waits_for_those_who_can_and_lets_the_ones_behind_it_pass(shop: World, now: datetime) -> None:
    settings(shop, capacity=1)
    skilled("fragile", shop.users.agent, types=["lost_parcel"])
    with unit_of_work():
        rows.ticket(shop, now, hands=shop.users.agent)
        special = rows.ticket(shop, now, due_in=HOUR, type="lost_parcel").number
        plain = rows.ticket(shop, now, due_in=9 * HOUR).number
    assert handed(shop, now) == 1
    assert (hands(special), hands(plain)) == (None, shop.users.agent2.id)


@pytest.mark.parametrize(("have", "active", "lacking"), [(False, True, ["fragile"]), (True, False, None)])
def test_a_skill_that_nobody_has_or_that_is_off_holds_nothing_up(
    shop: World, now: datetime, have: bool, active: bool, lacking: list[str] | None
) -> None:
    people = (shop.users.warehouse,) if not have else (shop.users.agent,)
    skilled("fragile", *people, types=["lost_parcel"], active=active)
    hold(shop.users.agent, presence="away")
    number = waiting(shop, now, type="lost_parcel")[0]
    assert handed(shop, now) == 1
    assert events(number, "ticket.assignee")[0].params["why"].get("lacking") == lacking


def test_a_supervisor_is_handed_something_only_where_nobody_else_works(shop: World, now: datetime) -> None:
    there(now, shop.users.supervisor)
    waiting(shop, now, 9)
    assert handed(shop, now) == 6
    with unit_of_work():
        for one in (shop.users.agent, shop.users.agent2):
            session().delete(session().get_one(Membership, (one.id, shop.queues.customer_service.id)))
    assert handed(shop, now) == 3


def test_who_answers_the_customer_already_gets_the_ticket_back(shop: World, now: datetime) -> None:
    with unit_of_work():
        rows.ticket(shop, now, hands=shop.users.agent2)
    number = waiting(shop, now, owner=shop.users.agent2)[0]
    assert handed(shop, now) == 1
    assert hands(number) == shop.users.agent2.id
    assert events(number, "ticket.assignee")[0].params["why"]["mode"] == "owner"


def test_an_owner_who_is_not_there_is_relieved_so_that_the_customer_has_somebody(shop: World, now: datetime) -> None:
    hold(shop.users.agent, presence="away")
    number = waiting(shop, now, owner=shop.users.agent)[0]
    handed(shop, now)
    assert (hands(number), look(number).owner_id) == (shop.users.agent2.id,) * 2


def test_while_the_owner_is_on_leave_his_stand_in_answers(shop: World, now: datetime) -> None:
    agent, agent2 = shop.users.agent, shop.users.agent2
    with unit_of_work():
        rows.ticket(shop, now, hands=agent2)
        third = user("third", now, queues=[shop.queues.customer_service])
        away = {"starts_at": now - HOUR, "ends_at": now + HOUR, "kind": "leave"}
        add(Absence(user_id=agent.id, stand_in_id=agent2.id, **away))
    there(now, third)
    number = waiting(shop, now, owner=agent)[0]
    handed(shop, now)
    assert (hands(number), look(number).owner_id) == (agent2.id, agent2.id)
    assert events(number, "ticket.assignee")[0].params["why"]["mode"] == "stand_in"


def test_in_a_queue_that_does_not_write_the_owner_stays(shop: World, now: datetime) -> None:
    settings(shop, "warehouse", assignment="round_robin")
    there(now, shop.users.warehouse)
    number = opened(shop, now)
    owner = look(number).owner_id
    assert (hands(number), owner) == (shop.users.warehouse.id, owner_of(shop, number).id)


def test_who_has_solved_one_gets_the_next_at_once(shop: World, now: datetime) -> None:
    settings(shop, capacity=1)
    numbers = [opened(shop, now, type="logistics_stuck") for _ in range(3)]
    assert hands(numbers[2]) is None
    done = numbers[0]
    taker = hands(done)
    resolved(done, actor=shop.actors.agent, now=now + MINUTE, shares={})
    assert hands(numbers[2]) == taker
    assert events(numbers[2], "ticket.assignee")[0].params["why"]["waited_seconds"] == 60


def test_who_gave_his_ticket_away_gets_the_next_and_not_the_same_one(shop: World, now: datetime) -> None:
    settings(shop, capacity=1)
    first, second, third = (opened(shop, now, type="logistics_stuck") for _ in range(3))
    giver = hands(first)
    do(assignment.assign, first, None, version=look(first).version, actor=shop.actors.supervisor, now=now)
    assert (hands(first), hands(third)) == (None, giver)
    resolved(third, actor=shop.actors.agent, now=now, shares={})
    assert hands(first) is None  # he had it: it waits for somebody else
    resolved(second, actor=shop.actors.agent, now=now, shares={})
    assert hands(first) not in {None, giver}


def test_one_who_is_alone_gets_back_what_he_had(shop: World, now: datetime) -> None:
    number = opened(shop, now, type="logistics_stuck")
    keeper = hands(number)
    with unit_of_work():
        for one in session().scalars(select(Membership).where(Membership.user_id != keeper)):
            session().delete(one)
    do(assignment.assign, number, None, version=look(number).version, actor=shop.actors.ops, now=now)
    handed(shop, now)
    assert hands(number) == keeper


def test_of_two_hand_outs_that_see_the_same_ticket_one_wins(
    shop: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look says it waits; the row, asked again under its lock, decides."""
    number = waiting(shop, now)[0]
    looked = dispatch._waiting

    def too_early(queue_id: int, but: int | None) -> list[dispatch.Waiting]:
        found = looked(queue_id, but)
        assert [one.ticket_id for one in found] == [look(number).id]
        elsewhere = update(Stint).where(Stint.ticket_id == found[0].ticket_id).values(assignee_id=shop.users.agent2.id)
        session().execute(elsewhere.execution_options(synchronize_session=False))
        return found

    monkeypatch.setattr(dispatch, "_waiting", too_early)
    assert handed(shop, now) == 0
    assert (hands(number), look(number).version) == (shop.users.agent2.id, 1)
    assert notices("ticket.assigned") == []


@contextmanager
def locked_elsewhere(row: type[Queue] | type[Ticket], id: int) -> Iterator[None]:
    """Another process is changing the row."""
    if not is_postgresql():
        pytest.skip("SQLite has one writer at a time")
    session().rollback()
    with db.engine.connect() as other, other.begin():
        other.execute(select(row.id).where(row.id == id).with_for_update(key_share=True))
        yield


def test_a_queue_that_another_process_hands_out_is_left_to_it(shop: World, now: datetime) -> None:
    number = waiting(shop, now)[0]
    with locked_elsewhere(Queue, shop.queues.customer_service.id):
        assert handed(shop, now) == 0
        assert opened(shop, now, type="logistics_stuck")  # and nobody waits for it
    assert handed(shop, now) == 2
    assert hands(number) is not None


def test_a_ticket_that_somebody_works_on_right_now_is_left_alone(shop: World, now: datetime) -> None:
    first, second = waiting(shop, now, 2)
    with locked_elsewhere(Ticket, look(second).id):
        assert handed(shop, now) == 1
    assert (hands(first) is not None, hands(second)) == (True, None)


def test_a_ticket_that_was_solved_meanwhile_is_handed_to_nobody(
    shop: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = waiting(shop, now)[0]
    looked = dispatch._waiting

    def too_early(queue_id: int, but: int | None) -> list[dispatch.Waiting]:
        found = looked(queue_id, but)
        with_end = tickets.load(number, shop.actors.system)
        tickets.change(
            with_end, tickets.Change(status=Status.RESOLVED), expected=None, actor=shop.actors.agent, now=now
        )
        return found

    monkeypatch.setattr(dispatch, "_waiting", too_early)
    assert handed(shop, now) == 0


def test_an_import_waits_until_all_of_it_is_there(shop: World, now: datetime) -> None:
    brings = shop.actors.system
    number = opened(shop, now, type="logistics_stuck", actor=type(brings)(brings.id, Role.SYSTEM, source="import"))
    assert hands(number) is None
    assert handed(shop, now) == 1


def test_questions_are_handed_out_like_tickets_by_their_own_deadline(shop: World, now: datetime) -> None:
    settings(shop, "warehouse", assignment="least_load", capacity=1)
    with unit_of_work():
        late, soon = (rows.ticket(shop, now, hands=shop.users.agent) for _ in range(2))
        rows.assist(shop, late, shop.queues.warehouse, now, due_in=3 * HOUR, question="发出了吗")
        first = rows.assist(shop, soon, shop.queues.warehouse, now, due_in=HOUR, question="哪个尺码").id
    there(now, shop.users.warehouse)
    assert handed(shop, now, "warehouse") == 1
    assert session().get_one(Stint, first).assignee_id == shop.users.warehouse.id
    assert look(soon.number).version == 1
    told = events(soon.number, "assist.assigned")[0].params
    assert (told["from"], told["to"], told["why"]["mode"]) == (None, shop.users.warehouse.id, "least_load")
    notice = notices("ticket.assigned")[0]
    assert notice["params"]["assist"] == first


def test_a_question_finds_somebody_as_soon_as_it_is_asked(shop: World, now: datetime) -> None:
    settings(shop, "warehouse", assignment="round_robin")
    there(now, shop.users.warehouse)
    number = opened(shop, now, type="logistics_stuck")
    id = do(
        assists.ask_for_help,
        number,
        "warehouse",
        party=None,
        question="发出了吗",
        version=look(number).version,
        actor=shop.actors.agent,
        now=now,
    )
    assert session().get_one(Stint, id).assignee_id == shop.users.warehouse.id


def test_three_statements_find_out_that_nobody_can_take_more(
    shop: World, now: datetime, statements: Statements
) -> None:
    settings(shop, capacity=1)
    waiting(shop, now, 20)
    handed(shop, now)
    with statements() as seen:
        assert handed(shop, now) == 0
    assert len(seen) <= 3


def test_only_queues_that_hand_out_and_have_something_waiting_are_in_need(shop: World, now: datetime) -> None:
    assert dispatch.queues_in_need() == []
    waiting(shop, now)
    with unit_of_work():
        rows.ticket(shop, now, queue=shop.queues.warehouse)
    assert dispatch.queues_in_need() == [shop.queues.customer_service.id]
