"""Upstream improvements: who writes which, limits, steps and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.improvements import State
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Event, Improvement
from helpdesk.services import improvements
from helpdesk.services.improvements import Draft
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do

TODAY = date(2026, 11, 2)
DRAFT = Draft("wrong_item", "华东仓出库双人复核", 40, cut="warehouse", value="华东仓")


def created(world: World, now: datetime, draft: Draft = DRAFT, **more: Any) -> int:
    usual: dict[str, Any] = {"key": "form:1", "actor": world.actors.ops, "today": TODAY, "now": now}
    return do(improvements.create, draft, **(usual | more))


def moved(world: World, now: datetime, id: int, *states: State, **more: Any) -> None:
    usual: dict[str, Any] = {"actor": world.actors.ops, "today": TODAY, "now": now}
    for state in states:
        do(improvements.move, id, stored(id).version, state, **(usual | more))


def edited(world: World, now: datetime, id: int, draft: Draft, version: int | None = None, **more: Any) -> None:
    usual: dict[str, Any] = {"actor": world.actors.ops, "today": TODAY, "now": now}
    do(improvements.edit, id, version or stored(id).version, draft, **(usual | more))


def stored(id: int) -> Improvement:
    return session().get_one(Improvement, id)


def told() -> list[str]:
    return list(session().scalars(select(Event.code).where(Event.code.startswith("improvement.")).order_by(Event.id)))


def test_an_idea_begins_with_what_was_written(world: World, now: datetime) -> None:
    row = stored(created(world, now, replace(DRAFT, title="  双人复核 ")))
    assert (row.title, row.state, row.version, row.value) == ("双人复核", "idea", 1, "华东仓")
    event = session().scalars(select(Event).where(Event.code == "improvement.created")).one()
    assert event.ticket_id is None
    assert event.params == {"improvement": row.id, "title": row.title, "type": "wrong_item"}


def test_the_same_press_of_the_button_makes_one(world: World, now: datetime) -> None:
    first = created(world, now)
    assert created(world, now, replace(DRAFT, title="又一次")) == first
    assert told() == ["improvement.created"]
    with pytest.raises(Conflict, match=r"improvement\.saved_already"):
        created(world, now, replace(DRAFT, value="华南仓"))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"type": "nothing"}, "improvement.unknown_type"),
        ({"title": "  "}, "improvement.bad_title"),
        ({"title": "长" * 121}, "improvement.bad_title"),
        ({"title": "两\n行"}, "improvement.bad_title"),
        ({"bottleneck": "长" * 501}, "improvement.bad_text"),
        ({"direction": "长" * 501}, "improvement.bad_text"),
        ({"value": ""}, "improvement.bad_value"),
        ({"cut": ""}, "improvement.bad_value"),
        ({"cut": "agent"}, "improvement.bad_value"),
        ({"cut": "channel", "value": "天猫"}, "improvement.bad_value"),
        ({"value": "长" * 81}, "improvement.bad_value"),
        ({"measure": "luck"}, "input.bad_value"),
        ({"expected_percent": 0}, "improvement.bad_expected"),
        ({"expected_percent": 101}, "improvement.bad_expected"),
        ({"started_on": TODAY + timedelta(days=401)}, "improvement.bad_day"),
        ({"owner_id": 10**9}, "improvement.bad_owner"),
    ],
)
def test_what_is_over_a_limit_is_refused(world: World, now: datetime, changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        created(world, now, replace(DRAFT, **changed))
    assert told() == []


@pytest.mark.parametrize("key", ["", "k" * 121])
def test_a_key_that_no_form_has_is_refused(world: World, now: datetime, key: str) -> None:
    with pytest.raises(Invalid, match=r"input\.bad_value"):
        created(world, now, key=key)


def test_there_are_no_more_than_fit_on_a_board(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(improvements, "MOST_ITEMS", 1)
    created(world, now)
    with pytest.raises(Conflict, match=r"improvement\.too_many"):
        created(world, now, key="form:2")


def test_a_supervisor_writes_the_types_of_his_queues_alone(world: World, now: datetime) -> None:
    by = {"actor": world.actors.supervisor}
    mine = created(world, now, Draft("logistics_stuck", "换承运商", 20), **by)
    others = created(world, now, key="form:2")
    with pytest.raises(NotAllowed, match=r"improvement\.not_yours"):
        created(world, now, key="form:3", **by)
    with pytest.raises(NotAllowed, match=r"improvement\.not_yours"):
        moved(world, now, others, State.PLANNED, **by)
    with pytest.raises(NotAllowed, match=r"improvement\.not_yours"):
        edited(world, now, mine, DRAFT, **by)


def test_who_manages_none_writes_none(world: World, now: datetime) -> None:
    for actor in (world.actors.agent, world.actors.finance, world.actors.auditor):
        with pytest.raises(NotAllowed, match=r"access\.denied"):
            created(world, now, actor=actor)


def test_an_edit_is_told_once_and_not_where_nothing_differs(world: World, now: datetime) -> None:
    id = created(world, now)
    edited(world, now, id, replace(DRAFT, expected_percent=50, owner_id=world.users.agent.id))
    edited(world, now, id, replace(DRAFT, expected_percent=50, owner_id=world.users.agent.id))
    event = session().scalars(select(Event).where(Event.code == "improvement.changed")).one()
    assert event.params["fields"] == ["expected_percent", "owner_id"]
    assert stored(id).version == 2


def test_what_was_made_on_an_older_version_is_refused(world: World, now: datetime) -> None:
    id = created(world, now)
    moved(world, now, id, State.PLANNED)
    with pytest.raises(Stale, match=r"improvement\.stale"):
        edited(world, now, id, DRAFT, version=1)


def test_what_does_not_exist_is_not_found(world: World, now: datetime) -> None:
    with pytest.raises(NotFound, match=r"improvement\.not_found"):
        edited(world, now, 10**6, DRAFT, version=1)


def test_it_begins_and_ends_today_and_every_step_can_be_taken_back(world: World, now: datetime) -> None:
    id = created(world, now)
    moved(world, now, id, State.PLANNED, State.RUNNING)
    assert stored(id).started_on == TODAY
    moved(world, now, id, State.DONE)
    assert (stored(id).state, stored(id).ended_on) == ("done", TODAY)
    moved(world, now, id, State.RUNNING)
    assert (stored(id).state, stored(id).ended_on) == ("running", None)
    moved(world, now, id, State.DROPPED, State.IDEA)
    assert stored(id).ended_on is None
    names = ("created", "planned", "started", "finished", "started", "dropped", "reopened")
    assert told() == [f"improvement.{name}" for name in names]


def test_a_day_that_has_come_stays_and_one_to_come_is_today(world: World, now: datetime) -> None:
    past, future = TODAY - timedelta(days=40), TODAY + timedelta(days=9)
    early = created(world, now, replace(DRAFT, started_on=past))
    late = created(world, now, replace(DRAFT, started_on=future), key="form:2")
    for id in (early, late):
        moved(world, now, id, State.RUNNING)
    assert (stored(early).started_on, stored(late).started_on) == (past, TODAY)


def test_a_step_that_there_is_not_is_refused(world: World, now: datetime) -> None:
    id = created(world, now)
    with pytest.raises(Conflict, match=r"improvement\.no_such_step"):
        moved(world, now, id, State.DONE)


@pytest.mark.parametrize("day", [None, TODAY + timedelta(days=1)])
def test_what_has_begun_has_begun_on_a_day(world: World, now: datetime, day: date | None) -> None:
    id = created(world, now)
    moved(world, now, id, State.RUNNING)
    with pytest.raises(Invalid, match=r"improvement\.begun_already"):
        edited(world, now, id, replace(DRAFT, started_on=day))
