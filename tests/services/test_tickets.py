"""The one change: what moves, what it leaves behind, and who is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tickets import MOVES, Outcome, Party, Priority, Status
from helpdesk.models import Ticket, TicketReader
from helpdesk.services import assignment, assists, customers, decisions, messages, priorities, resolution, tickets
from helpdesk.services.messages import Draft
from helpdesk.services.tickets import Change
from helpdesk.storage import savepoint, session, unit_of_work
from tests.factories import World
from tests.services import story
from tests.services.story import do, events, look, opened, owner_of, refused


def changed(number: str, wanted: Change, world: World, now: datetime, expected: int | None = None) -> int:
    with unit_of_work():
        ticket = tickets.load(number, world.actors.system)
        return tickets.change(ticket, wanted, expected=expected, actor=world.actors.system, now=now).version


WAYS: dict[Status, tuple[Status, ...]] = {
    Status.NEW: (),
    Status.OPEN: (Status.OPEN,),
    Status.PENDING_CUSTOMER: (Status.PENDING_CUSTOMER,),
    Status.PENDING_INTERNAL: (Status.PENDING_INTERNAL,),
    Status.PENDING_APPROVAL: (Status.OPEN, Status.PENDING_APPROVAL),
    Status.RESOLVED: (Status.RESOLVED,),
    Status.CLOSED: (Status.RESOLVED, Status.CLOSED),
    Status.MERGED: (Status.MERGED,),
}


@pytest.mark.parametrize("old", WAYS)
def test_the_stored_ticket_moves_as_the_table_says_and_keeps_everything_on_an_illegal_move(
    world: World, now: datetime, old: Status
) -> None:
    number = opened(world, now)
    for step in WAYS[old]:
        changed(number, Change(status=step), world, now)
    for new in Status:
        if new is old:
            continue
        with unit_of_work() as work:
            ticket = tickets.load(number, world.actors.system)
            version = ticket.version
            if new in MOVES[old]:
                tickets.change(ticket, Change(status=new), expected=version, actor=world.actors.system, now=now)
                assert (ticket.status, ticket.version) == (new, version + 1)
            else:
                with pytest.raises(Conflict) as refusal, savepoint():
                    tickets.change(ticket, Change(status=new), expected=version, actor=world.actors.system, now=now)
                assert refusal.value.params == {"old": old, "new": new}
                assert (ticket.status, ticket.version) == (old, version)
            work.rollback()


@pytest.mark.parametrize("end", [(Status.RESOLVED, Status.CLOSED), (Status.MERGED,)])
def test_an_ended_ticket_does_not_change_any_more(world: World, now: datetime, end: tuple[Status, ...]) -> None:
    number = opened(world, now)
    for status in end:
        changed(number, Change(status=status), world, now)
    for wanted in (Change(priority=Priority.P1), Change(owner_id=world.users.agent2.id), Change(type="damaged")):
        with refused(Conflict, "ticket.not_active"):
            changed(number, wanted, world, now)


def test_a_resolved_ticket_keeps_priority_and_type(world: World, now: datetime) -> None:
    number = opened(world, now)
    story.resolved(number, actor=world.actors.warehouse, now=now)
    owner = owner_of(world, number)
    with refused(Conflict, "ticket.not_active"):
        do(priorities.set_priority, number, Priority.P1, version=look(number).version, actor=owner, now=now)
    with refused(Conflict, "ticket.not_active"):
        do(decisions.set_type, number, "damaged", version=look(number).version, actor=owner, now=now)


def test_each_change_bumps_the_version_once_and_is_told_with_from_to_and_version(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    wanted: list[tuple[Change, dict[str, tuple[object, object]]]] = [
        (Change(status=Status.OPEN), {"ticket.status": ("new", "open")}),
        (Change(priority=Priority.P1), {"ticket.priority": ("P2", "P1")}),
        (Change(owner_id=world.users.agent.id), {"ticket.owner": (None, world.users.agent.id)}),
        (
            Change(queue_id=world.queues.finance.id),
            {"ticket.queue": (world.queues.customer_service.id, world.queues.finance.id)},
        ),
        (
            Change(type="wrong_item", tier="manual"),
            {
                "ticket.type": ("logistics_stuck", "wrong_item"),
                "ticket.queue": (world.queues.finance.id, world.queues.warehouse.id),
            },
        ),
        (
            Change(status=Status.RESOLVED, outcome=Outcome.RESENT),
            {"ticket.status": ("open", "resolved"), "ticket.outcome": (None, "resent")},
        ),
    ]
    for version, (change, told) in enumerate(wanted, start=2):
        assert changed(number, change, world, now) == version
        assert look(number).version == version
        new = [event for event in events(number) if event.params.get("version") == version]
        assert {event.code: (event.params["from"], event.params["to"]) for event in new} == told
        assert {(event.actor_id, event.source, event.at) for event in new} == {(world.actors.system.id, "job", now)}


def test_what_changes_nothing_leaves_nothing_behind(world: World, now: datetime) -> None:
    number = opened(world, now)
    before = story.everything()
    changed(number, Change(priority=Priority.P2, type="wrong_item", owner_id=look(number).owner_id), world, now)
    assert story.everything() == before


def test_messages_notes_nudges_and_clocks_leave_the_version_alone(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="T1")
    owner = owner_of(world, number)
    changed(number, Change(status=Status.OPEN), world, now)
    version = look(number).version
    story.replied(number, actor=owner, now=now)
    story.heard(number, actor=owner, now=now + timedelta(minutes=1))
    do(messages.add_note, number, "问过仓库", actor=world.actors.warehouse, now=now)
    assert opened(world, now + timedelta(hours=1), order_number="T1") == number
    do(assists.ask_for_help, number, "finance", party=None, question="能退吗", version=version, actor=owner, now=now)
    assert look(number).version == version


def test_a_write_on_an_old_version_is_refused_and_changes_nothing(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    do(priorities.set_priority, number, Priority.P1, version=1, actor=agent, now=now)
    stale: list[Callable[[], object]] = [
        lambda: priorities.set_priority(number, Priority.P3, version=1, actor=agent, now=now),
        lambda: tickets.set_status(number, Status.PENDING_CUSTOMER, version=1, actor=agent, now=now),
        lambda: decisions.set_type(number, "damaged", version=1, actor=agent, now=now),
        lambda: decisions.confirm_type(number, version=1, actor=agent, now=now),
        lambda: assignment.transfer(number, "finance", reason="查款", version=1, actor=agent, now=now),
        lambda: assignment.assign(number, agent.id, version=1, actor=agent, now=now),
        lambda: assignment.hand_over(number, agent.id, version=1, actor=agent, now=now),
        lambda: assists.ask_for_help(number, "finance", party=None, question="?", version=1, actor=agent, now=now),
        lambda: resolution.resolve(number, outcome=Outcome.EXPLAINED, shares={}, version=1, actor=agent, now=now),
        lambda: messages.reply(
            number, Draft("好的", 99, status_after=Status.PENDING_CUSTOMER), version=1, actor=agent, now=now
        ),
    ]
    for write in stale:
        with refused(Stale, "ticket.stale"):
            do(write)


def test_somebody_else_s_change_between_look_and_write_wins(world: World, now: datetime) -> None:
    number = opened(world, now)
    with refused(Stale, "ticket.stale"), unit_of_work() as work:
        ticket = tickets.load(number, world.actors.system)
        # Another process stored its change after this one had read: the identity map doesn't know.
        elsewhere = update(Ticket).where(Ticket.id == ticket.id).values(version=Ticket.version + 1)
        work.execute(elsewhere.execution_options(synchronize_session=False))
        tickets.change(ticket, Change(priority=Priority.P1), expected=1, actor=world.actors.system, now=now)


def test_the_first_action_takes_a_new_ticket_up(world: World, now: datetime) -> None:
    agent, warehouse = world.actors.agent, world.actors.warehouse
    actions: list[Callable[[str], object]] = [
        lambda n: assignment.claim(n, actor=warehouse, now=now),
        lambda n: priorities.set_priority(n, Priority.P1, version=1, actor=warehouse, now=now),
        lambda n: decisions.set_type(n, "damaged", version=1, actor=warehouse, now=now),
        lambda n: decisions.confirm_type(n, version=1, actor=agent, now=now),
        lambda n: assignment.transfer(n, "finance", reason="查款", version=1, actor=warehouse, now=now),
        lambda n: assignment.assign(n, warehouse.id, version=1, actor=warehouse, now=now),
        lambda n: assists.ask_for_help(n, "finance", party=None, question="?", version=1, actor=warehouse, now=now),
    ]
    for action in actions:
        type_code = "damaged" if action is actions[3] else "wrong_item"
        number = opened(world, now, type=type_code)
        if action is actions[3]:
            with unit_of_work():
                ticket = tickets.load(number, world.actors.system)
                changed_tier = Change(tier="suggest", owner_id=agent.id)
                tickets.change(ticket, changed_tier, expected=None, actor=world.actors.system, now=now)
            with unit_of_work():
                decisions.confirm_type(number, version=2, actor=agent, now=now)
        else:
            do(action, number)
        assert look(number).status == Status.OPEN


def test_waiting_internally_says_for_whom_and_why_and_forgets_it_afterwards(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    do(
        tickets.set_status,
        number,
        Status.PENDING_INTERNAL,
        pending_on="courier",
        reason="等网点回电",
        version=1,
        actor=agent,
        now=now,
    )
    assert (look(number).status, look(number).pending_on) == ("pending_internal", "courier")
    assert events(number, "ticket.status")[-1].reason_note_id is not None
    do(tickets.set_status, number, Status.PENDING_INTERNAL, pending_on="warehouse", version=2, actor=agent, now=now)
    assert (look(number).pending_on, look(number).version) == ("warehouse", 3)
    do(tickets.set_status, number, Status.PENDING_CUSTOMER, pending_on="warehouse", version=3, actor=agent, now=now)
    assert look(number).pending_on is None
    with refused(Invalid, "ticket.unknown_pending_on"):
        do(
            tickets.set_status,
            number,
            Status.PENDING_INTERNAL,
            pending_on="x" * 99,
            version=4,
            actor=agent,
            now=now,
        )


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.MERGED, Status.NEW, Status.PENDING_APPROVAL])
def test_a_new_ticket_can_t_be_set_to_what_only_other_deeds_bring(world: World, now: datetime, status: Status) -> None:
    number = opened(world, now, type="logistics_stuck")
    if status is Status.NEW:
        do(tickets.set_status, number, Status.OPEN, version=1, actor=world.actors.agent, now=now)
    with refused(Conflict, "ticket.illegal_move"):
        do(tickets.set_status, number, status, version=look(number).version, actor=world.actors.agent, now=now)


def test_setting_the_status_of_a_resolved_ticket_is_refused(world: World, now: datetime) -> None:
    number = opened(world, now)
    story.resolved(number, actor=world.actors.warehouse, now=now)
    with refused(Conflict, "ticket.illegal_move"):
        do(tickets.set_status, number, Status.OPEN, version=2, actor=world.actors.warehouse, now=now)


DEEDS: dict[str, Callable[[str, Actor, datetime], object]] = {
    "claim": lambda n, a, t: assignment.claim(n, actor=a, now=t),
    "priority": lambda n, a, t: priorities.set_priority(n, Priority.P1, version=1, actor=a, now=t),
    "status": lambda n, a, t: tickets.set_status(n, Status.OPEN, version=1, actor=a, now=t),
    "type": lambda n, a, t: decisions.set_type(n, "damaged", version=1, actor=a, now=t),
    "confirm": lambda n, a, t: decisions.confirm_type(n, version=1, actor=a, now=t),
    "assist": lambda n, a, t: assists.ask_for_help(n, "finance", party=None, question="?", version=1, actor=a, now=t),
    "resolve": lambda n, a, t: resolution.resolve(
        n, outcome=Outcome.RESENT, shares={Party.WAREHOUSE: 100}, version=1, actor=a, now=t
    ),
    "reply": lambda n, a, t: messages.reply(n, Draft("好的", 99), version=1, actor=a, now=t),
    "note": lambda n, a, t: messages.add_note(n, "备注", actor=a, now=t),
    "customer's message": lambda n, a, t: messages.record_customer_message(n, "在吗", t, actor=a, now=t),
    "reveal": lambda n, a, t: customers.reveal(n, reason="核对地址", actor=a, now=t),
    "transfer": lambda n, a, t: assignment.transfer(n, "finance", reason="查款", version=1, actor=a, now=t),
    "assign": lambda n, a, t: assignment.assign(n, a.id, version=1, actor=a, now=t),
    "hand over": lambda n, a, t: assignment.hand_over(n, a.id, version=1, actor=a, now=t),
}


@pytest.mark.parametrize("name", ["auditor", "admin", "outsider", "warehouse", "other queue's finance"])
def test_nobody_without_the_right_changes_anything(world: World, now: datetime, name: str) -> None:
    """A customer service ticket: others don't see it, or see it and may not touch it."""
    number = opened(world, now, type="logistics_stuck")
    actor = world.actors.finance if name.startswith("other") else getattr(world.actors, name)
    reads_all = actor.role in {Role.AUDITOR, Role.ADMIN, Role.FINANCE}
    before = story.everything()
    for deed in DEEDS.values():
        with pytest.raises(Problem) as caught:
            do(deed, number, actor, now)
        assert isinstance(caught.value, NotAllowed if reads_all else NotFound | NotAllowed)
    assert story.everything() == before


def test_operations_moves_tickets_and_does_not_work_on_them(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    before = story.everything()
    for name, deed in DEEDS.items():
        if name != "transfer":
            with pytest.raises((NotAllowed, Invalid)):
                do(deed, number, world.actors.ops, now)
    assert story.everything() == before
    do(DEEDS["transfer"], number, world.actors.ops, now)
    assert look(number).queue_id == world.queues.finance.id


def test_who_saw_it_once_may_read_it_and_not_touch_it(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent = world.actors.agent
    do(assignment.transfer, number, "warehouse", reason="找货", version=1, actor=agent, now=now)
    stranger = next(a for a in (world.actors.agent, world.actors.agent2) if a.id != look(number).owner_id)
    with unit_of_work():
        ticket = tickets.load(number, world.actors.system)
        tickets.remember_reader(ticket, stranger.id)
    assert do(tickets.load, number, stranger).number == number
    with refused(NotAllowed, "ticket.not_yours"):
        do(priorities.set_priority, number, Priority.P1, version=2, actor=stranger, now=now)


def test_a_note_keeps_its_limits_and_makes_its_writer_a_reader(world: World, now: datetime) -> None:
    number = opened(world, now)
    warehouse = world.actors.warehouse
    for text, code in [
        ("  ", "note.text_required"),
        ("字" * 5001, "input.too_long"),
        ("a\x00b", "input.bad_character"),
    ]:
        with refused(Invalid, code):
            do(messages.add_note, number, text, actor=warehouse, now=now)
    do(messages.add_note, number, " 已核对 ", actor=warehouse, now=now)
    ticket = look(number)
    assert session().get(TicketReader, (ticket.id, warehouse.id)) is not None


def test_who_is_asked_for_help_may_note_and_not_reply(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    agent, warehouse = world.actors.agent, world.actors.warehouse
    do(assists.ask_for_help, number, "warehouse", party=None, question="发出了吗", version=1, actor=agent, now=now)
    do(messages.add_note, number, "昨天已发出", actor=warehouse, now=now)
    with refused(NotAllowed, "ticket.may_not_reply"):
        story.replied(number, actor=warehouse, now=now)
    with refused(NotAllowed, "ticket.not_yours"):
        do(priorities.set_priority, number, Priority.P1, version=2, actor=warehouse, now=now)


def test_a_ticket_that_leaves_for_people_who_don_t_write_gets_somebody_who_answers(world: World, now: datetime) -> None:
    busy = opened(world, now)
    transferred, corrected = opened(world, now, type="logistics_stuck"), opened(world, now, type="logistics_stuck")
    idle = next(a for a in (world.actors.agent, world.actors.agent2) if a.id != look(busy).owner_id)
    do(assignment.transfer, transferred, "warehouse", reason="找货", version=1, actor=world.actors.agent, now=now)
    assert look(transferred).owner_id == idle.id
    do(decisions.set_type, corrected, "price_dispute", version=1, actor=world.actors.agent, now=now)
    assert look(corrected).owner_id == world.users.agent.id  # one each before: the first of equals
    story.replied(transferred, actor=idle, now=now)


def test_a_correction_within_one_queue_s_types_leaves_a_transfer_standing(world: World, now: datetime) -> None:
    number = opened(world, now)
    do(assignment.transfer, number, "finance", reason="要退款", version=1, actor=world.actors.warehouse, now=now)
    do(decisions.set_type, number, "damaged", version=2, actor=world.actors.finance, now=now)
    assert look(number).queue_id == world.queues.finance.id
    do(decisions.set_type, number, "logistics_stuck", version=3, actor=world.actors.finance, now=now)
    assert look(number).queue_id == world.queues.customer_service.id


def test_merging_ends_stints_and_clocks_without_a_verdict(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    do(
        assists.ask_for_help,
        number,
        "warehouse",
        party=None,
        question="?",
        version=1,
        actor=world.actors.agent,
        now=now,
    )
    later = now + timedelta(hours=6)
    changed(number, Change(status=Status.MERGED), world, later)
    assert {stint.left_at for stint in story.stints(number)} == {later}
    rows = [story.clock(number, "first_response"), story.clock(number, "solution"), *story.queue_clocks(number)]
    assert [(row.cancelled_at, row.met_at, row.breached) for row in rows] == [(later, None, None)] * 4


def test_an_unknown_ticket_is_not_found(world: World, now: datetime) -> None:
    with refused(NotFound, "ticket.not_found"):
        do(tickets.load, "EX-991231-0001", replace(world.actors.agent))
    assert repr(tickets.KEEP) == "KEEP"
