"""Stages fire once: early, late, twice or together."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from helpdesk.domain.tickets import Status
from helpdesk.models import ClockRow, ClockStage, Event, Outbox, Ticket
from helpdesk.services import intake, sla, tickets
from helpdesk.services.intake import TicketRequest
from helpdesk.services.tickets import Change
from helpdesk.storage import session, unit_of_work
from tests.conftest import Statements
from tests.factories import World

PARCEL_STUCK = "物流三天没有更新了，快递一直不动"


@pytest.fixture
def ticket_id(world: World, now: datetime) -> int:
    """A logistics ticket at 10:00: first response in 30 minutes, solution in 4 h, its queue's clock 2 h."""
    return open_ticket(world, now, "a")


def open_ticket(world: World, now: datetime, external_id: str, order_number: str = "") -> int:
    request = TicketRequest(
        text=PARCEL_STUCK,
        source=f"form:{world.shop.id}:{world.channels.tmall.id}",
        external_id=external_id,
        shop_id=world.shop.id,
        channel_id=world.channels.tmall.id,
        order_number=order_number,
        type="logistics_stuck",
    )
    with unit_of_work():
        return intake.open_ticket(request, actor=world.actors.agent, now=now).ticket_id


def sweep(world: World, now: datetime, limit: int = sla.BATCH) -> int:
    with unit_of_work():
        return sla.sweep(world.actors.system, now, limit)


def fired() -> list[str]:
    """Codes of the stages that fired aloud, in the order in which their events were written."""
    events = session().scalars(select(Event).where(Event.code == "sla.stage").order_by(Event.id))
    return [f"{event.params['clock']}:{event.params['stage']}" for event in events]


def ticket(ticket_id: int) -> Ticket:
    return session().get_one(Ticket, ticket_id, populate_existing=True)


def test_a_stage_fires_after_its_last_instant_and_not_on_it(ticket_id: int, world: World, now: datetime) -> None:
    assert sweep(world, now + timedelta(minutes=15)) == 0
    assert sweep(world, now + timedelta(minutes=15, seconds=1)) == 1
    assert fired() == ["first_response:half"]


def test_a_sweep_run_twice_fires_nothing_twice(ticket_id: int, world: World, now: datetime) -> None:
    later = now + timedelta(minutes=31)
    assert sweep(world, later) == 3
    assert sweep(world, later) == 0
    assert len(fired()) == 3


def test_after_a_day_of_downtime_everything_fires_once_in_the_order_it_was_due(
    ticket_id: int, world: World, now: datetime
) -> None:
    later = now + timedelta(hours=26)
    assert sweep(world, later) == 12
    assert sweep(world, later) == 0
    events = session().scalars(select(Event).where(Event.code == "sla.stage").order_by(Event.id))
    dues = [event.params["due_at"] for event in events]
    assert dues == sorted(dues)
    assert len(set(fired())) == 12


def test_two_sweeps_see_the_same_due_stage_and_one_fires_it(ticket_id: int, world: World, now: datetime) -> None:
    """The second one's look is stale by the time it acts; its update finds nothing left to do."""
    later = now + timedelta(minutes=16)
    with unit_of_work():
        seen_by_one = sla.due_stages(later)
    with unit_of_work():
        seen_by_two = sla.due_stages(later)
    assert seen_by_one == seen_by_two
    assert len(seen_by_one) == 1
    with unit_of_work():
        assert len(sla.fire(seen_by_one, world.actors.system, later)) == 1
    with unit_of_work():
        assert sla.fire(seen_by_two, world.actors.system, later) == []
    assert fired() == ["first_response:half"]
    assert session().execute(select(func.count()).select_from(Outbox)).scalar_one() == 1


def test_a_stage_that_moved_into_the_future_since_the_look_does_not_fire(
    ticket_id: int, world: World, now: datetime
) -> None:
    later = now + timedelta(minutes=16)
    with unit_of_work():
        seen = sla.due_stages(later)
    with unit_of_work():
        session().execute(update(ClockStage).where(ClockStage.id.in_(seen)).values(due_at=later + timedelta(hours=1)))
    with unit_of_work():
        assert sla.fire(seen, world.actors.system, later) == []


def test_batches_take_the_oldest_first(ticket_id: int, world: World, now: datetime) -> None:
    later = now + timedelta(hours=26)
    assert [sweep(world, later, limit=5) for _ in range(4)] == [5, 5, 2, 0]
    assert fired()[0] == "first_response:half"


def test_urgency_rises_with_the_stages_and_never_falls(ticket_id: int, world: World, now: datetime) -> None:
    seen = []
    for minutes in (16, 23, 31, 46):
        sweep(world, now + timedelta(minutes=minutes))
        seen.append(ticket(ticket_id).urgency)
    assert seen == [0, 1, 2, 3]
    sweep(world, now + timedelta(hours=2, seconds=1))  # the solution clock's half says 0
    assert ticket(ticket_id).urgency == 3


def test_a_stage_never_touches_the_version(ticket_id: int, world: World, now: datetime) -> None:
    before = ticket(ticket_id).version
    sweep(world, now + timedelta(hours=26))
    assert ticket(ticket_id).version == before


def test_each_stage_leaves_one_notice_with_who_is_to_hear_of_it(ticket_id: int, world: World, now: datetime) -> None:
    sweep(world, now + timedelta(minutes=31))
    notices = session().scalars(select(Outbox).order_by(Outbox.id)).all()
    assert [notice.payload["params"]["stage"] for notice in notices] == ["half", "warning", "breach"]
    assert notices[2].payload["notify"] == ["assignee", "owner", "supervisor"]
    assert {(notice.kind, notice.state, notice.ticket_id) for notice in notices} == {("notice", "waiting", ticket_id)}


def test_a_paused_clock_fires_nothing(ticket_id: int, world: World, now: datetime) -> None:
    with unit_of_work():
        row = session().get_one(Ticket, ticket_id)
        tickets.change(row, Change(status=Status.PENDING_CUSTOMER), expected=None, actor=world.actors.agent, now=now)
    sweep(world, now + timedelta(hours=26))
    assert not [code for code in fired() if code.startswith("solution")]


def test_a_doubled_sweep_that_saw_the_same_leaves_one_event_and_one_notice_each(
    ticket_id: int, world: World, now: datetime
) -> None:
    """Both looked before either acted; the second one's update finds what is left: nothing."""
    later = now + timedelta(hours=26)
    with unit_of_work():
        seen = sla.due_stages(later)
    assert len(seen) == 12
    for expected in (12, 0):
        with unit_of_work():
            assert len(sla.fire(seen, world.actors.system, later)) == expected
    assert len(fired()) == len(set(fired())) == 12
    keys = session().scalars(select(Outbox.key)).all()
    assert len(keys) == len(set(keys)) == 12


def test_a_sweep_of_many_takes_as_many_statements_as_of_one(
    ticket_id: int, world: World, now: datetime, statements: Statements
) -> None:
    for n in range(8):
        open_ticket(world, now, f"more {n}")
    with unit_of_work():
        seen = sla.due_stages(now + timedelta(hours=26))
    counts = []
    for chosen in (seen[:4], seen[4:]):
        with unit_of_work(), statements() as sent:
            sla.fire(chosen, world.actors.system, now + timedelta(hours=26))
        counts.append(len(sent))
    assert len(seen) == 9 * 12
    assert max(counts) <= 9


def test_what_a_stopped_clock_had_passed_is_recorded_but_alarms_nobody(
    ticket_id: int, world: World, now: datetime
) -> None:
    """The sweep was down while the promise was broken and then kept, late: the record stays complete."""
    with unit_of_work():
        session().execute(update(ClockRow).values(met_at=now + timedelta(hours=25)))
    assert sweep(world, now + timedelta(hours=26)) == 12
    assert ticket(ticket_id).urgency == 0
    assert session().execute(select(func.count()).select_from(Outbox)).scalar_one() == 0
