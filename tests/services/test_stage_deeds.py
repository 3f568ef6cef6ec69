"""Stages that do more than tell: by minutes, with tags, into other hands; one that can't stops no other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Conflict
from helpdesk.domain.tickets import Priority
from helpdesk.models import Event, Outbox, Stint, TicketTag
from helpdesk.services import assignment, assists, decisions, dispatch, priorities, rulebooks, sla
from helpdesk.storage import session, unit_of_work
from tests.factories import World, open_session
from tests.services.story import clock, do, events, look, opened, queue_clocks, stages

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def publish(world: World, now: datetime, section: str, value: Any, version: int = 1) -> None:
    do(rulebooks.publish_section, section, value, expected_version=version, actor=world.actors.ops, now=now)


def swept(world: World, at: datetime) -> int:
    """Everybody sits at his desk while the job sweeps."""
    with unit_of_work():
        for person in vars(world.users).values():
            open_session(person, at)
    return do(sla.sweep, world.actors.system, at)


def assignee(number: str) -> int | None:
    ticket = look(number)
    stay = select(Stint.assignee_id).where(Stint.ticket_id == ticket.id, Stint.kind == "stay", Stint.left_at.is_(None))
    return session().execute(stay).scalar_one()


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A logistics ticket (4 h, and 2 h of its queue's) in the first agent's hands, under rules of half an hour."""
    publish(
        world,
        now,
        "stages",
        [
            {"code": "soon", "offset_seconds": -1800, "notify": ["queue"], "tag": "快到期"},
            {"code": "late", "offset_seconds": 1800, "notify": ["supervisor"], "reassign": "next"},
        ],
    )
    number = opened(world, now, type="logistics_stuck")
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    return number


def test_a_stage_by_minutes_is_due_so_long_from_the_target(world: World, now: datetime, number: str) -> None:
    due = {code: stage.due_at for code, stage in stages(clock(number, "solution")).items()}
    assert due == {"soon": now + 3.5 * HOUR, "late": now + 4.5 * HOUR}
    # half an hour before the end of the half hour of the first response is no time at all
    assert stages(clock(number, "first_response"))["soon"].due_at is None
    assert stages(clock(number, "first_response"))["late"].due_at == now + HOUR


def test_it_follows_the_target_until_it_fires(world: World, now: datetime, number: str) -> None:
    agent = world.actors.agent
    version = look(number).version
    do(priorities.set_priority, number, Priority.P1, version=version, actor=agent, now=now)
    assert stages(clock(number, "solution"))["soon"].due_at == now + 1.5 * HOUR
    assert swept(world, now + 1.5 * HOUR + MINUTE) > 0
    do(priorities.set_priority, number, Priority.P2, version=look(number).version, actor=agent, now=now + 1.6 * HOUR)
    soon, late = (stages(clock(number, "solution"))[code] for code in ("soon", "late"))
    assert (soon.due_at, soon.fired_at) == (now + 1.5 * HOUR, now + 1.5 * HOUR + MINUTE)
    assert late.due_at == now + 4.5 * HOUR


def test_the_event_and_the_notice_say_minutes(world: World, now: datetime, number: str) -> None:
    swept(world, now + 3.6 * HOUR)
    event = next(e for e in events(number, "sla.stage") if e.params["clock"] == "solution")
    assert {"offset_seconds": -1800, "stage": "soon"}.items() <= event.params.items()
    assert "percent" not in event.params
    row = clock(number, "solution")
    notice = session().scalars(select(Outbox).where(Outbox.key == f"stage:{row.id}:soon")).one()
    assert (notice.payload["notify"], notice.payload["params"]["offset_seconds"]) == (["queue"], -1800)


def test_a_tag_is_put_on_once_however_many_clocks_ask_for_it(world: World, now: datetime, number: str) -> None:
    swept(world, now + 3.6 * HOUR)  # the queue's clock, and the solution's
    assert session().scalars(select(TicketTag.tag).where(TicketTag.ticket_id == look(number).id)).all() == ["快到期"]
    assert [event.params["tag"] for event in events(number, "ticket.tagged")] == ["快到期"]


def test_a_late_ticket_goes_to_somebody_else_and_the_event_says_why(world: World, now: datetime, number: str) -> None:
    before = look(number).version
    swept(world, now + HOUR + MINUTE)  # the first response is half an hour late
    assert (assignee(number), look(number).version) == (world.users.agent2.id, before + 1)
    handed = events(number, "ticket.assignee")[-1]
    assert (handed.params["from"], handed.params["to"]) == (world.users.agent.id, world.users.agent2.id)
    assert {"stage": "late", "clock": "first_response"}.items() <= handed.params["why"].items()
    assert handed.actor_id == world.users.system.id


def test_clocks_that_are_late_together_move_it_once(world: World, now: datetime, number: str) -> None:
    swept(world, now + 5 * HOUR)  # first response, queue and solution are all past their half hour
    moves = [event.params for event in events(number, "ticket.assignee")]
    assert [move["from"] for move in moves] == [None, world.actors.agent.id]
    assert assignee(number) == moves[-1]["to"] != world.actors.agent.id
    assert {event.params["refusal"] for event in events(number, "sla.refused")} == {"handed_since"}


def test_who_got_it_after_the_stage_was_due_keeps_it(world: World, now: datetime, number: str) -> None:
    """The job worker was down when it was due, and a supervisor has handed the ticket on since."""
    version = look(number).version
    other = world.users.agent2.id
    boss = world.actors.supervisor
    do(assignment.assign, number, other, version=version, actor=boss, now=now + 4.8 * HOUR)
    swept(world, now + 4.9 * HOUR)
    assert assignee(number) == other


def test_it_goes_back_into_nobody_s_hands_where_the_rule_says_so(world: World, now: datetime) -> None:
    publish(world, now, "stages", [{"code": "free", "percent": 100, "reassign": "unassign"}])
    number = opened(world, now, type="logistics_stuck")
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    swept(world, now + 31 * MINUTE)
    assert assignee(number) is None


def test_where_nobody_else_could_have_it_the_ticket_stays_and_that_is_recorded(world: World, now: datetime) -> None:
    publish(world, now, "stages", [{"code": "late", "percent": 100, "reassign": "next"}])
    number = opened(world, now)  # the warehouse has one man
    do(assignment.claim, number, actor=world.actors.warehouse, now=now)
    swept(world, now + 31 * MINUTE)
    assert assignee(number) == world.users.warehouse.id
    refused = events(number, "sla.refused")
    assert [event.params["refusal"] for event in refused] == ["nobody_else"]
    assert stages(clock(number, "first_response"))["late"].fired_at is not None


@pytest.mark.parametrize("broken", [Conflict("ticket.stale"), ValueError("a mistake of ours")])
def test_one_that_cannot_be_done_stops_no_other_and_leaves_nothing_half_done(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch, broken: Exception
) -> None:
    publish(world, now, "stages", [{"code": "late", "percent": 100, "reassign": "next", "tag": "慢"}])
    numbers = [opened(world, now, type="logistics_stuck") for _ in range(3)]
    for number in numbers:
        do(assignment.claim, number, actor=world.actors.agent, now=now)
    reassign = dispatch.reassign
    unlucky = look(numbers[1]).id

    def sometimes(ticket: Any, how: str, **kwargs: Any) -> bool:
        done = reassign(ticket, how, **kwargs)
        if ticket.id == unlucky:
            raise broken
        return done

    monkeypatch.setattr(dispatch, "reassign", sometimes)
    assert swept(world, now + 31 * MINUTE) == 3
    people = world.users
    assert [assignee(number) for number in numbers] == [people.agent2.id, people.agent.id, people.agent2.id]
    assert session().scalars(select(TicketTag.ticket_id).where(TicketTag.ticket_id == unlucky)).all() == []
    reason = broken.code if isinstance(broken, Conflict) else "ValueError"
    assert [event.params["refusal"] for event in events(numbers[1], "sla.refused")] == [reason]
    assert len(events(numbers[1], "sla.stage")) == 1
    assert swept(world, now + 32 * MINUTE) == 0


def test_what_a_stopped_clock_had_passed_changes_nothing(world: World, now: datetime, number: str) -> None:
    with unit_of_work() as work:
        row = clock(number, "first_response")
        work.merge(row).met_at = now + 2 * HOUR
    swept(world, now + HOUR + MINUTE)
    assert (assignee(number), events(number, "sla.refused")) == (world.users.agent.id, [])


def test_the_clock_of_a_question_moves_nobody_s_ticket(world: World, now: datetime, number: str) -> None:
    publish(world, now, "stages", [{"code": "late", "percent": 100, "reassign": "next"}], version=2)
    asking = {"party": None, "question": "?", "version": look(number).version, "actor": world.actors.agent, "now": now}
    do(assists.ask_for_help, number, "warehouse", **asking)
    asked = queue_clocks(number)[-1]
    with unit_of_work():
        session().merge(stages(asked)["late"]).due_at = now
    with unit_of_work():
        sla.fire([stages(asked)["late"].id], world.actors.system, now + MINUTE)
    assert assignee(number) == world.users.agent.id
    assert [event.params["refusal"] for event in events(number, "sla.refused")] == ["assist"]


def test_a_transaction_holds_few_deeds_and_the_next_goes_on(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sla, "DEEDS", 2)
    publish(world, now, "stages", [{"code": "late", "percent": 100, "tag": "慢"}])
    for _ in range(5):
        opened(world, now, type="logistics_stuck")
    later = now + 31 * MINUTE
    assert [swept(world, later) for _ in range(4)] == [2, 2, 1, 0]
    assert len(session().scalars(select(TicketTag)).all()) == 5


def test_a_queue_s_own_stages_hold_for_what_it_answers_for(world: World, now: datetime) -> None:
    publish(world, now, "queue_stages", {"warehouse": [{"code": "shelf", "percent": 90}]})
    number = opened(world, now)
    assert set(stages(clock(number, "solution"))) == set(stages(queue_clocks(number)[0])) == {"shelf"}
    assert set(stages(clock(number, "first_response"))) == {"half", "warning", "breach", "overrun"}


def test_another_type_brings_its_queue_s_stages_and_keeps_what_has_fired(world: World, now: datetime) -> None:
    publish(world, now, "queue_stages", {"warehouse": [{"code": "shelf", "percent": 90}]})
    number = opened(world, now, type="logistics_stuck")
    swept(world, now + 2 * HOUR + MINUTE)
    agent = world.actors.agent
    do(decisions.set_type, number, "wrong_item", version=look(number).version, actor=agent, now=now + 2.5 * HOUR)
    found = stages(clock(number, "solution"))
    assert {code: stage.fired_at is not None for code, stage in found.items()} == {"half": True, "shelf": False}
    back = {"version": look(number).version, "actor": world.actors.warehouse, "now": now + 2.6 * HOUR}
    do(decisions.set_type, number, "logistics_stuck", **back)
    found = stages(clock(number, "solution"))
    assert {code for code, stage in found.items() if stage.fired_at is None} == {"warning", "breach", "overrun"}


def test_a_supervisor_gets_it_where_the_rule_says_so(world: World, now: datetime) -> None:
    publish(world, now, "stages", [{"code": "up", "percent": 100, "reassign": "supervisor"}])
    number = opened(world, now, type="logistics_stuck")
    do(assignment.claim, number, actor=world.actors.agent, now=now)
    swept(world, now + 31 * MINUTE)
    assert assignee(number) == world.users.supervisor.id


def test_events_of_many_are_those_of_one(world: World, now: datetime, number: str) -> None:
    """Written past the ORM, a row says the same."""
    swept(world, now + HOUR + MINUTE)
    event = session().scalars(select(Event).where(Event.code == "sla.stage").limit(1)).one()
    assert (event.actor_id, event.source, event.at) == (world.users.system.id, "job", now + HOUR + MINUTE)
    assert (event.reason_note_id, event.operation_id) == (None, None)
