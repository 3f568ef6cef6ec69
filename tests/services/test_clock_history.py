"""Whatever happens to a ticket, its stored clocks are what counting its events anew says."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from helpdesk.domain import clocks as engine
from helpdesk.models import ClockRow, Queue, Stint
from helpdesk.models.calendars import load_calendar
from helpdesk.models.clocks import state_of
from helpdesk.storage import db, session
from tests.factories import World
from tests.services.story import clock, look, stages
from tests.services.walks import Told, Walk, retell, retold

STEPS = 14


@given(dice=st.randoms(use_true_random=False))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_after_any_history_the_stored_clocks_are_what_the_events_say(
    world: World, now: datetime, dice: random.Random
) -> None:
    """Each example is a ticket of its own, in the same shop."""
    walk = Walk(world, now, dice)
    for _ in range(STEPS):
        walk.step()
        check(walk)


@pytest.mark.parametrize("seed", [3, 5, 8, 42])
def test_a_long_history_too(world: World, now: datetime, seed: int) -> None:
    walk = Walk(world, now, random.Random(seed))
    for _ in range(40):
        walk.step()
        check(walk)
    assert len(walk.done) > 5


def check(walk: Walk) -> None:
    db.session.remove()
    check_rows_against_the_engine(walk.number)
    check_solution_against_the_events(walk.number, walk.now)
    check_first_response_and_platforms(walk.number, walk)


def check_rows_against_the_engine(number: str) -> None:
    """Deadlines and stages are those of the row's state; what burns is the least of what runs."""
    ticket = look(number)
    rows = session().scalars(select(ClockRow).where(ClockRow.ticket_id == ticket.id)).all()
    running = []
    for row in rows:
        calendar, state = load_calendar(row.calendar_id, row.calendar_version), state_of(row)
        if row.met_at is None and row.cancelled_at is None:
            assert (row.due_at, row.late_after) == (engine.due_at(state, calendar), engine.late_after(state, calendar))
            due = {s.percent: s.due_at for s in stages(row).values() if s.fired_at is None and s.percent}
            assert due == {percent: engine.stage_due(state, calendar, percent) for percent in due}
            assert (row.breached, row.elapsed_seconds) == (None, None)
            if row.kind != "queue":
                running.append(row.late_after)
        elif row.met_at is not None:
            assert row.elapsed_seconds == engine.elapsed(state, calendar, row.met_at)
            assert row.breached == (row.elapsed_seconds > row.target_seconds)
    assert ticket.burns_at == engine.burns_at(running)
    open_stints = session().scalars(select(Stint).where(Stint.ticket_id == ticket.id, Stint.left_at.is_(None))).all()
    active = ticket.status not in {"resolved", "closed", "merged"}
    assert sum(stint.kind == "stay" for stint in open_stints) == active
    open_queue_clocks = {row.stint_id for row in rows if row.stint_id and not (row.met_at or row.cancelled_at)}
    assert open_queue_clocks == {stint.id for stint in open_stints}
    assert all(stint.queue_id == ticket.queue_id for stint in open_stints if stint.kind == "stay")
    assert all(stint.queue_id != ticket.queue_id for stint in open_stints if stint.kind == "assist")


def check_solution_against_the_events(number: str, now: datetime) -> None:
    """Pauses only while waiting for the customer, stops where events say, one target for all of it."""
    state, cycle, queue = retold(number)
    row = clock(number, "solution", cycle)
    if look(number).status == "merged":
        assert row.met_at is not None or row.cancelled_at is not None
        return
    calendar = load_calendar(row.calendar_id, row.calendar_version)
    assert row.calendar_id == session().execute(select(Queue.calendar_id).where(Queue.code == queue)).scalar_one()
    assert (row.target_seconds, row.met_at) == (state.target_seconds, state.stopped_at)
    stored = state_of(row)
    assert engine.elapsed(stored, calendar, now) == engine.elapsed(state, calendar, now)
    if state.stopped_at is None:
        assert row.due_at == engine.due_at(state, calendar)
        assert row.late_after == engine.late_after(state, calendar)


def check_first_response_and_platforms(number: str, walk: Walk) -> None:
    """What stops them, what takes the stop back, and what the platform demands of the type."""
    ticket = look(number)
    always = load_calendar(walk.world.calendars.always.id, 1)
    retelling = retell(number, always)
    rows = session().scalars(
        select(ClockRow).where(
            ClockRow.ticket_id == ticket.id,
            ClockRow.cycle == ticket.cycle,
            ClockRow.kind.in_(["first_response", "platform"]),
            ClockRow.cancelled_at.is_(None),
        )
    )
    stored = {row.code: row for row in rows}
    told: dict[str, Told] = {"": retelling.first_response, **retelling.platforms}
    assert set(stored) == {code for code, one in told.items() if not one.cancelled}
    for code, row in stored.items():
        state = told[code].state
        assert (row.started_at, row.target_seconds, row.met_at) == (
            state.started_at,
            state.target_seconds,
            state.stopped_at,
        )
        assert engine.elapsed(state_of(row), always, walk.now) == engine.elapsed(state, always, walk.now)
        if state.stopped_at is None:
            assert (row.due_at, row.late_after) == (engine.due_at(state, always), engine.late_after(state, always))
