"""The sweep as a job: twice in a row, after downtime, in more than one batch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk.jobs.sla_tick import sla_tick
from helpdesk.models import ClockRow, ClockStage, Event
from helpdesk.services import outbox, sla
from helpdesk.storage import session, unit_of_work
from tests.conftest import Statements
from tests.factories import World
from tests.tickets import ticket


@pytest.fixture
def stages(world: World, now: datetime) -> int:
    """Twenty-five stages that come due, one each minute from now on."""
    with unit_of_work():
        clock_id = (
            session().execute(select(ClockRow.id).where(ClockRow.ticket_id == ticket(world, now).id)).scalar_one()
        )
        session().add_all(
            ClockStage(clock_id=clock_id, stage_code=f"s{n}", percent=n, due_at=now + timedelta(minutes=n))
            for n in range(1, 26)
        )
    return 25


def events() -> int:
    return session().execute(select(func.count()).select_from(Event).where(Event.code == "sla.stage")).scalar_one()


def test_run_twice_in_a_row_it_fires_each_stage_once(stages: int, now: datetime) -> None:
    later = now + timedelta(minutes=10, seconds=1)
    assert sla_tick(later) == 10
    assert sla_tick(later) == 0
    assert events() == 10


def test_after_26_hours_of_downtime_everything_fires_once_over_many_batches(
    stages: int, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sla.sweep, "__defaults__", (10,))
    later = now + timedelta(hours=26)
    assert sla_tick(later) == stages
    assert sla_tick(later) == 0
    assert events() == stages


def test_a_machine_whose_time_jumped_back_fires_nothing_twice(stages: int, now: datetime) -> None:
    assert sla_tick(now + timedelta(minutes=6)) == 5
    assert sla_tick(now + timedelta(minutes=3)) == 0
    assert sla_tick(now + timedelta(minutes=7)) == 1


def test_when_nothing_is_due_it_only_looks(world: World, now: datetime, statements: Statements) -> None:
    with statements() as seen:
        assert sla_tick(now) == 0
    assert len(seen) == 1


def test_a_crash_between_batches_loses_and_doubles_nothing(
    stages: int, world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now + timedelta(hours=1)
    with unit_of_work():
        assert sla.sweep(world.actors.system, later, limit=10) == 10
    put_all = outbox.put_all

    def crash(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the machine went down")

    monkeypatch.setattr(outbox, "put_all", crash)  # the stages are marked, their events written, nothing stored
    with pytest.raises(RuntimeError, match="went down"):
        sla_tick(later)
    assert events() == 10
    monkeypatch.setattr(outbox, "put_all", put_all)
    assert sla_tick(later) == stages - 10
    assert events() == stages
