"""A deed on many tickets: looked at before, done row by row, taken back."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.bulk import Deed, Kind
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.tickets import Priority, Status
from helpdesk.models import BulkRow, BulkRun, ClockRow, Event, Note, Operation, Stint, Ticket, TicketTag
from helpdesk.queries.bulk_runs import bulk_lines, bulk_run
from helpdesk.services import bulk_runs, priorities, tags
from helpdesk.services import tickets as ticket_services
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Statements
from tests.factories import World
from tests.services.story import do, events, look, opened

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def make(world: World, now: datetime, count: int = 3, **more: Any) -> list[int]:
    """Tickets of customer service in the hands of its first agent, by id."""
    with unit_of_work():
        values = {"owner": world.users.agent, "hands": world.users.agent} | more
        return [tickets.ticket(world, now, **values).id for _ in range(count)]


def planned(ids: list[int], deed: Deed, actor: Actor, now: datetime) -> int:
    run_id = do(bulk_runs.choose, ids, chosen={}, actor=actor, now=now)
    do(bulk_runs.plan, run_id, deed, version=1, actor=actor)
    return run_id


def work(run_id: int, actor: Actor, now: datetime) -> int:
    """To its end; how many rows."""
    worked = 0
    while rows := do(bulk_runs.work, run_id, actor=actor, now=now):
        worked += rows
    return worked


def done(ids: list[int], deed: Deed, actor: Actor, now: datetime) -> int:
    run_id = planned(ids, deed, actor, now)
    do(bulk_runs.start, run_id, version=2, actor=actor, now=now)
    work(run_id, actor, now)
    return run_id


def counts(run_id: int, actor: Actor) -> dict[str, int]:
    session().rollback()
    return dict(bulk_run(run_id, actor).counts)


def codes(run_id: int) -> list[str | None]:
    session().rollback()
    return [line.code for line in bulk_lines(run_id)]


def columns(ids: list[int]) -> list[tuple[Any, ...]]:
    """What people see of these tickets."""
    session().rollback()
    found = []
    for ticket_id in ids:
        one = session().get_one(Ticket, ticket_id)
        stay = session().execute(
            select(Stint.queue_id, Stint.assignee_id).where(
                Stint.ticket_id == ticket_id, Stint.kind == "stay", Stint.left_at.is_(None)
            )
        )
        tagged = session().scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id)).all()
        whose = one.queue_id, one.owner_id, [tuple(row) for row in stay]
        found.append((one.status, one.pending_on, one.type, one.priority, one.outcome, *whose, sorted(tagged)))
    return found


def test_a_plan_counts_what_would_change_and_changes_nothing(world: World, now: datetime) -> None:
    boss = world.actors.supervisor
    mine, urgent = make(world, now), make(world, now, priority="P1")
    ended = make(world, now, 2, status="closed")
    foreign = make(world, now, 1, queue=world.queues.warehouse, owner=world.users.supervisor)
    before = columns([*mine, *urgent, *ended, *foreign])
    run_id = planned([*mine, *urgent, *ended, *foreign], Deed(Kind.PRIORITY, "P1"), boss, now)
    assert counts(run_id, boss) == {"waiting": 4, "unchanged": 3, "refused": 2}
    assert Counter(codes(run_id)) == {None: 7, "ticket.not_active": 2}
    assert columns([*mine, *urgent, *ended, *foreign]) == before


def test_what_was_planned_is_done_once_and_events_carry_the_run(world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now, 23)
    run_id = done(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    assert counts(run_id, boss) == {"done": 23}
    assert bulk_run(run_id, boss).state == "done"
    changed = session().scalars(select(Event).where(Event.code == "ticket.priority")).all()
    assert Counter(event.source for event in changed) == {f"bulk:{run_id}": 23}
    assert work(run_id, boss, now) == 0
    with pytest.raises(Conflict):
        do(bulk_runs.start, run_id, version=2, actor=boss, now=now)


def test_what_moved_since_the_plan_is_told_and_not_overwritten(world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now)
    run_id = planned(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    moved = session().get_one(Ticket, ids[1]).number
    do(priorities.set_priority, moved, Priority.P3, version=1, actor=world.actors.agent, now=now)
    do(bulk_runs.start, run_id, version=2, actor=boss, now=now)
    work(run_id, boss, now)
    assert codes(run_id) == [None, "ticket.stale", None]
    assert [row[3] for row in columns(ids)] == ["P1", "P3", "P1"]


def test_only_what_was_looked_at_is_started(world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now)
    run_id = planned(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    do(bulk_runs.plan, run_id, Deed(Kind.PRIORITY, "P3"), version=2, actor=boss)
    with pytest.raises(Stale):
        do(bulk_runs.start, run_id, version=2, actor=boss, now=now)
    with pytest.raises(NotFound):
        do(bulk_runs.start, run_id, version=3, actor=world.actors.agent, now=now)
    do(bulk_runs.plan, run_id, Deed(Kind.PRIORITY, "P2"), version=3, actor=boss)
    with pytest.raises(Invalid) as nothing:
        do(bulk_runs.start, run_id, version=4, actor=boss, now=now)
    assert nothing.value.code == "bulk.nothing_to_do"


def test_who_can_do_nothing_chooses_nothing(world: World, now: datetime) -> None:
    ids = make(world, now)
    with pytest.raises(NotAllowed):
        do(bulk_runs.choose, ids, chosen={}, actor=world.actors.auditor, now=now)
    with pytest.raises(Invalid):
        do(bulk_runs.choose, ids, chosen={}, actor=world.actors.outsider, now=now)
    with pytest.raises(Invalid) as many:
        do(bulk_runs.choose, list(range(5_001)), chosen={}, actor=world.actors.agent, now=now)
    assert many.value.code == "bulk.too_many"
    run_id = do(bulk_runs.choose, ids, chosen={}, actor=world.actors.ops, now=now)
    with pytest.raises(NotAllowed):
        do(bulk_runs.plan, run_id, Deed(Kind.PRIORITY, "P1"), version=1, actor=world.actors.ops)


def test_a_stopped_run_leaves_the_rest_alone_and_what_was_done_can_be_taken_back(world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now, 15)
    run_id = planned(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    do(bulk_runs.start, run_id, version=2, actor=boss, now=now)
    do(bulk_runs.work, run_id, actor=boss, now=now)
    do(bulk_runs.cancel, run_id, actor=boss, now=now)
    assert work(run_id, boss, now) == 0
    assert counts(run_id, boss) == {"done": 10, "skipped": 5}
    with pytest.raises(Conflict):
        do(bulk_runs.cancel, run_id, actor=boss, now=now)
    assert do(bulk_runs.undo, run_id, actor=boss, now=now + MINUTE) == 10
    work(run_id, boss, now + MINUTE)
    assert counts(run_id, boss) == {"undone": 10, "skipped": 5}
    assert {row[3] for row in columns(ids)} == {"P2"}


def test_what_moved_since_stays_when_all_is_taken_back(world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now)
    run_id = done(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    moved = session().get_one(Ticket, ids[0])
    do(priorities.set_priority, moved.number, Priority.P3, version=moved.version, actor=world.actors.agent, now=now)
    do(bulk_runs.undo, run_id, actor=boss, now=now + MINUTE)
    work(run_id, boss, now + MINUTE)
    assert counts(run_id, boss) == {"kept": 1, "undone": 2}
    assert codes(run_id) == ["operation.moved_on", None, None]
    assert [row[3] for row in columns(ids)] == ["P3", "P2", "P2"]
    with pytest.raises(Conflict):
        do(bulk_runs.undo, run_id, actor=boss, now=now + MINUTE)


def test_after_a_day_nothing_is_taken_back(world: World, now: datetime) -> None:
    boss = world.actors.supervisor
    run_id = done(make(world, now), Deed(Kind.PRIORITY, "P1"), boss, now)
    with pytest.raises(Conflict) as late:
        do(bulk_runs.undo, run_id, actor=boss, now=now + DAY + MINUTE)
    assert late.value.code == "bulk.undo_too_late"
    assert do(bulk_runs.undo, run_id, actor=boss, now=now + DAY) == 3


def test_a_note_is_written_on_each_and_stays(world: World, now: datetime) -> None:
    agent, ids = world.actors.agent, make(world, now)
    run_id = done(ids, Deed(Kind.NOTE, text="仓库停电，晚一天发"), agent, now)
    assert session().scalars(select(Note.text)).all() == ["仓库停电，晚一天发"] * 3
    do(bulk_runs.undo, run_id, actor=agent, now=now)
    work(run_id, agent, now)
    assert counts(run_id, agent) == {"kept": 3}
    assert set(codes(run_id)) == {"bulk.note_stays"}


def test_a_tag_moved_by_others_stays_as_they_left_it(world: World, now: datetime) -> None:
    agent, ids = world.actors.agent, make(world, now)
    run_id = done(ids, Deed(Kind.TAG, "双十一"), agent, now)
    first = session().get_one(Ticket, ids[0]).number
    do(tags.set_tag, first, "双十一", on=False, version=look(first).version, actor=agent, now=now)
    do(bulk_runs.undo, run_id, actor=agent, now=now)
    work(run_id, agent, now)
    assert counts(run_id, agent) == {"kept": 1, "undone": 2}
    assert session().scalars(select(TicketTag.tag)).all() == []
    assert [event.code for event in events(first)] == ["ticket.tagged", "ticket.untagged"]
    with pytest.raises(Invalid):
        do(tags.set_tag, first, " ", on=True, version=look(first).version, actor=agent, now=now)


def test_a_person_who_left_ends_his_run_where_it_stands(world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now, 12)
    run_id = planned(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    do(bulk_runs.start, run_id, version=2, actor=boss, now=now)
    do(bulk_runs.work, run_id, actor=boss, now=now)
    do(bulk_runs.give_up, run_id, now=now)
    assert counts(run_id, boss) == {"done": 10, "skipped": 2}
    assert bulk_run(run_id, boss).state == "cancelled"


def test_drafts_go_after_a_day_and_runs_after_ninety(world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now)
    planned(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    run_id = done(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    assert do(bulk_runs.remove_old, now + DAY) == 0
    assert do(bulk_runs.remove_old, now + DAY + MINUTE) == 1
    assert session().scalars(select(BulkRun.id)).all() == [run_id]
    assert do(bulk_runs.remove_old, now + 90 * DAY + MINUTE) == 1
    assert session().scalars(select(BulkRow.id)).all() == []


@pytest.mark.parametrize("size", [1, 400])
def test_a_plan_asks_few_statements_however_many_tickets(
    world: World, now: datetime, statements: Statements, size: int
) -> None:
    boss, ids = world.actors.supervisor, make(world, now, size)
    for deed in (Deed(Kind.RESOLVE, "explained"), Deed(Kind.TAG, "a"), Deed(Kind.ASSIGN, str(world.users.agent2.id))):
        run_id = do(bulk_runs.choose, ids, chosen={}, actor=boss, now=now)
        with statements() as seen:
            do(bulk_runs.plan, run_id, deed, version=1, actor=boss)
        assert len(seen) <= 9, seen


def test_four_workers_do_each_ticket_once(app: Flask, world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now, 60)
    run_id = planned(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    do(bulk_runs.start, run_id, version=2, actor=boss, now=now)
    failed: list[Exception] = []
    together = threading.Barrier(4)

    def one() -> None:
        with app.app_context():
            together.wait()
            try:
                work(run_id, boss, now)
            except Exception as error:  # told by the test
                failed.append(error)

    session().rollback()
    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work(run_id, boss, now)
    assert failed == []
    assert counts(run_id, boss) == {"done": 60}
    assert bulk_run(run_id, boss).state == "done"
    told = session().scalars(select(Event.ticket_id).where(Event.code == "ticket.priority")).all()
    assert Counter(told) == Counter(ids)
    assert len(session().scalars(select(Operation.id)).all()) == 60


def test_a_mistake_of_the_program_is_told_and_stops_no_other(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, ids = world.actors.supervisor, make(world, now)
    broken = session().get_one(Ticket, ids[1]).number
    whole = priorities.set_priority

    def set_priority(number: str, *args: Any, **more: Any) -> int:
        operation = whole(number, *args, **more)
        if number == broken:
            raise ZeroDivisionError
        return operation

    monkeypatch.setattr(priorities, "set_priority", set_priority)
    run_id = done(ids, Deed(Kind.PRIORITY, "P1"), boss, now)
    assert codes(run_id) == [None, "bulk.failed", None]
    assert [row[3] for row in columns(ids)] == ["P1", "P2", "P1"]


def test_the_oldest_drafts_make_room(world: World, now: datetime) -> None:
    boss, ids = world.actors.supervisor, make(world, now, 1)
    runs = [planned(ids, Deed(Kind.PRIORITY, "P1"), boss, now) for _ in range(12)]
    assert session().scalars(select(BulkRun.id).order_by(BulkRun.id)).all() == runs[2:]


DEEDS = [
    Deed(Kind.TYPE, "price_dispute"),
    Deed(Kind.TRANSFER, "warehouse", "他们的"),
    Deed(Kind.PRIORITY, "P1"),
    Deed(Kind.TAG, "双十一"),
    Deed(Kind.STATUS, "open"),
]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.kind.value)
def test_clocks_run_after_an_undo_as_they_ran_before(world: World, now: datetime, deed: Deed) -> None:
    numbers = [opened(world, now, type="logistics_stuck") for _ in range(2)]
    boss, ids = world.actors.supervisor, [look(number).id for number in numbers]
    before = running(ids)
    run_id = done(ids, deed, boss, now + MINUTE)
    assert counts(run_id, boss) == {"done": 2}
    do(bulk_runs.undo, run_id, actor=boss, now=now + 2 * MINUTE)
    work(run_id, boss, now + 2 * MINUTE)
    assert counts(run_id, boss) == {"undone": 2}
    assert running(ids) == before


def running(ids: list[int]) -> list[tuple[Any, ...]]:
    """The customers' clocks. A queue's own is not charged with the time that it didn't have the ticket."""
    session().rollback()
    rows = session().scalars(
        select(ClockRow)
        .where(ClockRow.ticket_id.in_(ids), ClockRow.cancelled_at.is_(None), ClockRow.stint_id.is_(None))
        .order_by(ClockRow.id)
    )
    return [
        (row.ticket_id, row.kind, row.cycle, row.target_seconds, row.started_at, row.due_at, row.late_after, row.met_at)
        for row in rows
    ]


def test_a_status_of_many_is_the_same_move_as_by_hand(world: World, now: datetime) -> None:
    agent, ids = world.actors.agent, make(world, now, 2)
    done(ids[:1], Deed(Kind.STATUS, "pending_internal", "问仓库", pending_on="warehouse"), agent, now)
    number = session().get_one(Ticket, ids[1]).number
    do(
        ticket_services.set_status,
        number,
        Status.PENDING_INTERNAL,
        pending_on="warehouse",
        reason="问仓库",
        version=1,
        actor=agent,
        now=now,
    )
    first, second = columns(ids)
    assert first == second
