"""Evidence is ticked, shares are said, taken back with a resolve, and told to those who are blamed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tickets import Outcome, Party
from helpdesk.models import Appeal, Outbox, TicketEvidence
from helpdesk.services import appeals, merging, operations, resolution, responsibility
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, events, look, opened, owner_of, refused, resolved

HOUR = timedelta(hours=1)
BOTH = {Party.WAREHOUSE: 70, Party.COURIER: 30}


def say(number: str, shares: dict[Party, int], *, actor: Actor, now: datetime, revision: int | None = None) -> None:
    known = responsibility.revision_of(look(number).id) if revision is None else revision
    do(responsibility.set_shares, number, shares, revision=known, actor=actor, now=now)


def mark(number: str, *, actor: Actor, now: datetime, seen: dict[str, bool | None] | None = None, **marks: bool) -> int:
    return do(responsibility.mark_evidence, number, marks, seen=seen or {}, actor=actor, now=now)


def ticked(number: str) -> dict[str, bool]:
    rows = session().scalars(select(TicketEvidence).where(TicketEvidence.ticket_id == look(number).id))
    return {row.code: row.present for row in rows}


def said(number: str) -> dict[Party, int]:
    return responsibility.said(look(number).id)


def notices(code: str) -> list[Outbox]:
    rows = session().scalars(select(Outbox).where(Outbox.kind == "notice").order_by(Outbox.id))
    return [row for row in rows if row.payload["code"] == code]


def disputed(world: World, number: str, now: datetime) -> int:
    """The warehouse appeals."""
    known = responsibility.revision_of(look(number).id)
    return do(
        appeals.appeal, number, Party.WAREHOUSE, "不是我们", revision=known, actor=world.actors.warehouse, now=now
    )


# ---- evidence


def test_a_piece_is_ticked_as_seen_or_missing_with_who_and_when(world: World, now: datetime) -> None:
    number = opened(world, now)
    assert mark(number, actor=world.actors.warehouse, now=now, photo_item=True, packing_record=False) == 2
    row = session().execute(select(TicketEvidence).where(TicketEvidence.code == "photo_item")).scalar_one()
    assert (row.present, row.said_by_id, row.said_at) == (True, world.actors.warehouse.id, now)
    told = events(number, "ticket.evidence")[0].params
    assert told == {
        "evidence": ["packing_record", "photo_item"],
        "present": ["photo_item"],
        "absent": ["packing_record"],
    }


def test_a_tick_can_be_changed_and_taken_back_by_who_saw_it(world: World, now: datetime) -> None:
    number, actor = opened(world, now), world.actors.warehouse
    mark(number, actor=actor, now=now, photo_item=True)
    mark(number, actor=actor, now=now, seen={"photo_item": True}, photo_item=False)
    assert ticked(number) == {"photo_item": False}
    marks: dict[str, bool | None] = {"photo_item": None}
    do(responsibility.mark_evidence, number, marks, seen={"photo_item": False}, actor=actor, now=now)
    assert ticked(number) == {}
    assert mark(number, actor=actor, now=now) == 0
    assert len(events(number, "ticket.evidence")) == 3


def test_what_somebody_else_ticked_since_is_not_overwritten_but_other_pieces_are_free(
    world: World, now: datetime
) -> None:
    number, actor = opened(world, now), world.actors.warehouse
    mark(number, actor=owner_of(world, number), now=now, photo_item=True)
    with refused(Stale, "shares.evidence_stale"):
        mark(number, actor=actor, now=now, photo_item=False, photo_label=True)
    assert ticked(number) == {"photo_item": True}
    mark(number, actor=actor, now=now, photo_label=True)
    assert ticked(number) == {"photo_item": True, "photo_label": True}


@pytest.mark.parametrize(
    ("name", "piece", "kind", "code"),
    [
        ("warehouse", "invoice_details", Invalid, "shares.unknown_evidence"),
        ("outsider", "photo_item", NotFound, "ticket.not_found"),
        ("auditor", "photo_item", NotAllowed, "ticket.not_yours"),
    ],
)
def test_only_what_the_type_asks_for_and_only_by_who_has_to_do_with_it(
    world: World, now: datetime, name: str, piece: str, kind: type[Problem], code: str
) -> None:
    number = opened(world, now)
    with refused(kind, code):
        do(responsibility.mark_evidence, number, {piece: True}, seen={}, actor=getattr(world.actors, name), now=now)


# ---- shares


def test_shares_are_said_on_an_active_ticket_and_the_appeal_begins_then(world: World, now: datetime) -> None:
    number = opened(world, now)
    version = look(number).version
    say(number, BOTH, actor=world.actors.warehouse, now=now)
    assert said(number) == BOTH
    assert set(responsibility.settled_times(look(number).id).values()) == {now}
    assert look(number).version == version
    assert events(number, "ticket.responsibility")[0].params == {"shares": {"warehouse": 70, "courier": 30}}


def test_said_on_two_forms_the_second_is_told(world: World, now: datetime) -> None:
    number = opened(world, now)
    say(number, BOTH, actor=world.actors.warehouse, now=now)
    with refused(Stale, "shares.stale"):
        say(number, {Party.COURIER: 100}, actor=owner_of(world, number), now=now, revision=0)
    assert said(number) == BOTH
    with refused(Stale, "ticket.stale"):
        known = responsibility.revision_of(look(number).id)
        do(
            responsibility.set_shares,
            number,
            {Party.COURIER: 100},
            revision=known,
            version=0,
            actor=world.actors.warehouse,
            now=now,
        )


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        ({Party.WAREHOUSE: 99}, "ticket.shares_must_be_100"),
        ({Party.UNDETERMINED: 50, Party.COURIER: 50}, "ticket.undetermined_stands_alone"),
        ({}, "ticket.shares_must_be_100"),
    ],
)
def test_shares_have_to_be_whole(world: World, now: datetime, shares: dict[Party, int], code: str) -> None:
    number = opened(world, now)
    say(number, BOTH, actor=world.actors.warehouse, now=now)
    with refused(Invalid, code):
        say(number, shares, actor=world.actors.warehouse, now=now)
    assert said(number) == BOTH


def test_a_closed_ticket_keeps_its_shares_and_evidence(world: World, now: datetime) -> None:
    number, actor = opened(world, now), world.actors.warehouse
    resolved(number, actor=actor, now=now, shares=BOTH)
    do(resolution.close, number, actor=world.actors.system, now=now + timedelta(days=8))
    with refused(Conflict, "ticket.not_active"):
        say(number, {Party.COURIER: 100}, actor=actor, now=now + timedelta(days=8))
    with refused(Conflict, "ticket.not_active"):
        mark(number, actor=actor, now=now + timedelta(days=8), photo_item=True)


def test_the_blamed_queue_hears_of_it_unless_one_of_its_own_said_so(world: World, now: datetime) -> None:
    number = opened(world, now)
    say(number, BOTH, actor=world.actors.warehouse, now=now)
    assert notices("shares.blamed") == []
    say(number, {Party.WAREHOUSE: 80, Party.COURIER: 20}, actor=owner_of(world, number), now=now)
    told = notices("shares.blamed")
    assert [one.payload["notify"] for one in told] == [[f"queue:{world.queues.warehouse.id}"]]
    assert told[0].payload["params"] == {"party": "warehouse", "share": 80}
    say(number, {Party.WAREHOUSE: 10, Party.COURIER: 90}, actor=owner_of(world, number), now=now)
    assert len(notices("shares.blamed")) == 1  # less than before


# ---- with a resolve


def test_resolving_without_shares_leaves_what_was_said(world: World, now: datetime) -> None:
    number = opened(world, now)
    say(number, BOTH, actor=world.actors.warehouse, now=now)
    resolved(number, actor=world.actors.warehouse, now=now + HOUR, shares={})
    assert said(number) == BOTH
    assert set(responsibility.settled_times(look(number).id).values()) == {now}


def test_a_job_does_not_unsay_what_a_person_found(world: World, now: datetime) -> None:
    number = opened(world, now)
    say(number, BOTH, actor=world.actors.warehouse, now=now)
    undetermined = {Party.UNDETERMINED: 100}
    resolved(number, actor=world.actors.system, now=now, outcome=Outcome.NO_REPLY, shares=undetermined)
    assert said(number) == BOTH


@pytest.mark.parametrize("before", [{}, BOTH])
def test_undoing_a_resolve_brings_back_what_was_said_before_with_its_time(
    world: World, now: datetime, before: dict[Party, int]
) -> None:
    number, actor = opened(world, now), world.actors.warehouse
    if before:
        say(number, before, actor=actor, now=now)
    operation = resolved(number, actor=actor, now=now + HOUR, shares={Party.COURIER: 100})
    do(operations.undo, operation, actor=actor, now=now + HOUR)
    assert said(number) == before
    assert set(responsibility.settled_times(look(number).id).values()) == ({now} if before else set())


def test_undoing_a_resolve_lapses_the_appeal_against_what_it_said(world: World, now: datetime) -> None:
    number = opened(world, now)
    owner = owner_of(world, number)
    operation = resolved(number, actor=owner, now=now, shares=BOTH)
    known = responsibility.revision_of(look(number).id)
    filed = do(
        appeals.appeal, number, Party.WAREHOUSE, "不是我们", revision=known, actor=world.actors.warehouse, now=now
    )
    do(operations.undo, operation, actor=owner, now=now + HOUR)
    row = session().get_one(Appeal, filed)
    assert (row.state, row.decided_by_id, row.decided_at) == ("withdrawn", owner.id, now + HOUR)
    assert len(events(number, "appeal.lapsed")) == 1


def test_undoing_a_resolve_leaves_an_appeal_against_a_share_that_stands(world: World, now: datetime) -> None:
    number = opened(world, now)
    owner = owner_of(world, number)
    say(number, BOTH, actor=owner, now=now)
    known = responsibility.revision_of(look(number).id)
    filed = do(
        appeals.appeal, number, Party.WAREHOUSE, "不是我们", revision=known, actor=world.actors.warehouse, now=now
    )
    operation = resolved(number, actor=owner, now=now, shares={})
    do(operations.undo, operation, actor=owner, now=now + HOUR)
    assert session().get_one(Appeal, filed).state == "open"


def test_merging_waits_for_an_open_appeal(world: World, now: datetime) -> None:
    number = opened(world, now, order_number="R-1")
    target = opened(world, now, type="damaged", order_number="R-1")
    owner = owner_of(world, number)
    say(number, BOTH, actor=owner, now=now)
    known = responsibility.revision_of(look(number).id)
    filed = do(
        appeals.appeal, number, Party.WAREHOUSE, "不是我们", revision=known, actor=world.actors.warehouse, now=now
    )
    version, actor = look(number).version, world.actors.warehouse
    with refused(Conflict, "merge.appeal_waits"):
        do(merging.merge, {number: version}, target, reason="同一件事", actor=actor, now=now)
    assert session().get_one(Appeal, filed).state == "open"
