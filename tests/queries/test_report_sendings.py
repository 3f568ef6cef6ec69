"""Which sendings somebody sees, and what became of them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.problems import NotAllowed, NotFound
from helpdesk.domain.report_digest import figures, scope_of
from helpdesk.domain.reports import Line, Period, Side
from helpdesk.models import Outbox, ReportDue
from helpdesk.queries import report_sendings as queries
from helpdesk.services import report_sendings
from helpdesk.services.report_sendings import Circle
from helpdesk.storage import unit_of_work
from tests.factories import World, add
from tests.report_facts import fact, plant
from tests.tickets import ticket

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
TOLD = {**figures(Line(""), Line(""), []), "opened": 3}


def send(world: World, now: datetime, queues: frozenset[int] | None) -> int:
    circle = Circle(queues, mails=frozenset({world.users.ops.id}))
    key = f"month:2026-10:{scope_of(queues)}"
    with unit_of_work():
        sent = report_sendings.send("month", OCTOBER, circle, TOLD, key=key, actor=world.actors.system, now=now)
    assert sent
    return sent


def seen(actor: Actor) -> set[int]:
    return {row.id for row in queries.page(actor).rows}


def test_a_supervisor_sees_what_told_no_more_than_his_queues(world: World, now: datetime) -> None:
    queue = world.queues
    everything = send(world, now, None)
    own = send(world, now, frozenset({queue.customer_service.id}))
    other = send(world, now, frozenset({queue.warehouse.id}))
    both = send(world, now, frozenset({queue.customer_service.id, queue.warehouse.id}))
    people = world.actors
    assert seen(people.ops) == seen(people.auditor) == {everything, own, other, both}
    assert seen(people.supervisor) == {own}
    of_both = frozenset({queue.customer_service.id, queue.warehouse.id})
    assert seen(Actor(people.supervisor.id, Role.SUPERVISOR, of_both)) == {own, other, both}
    assert seen(Actor(people.supervisor.id, Role.SUPERVISOR)) == set()
    for hidden in (everything, other, both, 10**9):
        with pytest.raises(NotFound):
            queries.stored(hidden, people.supervisor)
    with pytest.raises(NotAllowed):
        queries.page(people.agent)


def test_a_file_is_made_with_the_sight_of_those_it_was_sent_to(world: World, now: datetime) -> None:
    queues = frozenset({world.queues.customer_service.id})
    stored = queries.stored(send(world, now, queues), world.actors.ops)
    assert (stored.reader.role, stored.reader.queues) == (Role.SUPERVISOR, queues)
    assert stored.question.period == OCTOBER
    assert queries.stored(send(world, now, None), world.actors.ops).reader.role is Role.OPS


def test_figures_are_those_that_the_reader_sees(world: World, now: datetime) -> None:
    for number, queue in enumerate((world.queues.customer_service, world.queues.warehouse, world.queues.warehouse), 1):
        plant(world, [fact(world, Side.OPENED, ticket_id=number, queue_id=queue.id)])
    whole = queries.figures(OCTOBER, queries.reader_of(None, 1))
    part = queries.figures(OCTOBER, queries.reader_of(frozenset({world.queues.warehouse.id}), 1))
    assert (whole["opened"], part["opened"]) == (3, 2)


def test_what_is_still_to_be_counted_is_known(world: World, now: datetime) -> None:
    assert not queries.anything_due()
    with unit_of_work():
        add(ReportDue(ticket_id=ticket(world, now).id))
    assert queries.anything_due()


def test_what_was_sent_long_ago_is_listed_without_its_mails(world: World, now: datetime) -> None:
    sending = send(world, now, None)
    with unit_of_work() as work:
        work.query(Outbox).delete()
    (row,) = queries.page(world.actors.ops).rows
    assert (row.id, row.state, [one.state for one in row.deliveries]) == (sending, "sent", ["gone"])
