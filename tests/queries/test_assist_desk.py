from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.models import Event, Note, OrderLine, Parcel, Stint
from helpdesk.queries import assist_desk, ticket_counts
from helpdesk.queries.assist_desk import Desk, Line, Sent
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Statements
from tests.factories import World, add
from tests.tickets import HOUR


def desk(world: World, now: datetime, who: str = "warehouse", queue: str = "") -> Desk:
    return assist_desk.desk(getattr(world.actors, who), now, now - 10 * HOUR, queue=queue)


def asked(
    world: World, now: datetime, *, queue: str = "warehouse", question: str = "发出了吗", **ticket: object
) -> Stint:
    """A ticket of customer service asks a queue; due in an hour."""
    row = tickets.ticket(world, now, **ticket)  # type: ignore[arg-type]
    stint = tickets.assist(world, row, getattr(world.queues, queue), now, due_in=HOUR, question=question)
    stint.asked_by_id = world.users.agent.id
    return stint


def answered(stint: Stint, world: World, at: datetime, text: str) -> None:
    note = Note(ticket_id=stint.ticket_id, text=text, author_id=world.users.warehouse.id, created_at=at)
    add(note)
    stint.answer_note_id, stint.left_at = note.id, at
    add(
        Event(
            ticket_id=stint.ticket_id,
            at=at,
            actor_id=world.users.warehouse.id,
            source="page",
            code="assist.answered",
            params={},
            reason_note_id=note.id,
        )
    )


def test_a_queues_people_see_what_it_is_asked_the_earliest_deadline_first(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        tickets.assist(world, row, world.queues.warehouse, now, due_in=3 * HOUR, question="后来")
        other = tickets.ticket(world, now)
        tickets.assist(world, other, world.queues.warehouse, now, due_in=-HOUR, question="先来")
        asked(world, now, queue="finance")
    found = desk(world, now)
    assert [(one.text, one.clock.level if one.clock else "") for one in found.questions] == [
        ("先来", "over"),
        ("后来", "ok"),
    ]
    assert found.total == 2
    assert [one.queue_code for one in desk(world, now, "finance").questions] == ["finance"]
    assert desk(world, now, "agent").questions == ()
    assert desk(world, now, "outsider").total == 0


def test_who_reads_everything_sees_every_queues_questions_and_answers_none(world: World, now: datetime) -> None:
    with unit_of_work():
        asked(world, now)
        asked(world, now, queue="finance")
    found = desk(world, now, "auditor")
    assert [one.answerable for one in found.questions] == [False, False]
    assert [one.queue_code for one in desk(world, now, "ops", queue="finance").questions] == ["finance"]
    assert [one.answerable for one in desk(world, now).questions] == [True]


def test_a_question_comes_with_what_is_needed_of_the_order(world: World, now: datetime) -> None:
    with unit_of_work():
        order = tickets.order(world, now)
        add(
            OrderLine(order_id=order.id, position=2, name="杯垫", quantity=1),
            OrderLine(order_id=order.id, position=1, name="马克杯", sku="MUG-01", spec="蓝", quantity=2),
            Parcel(order_id=order.id, carrier="中通", tracking_number="ZT1001", shipped_at=now),
        )
        asked(world, now, order_id=order.id)
        asked(world, now)
    first, second = sorted(desk(world, now).questions, key=lambda one: one.stint_id)
    assert first.order is not None
    assert first.order.lines == (Line("马克杯", "MUG-01", "蓝", 2), Line("杯垫", "", "", 1))
    assert first.order.parcels == (Sent("中通", "ZT1001", now),)
    assert (first.order.number, first.order.known, first.order.status) == ("20261122001", True, "shipped")
    assert second.order is None
    assert (first.asked_by, first.asked_at, first.hands, first.mine) == ("林晓", now, None, False)


def test_who_took_a_question_stands_beside_it(world: World, now: datetime) -> None:
    with unit_of_work():
        asked(world, now).assignee_id = world.users.warehouse.id
    assert [(one.hands, one.mine) for one in desk(world, now).questions] == [("赵仓", True)]
    assert [one.mine for one in desk(world, now, "auditor").questions] == [False]


def test_todays_answers_stand_below_the_newest_first(world: World, now: datetime) -> None:
    with unit_of_work():
        answered(asked(world, now, question="一"), world, now - 2 * HOUR, "发了")
        answered(asked(world, now, question="二"), world, now - HOUR, "没发")
        answered(asked(world, now, question="三"), world, now - 11 * HOUR, "昨天的")
        answered(asked(world, now, question="四", queue="finance"), world, now, "别人的")
    found = desk(world, now)
    assert [(one.question, one.answer, one.by) for one in found.answered] == [
        ("二", "没发", "赵仓"),
        ("一", "发了", "赵仓"),
    ]
    assert found.questions == ()
    assert len(desk(world, now, "auditor").answered) == 3


def test_the_menu_counts_the_questions_to_ones_own_queues(world: World, now: datetime) -> None:
    with unit_of_work():
        asked(world, now)
        asked(world, now)
        answered(asked(world, now), world, now, "发了")
    for who, count in (("warehouse", 2), ("finance", 0), ("agent", 0), ("auditor", 0)):
        assert ticket_counts.nav(getattr(world.actors, who), now).assists_count == count


def test_a_long_desk_shows_its_first_page_and_the_whole_count(
    world: World, now: datetime, statements: Statements
) -> None:
    with unit_of_work():
        for n in range(assist_desk.PAGE + 2):
            asked(world, now + timedelta(minutes=n), order_id=tickets.order(world, now, f"N{n}").id)
    with statements() as seen:
        found = desk(world, now)
    assert (len(found.questions), found.total) == (assist_desk.PAGE, assist_desk.PAGE + 2)
    assert len(seen) <= 5
