"""In bulk is what the single acts do one by one, as it was foreseen; and taking it back restores what was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.bulk import Deed, Kind
from helpdesk.domain.problems import Invalid, NotAllowed, Problem
from helpdesk.models import BulkRow, Stint, Ticket, TicketTag
from helpdesk.services import bulk_deeds, bulk_runs
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.factories import World

MINUTE = timedelta(minutes=1)

STATUSES = ("new", "open", "pending_customer", "pending_internal", "resolved", "closed")
DEEDS = some.sampled_from(
    [
        ("type", "wrong_item", ""),
        ("type", "logistics_stuck", ""),
        ("transfer", "warehouse", "他们的"),
        ("transfer", "customer_service", "我们的"),
        ("assign", "none", ""),
        ("assign", "agent2", ""),
        ("assign", "agent", ""),
        ("owner", "agent2", ""),
        ("owner", "warehouse", ""),
        ("priority", "P1", ""),
        ("priority", "P2", ""),
        ("status", "open", ""),
        ("status", "pending_customer", "等他拍照"),
        ("status", "pending_internal", ""),
        ("resolve", "explained", "说清楚了"),
        ("tag", "双十一", ""),
        ("untag", "双十一", ""),
    ]
)
TICKETS = some.lists(
    some.tuples(
        some.sampled_from(STATUSES),
        some.sampled_from(["customer_service", "warehouse"]),
        some.sampled_from(["agent", "agent2", None]),
        some.booleans(),
    ),
    min_size=1,
    max_size=4,
)
ACTORS = some.sampled_from(["agent", "supervisor", "ops", "finance", "warehouse"])


@contextmanager
def taken_back() -> Iterator[None]:
    """What the block does is done in one transaction, which then never was."""

    class UndoneError(Exception):
        pass

    try:
        with unit_of_work():
            yield
            raise UndoneError
    except UndoneError:
        pass


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=DEEDS, kinds=TICKETS, who=ACTORS)
def test_in_bulk_is_what_the_single_acts_do_as_foreseen_and_undo_restores_it(
    world: World, now: datetime, which: tuple[str, str, str], kinds: list[tuple[str, str, str | None, bool]], who: str
) -> None:
    kind, value, text = which
    person = getattr(world.users, value, None) if kind in {"assign", "owner"} else None
    deed, actor = Deed(Kind(kind), str(person.id) if person else value, text), getattr(world.actors, who)
    with taken_back():
        ids = []
        for status, queue, hands, tagged in kinds:
            holder = getattr(world.users, hands) if hands else None
            owner = holder or (world.users.agent if queue == "warehouse" else None)  # somebody answers the customer
            place = {"queue": getattr(world.queues, queue), "owner": owner, "hands": holder}
            row = tickets.ticket(world, now, status=status, type="logistics_stuck", **place)
            ids.append(row.id)
            if tagged:
                session().add(TicketTag(ticket_id=row.id, tag="双十一"))
        session().flush()
        _compare(world, deed, ids, actor, now)


def _compare(world: World, deed: Deed, ids: list[int], actor: Actor, now: datetime) -> None:
    seen = bulk_deeds.look(ids, deed, actor)
    if not seen:
        return
    before = shape(ids)
    with session().begin_nested() as apart:
        alone: dict[int, str | None] = {}
        for ticket_id in seen:
            version, ticket = seen[ticket_id]
            try:
                with session().begin_nested():
                    bulk_deeds.carry_out(deed, ticket.number, version, actor=actor, now=now)
                alone[ticket_id] = None
            except Problem as problem:
                alone[ticket_id] = problem.code
        each = shape(ids)
        apart.rollback()
    session().expire_all()
    assert shape(ids) == before
    try:
        run_id = bulk_runs.choose(ids, chosen={}, actor=actor, now=now)
        bulk_runs.plan(run_id, deed, version=1, actor=actor)
    except (NotAllowed, Invalid):
        assert set(alone.values()) - {None}
        return
    plan = {row.ticket_id: (row.state, row.code) for row in rows_of(run_id)}
    for ticket_id, (state, code) in plan.items():
        if state == "unchanged":
            assert alone[ticket_id] in {None, "ticket.same_queue", "ticket.illegal_move"}
        else:
            assert code == alone[ticket_id], (deed, seen[ticket_id])
    if any(state == "waiting" for state, _code in plan.values()):
        bulk_runs.start(run_id, version=2, actor=actor, now=now)
        while bulk_runs.work(run_id, actor=actor, now=now):
            pass
        after = shape(ids)
        for place, ticket_id in enumerate(ids):
            if ticket_id in plan and plan[ticket_id][0] == "waiting":
                assert after[place] == each[place]
            else:
                assert after[place] == before[place]
        bulk_runs.undo(run_id, actor=actor, now=now + MINUTE)
        while bulk_runs.work(run_id, actor=actor, now=now + MINUTE):
            pass
        kept = [
            (row.code, row.params) for row in rows_of(run_id) if row.state not in {"undone", "unchanged", "refused"}
        ]
        assert kept == []
        for was, is_, ticket_id in zip(before, shape(ids), ids, strict=True):
            touched = plan.get(ticket_id, ("",))[0] == "waiting"
            assert is_ in ({was, taken_up(was)} if touched else {was}), (deed, actor.role)


def taken_up(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A ticket that was new stays taken up."""
    return ("open" if row[0] == "new" else row[0], *row[1:])


def rows_of(run_id: int) -> list[BulkRow]:
    return list(session().scalars(select(BulkRow).where(BulkRow.run_id == run_id).order_by(BulkRow.id)))


def shape(ids: list[int]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for ticket_id in ids:
        one = session().get_one(Ticket, ticket_id)
        stay = session().execute(
            select(Stint.queue_id, Stint.assignee_id).where(
                Stint.ticket_id == ticket_id, Stint.kind == "stay", Stint.left_at.is_(None)
            )
        )
        tagged = session().scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id)).all()
        whose = one.queue_id, one.owner_id, tuple(tuple(row) for row in stay)
        found.append(
            (one.status, one.pending_on, one.type, one.klass, one.priority, one.outcome, *whose, tuple(tagged))
        )
    return found


def test_a_type_that_led_to_where_the_ticket_stood_already_is_undone_without_moving_it(
    world: World, now: datetime
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, queue=world.queues.warehouse, owner=world.users.agent, type="logistics_stuck")
        ids, before = [row.id], shape([row.id])
        run_id = bulk_runs.choose(ids, chosen={}, actor=world.actors.agent, now=now)
        bulk_runs.plan(run_id, Deed(Kind.TYPE, "wrong_item"), version=1, actor=world.actors.agent)
        bulk_runs.start(run_id, version=2, actor=world.actors.agent, now=now)
        bulk_runs.work(run_id, actor=world.actors.agent, now=now)
        assert shape(ids) != before
        bulk_runs.undo(run_id, actor=world.actors.agent, now=now + MINUTE)
        bulk_runs.work(run_id, actor=world.actors.agent, now=now + MINUTE)
        assert shape(ids) == before
