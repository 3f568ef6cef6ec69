"""What each party owes for a month: to the fen, by the shares as they stand, within the reader's sight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from helpdesk.domain.access import Actor
from helpdesk.domain.rulebook import parse_rulebook
from helpdesk.models import ClockRow, Compensation, Responsibility, Ticket
from helpdesk.queries.charge_back import (
    UNSAID,
    ChargeBack,
    Month,
    charge_back,
    charged_tickets,
    every_charged_ticket,
)
from helpdesk.queries.ledger import LedgerFilter, totals
from helpdesk.storage import session, unit_of_work
from seeds import rulebook_document
from tests import tickets
from tests.conftest import Statements
from tests.factories import World, add
from tests.money import promise

BOOK = parse_rulebook(rulebook_document.document(), 1)
MONTH = Month(datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC))
DAY = timedelta(days=1)


def solved(world: World, now: datetime, shares: dict[str, int], **columns: Any) -> Ticket:
    row = tickets.ticket(world, now, status="resolved", **{"resolved_at": now, "first_resolved_at": now, **columns})
    for party, percent in shares.items():
        add(Responsibility(ticket_id=row.id, party=party, percent=percent, settled_at=now))
    return row


def listed(actor: Actor, month: Month = MONTH) -> ChargeBack:
    return charge_back(actor, month, BOOK)


def test_compensation_is_split_by_shares_and_the_sums_are_the_whole(world: World, now: datetime) -> None:
    with unit_of_work():
        row = solved(world, now, {"warehouse": 70, "courier": 30})
        promise(world, row, 1_001, now, state="approved")
        promise(world, row, 555, now, state="paid", is_remedy=True)
        other = solved(world, now, {"courier": 100})
        promise(world, other, 300, now, state="paid")
    found = listed(world.actors.auditor)
    warehouse, courier = found.row("warehouse"), found.row("courier")
    assert (warehouse.tickets, warehouse.percent, warehouse.goodwill_fen, warehouse.remedy_fen) == (1, 70, 701, 389)
    assert (courier.tickets, courier.percent, courier.goodwill_fen, courier.remedy_fen) == (2, 130, 600, 166)
    assert (found.tickets, found.total_fen) == (2, 1_001 + 555 + 300)
    assert sum(one.total_fen for one in found.rows) == found.total_fen


def test_what_waits_was_refused_or_taken_back_costs_nothing(world: World, now: datetime) -> None:
    with unit_of_work():
        row = solved(world, now, {"warehouse": 100})
        for state in ("proposed", "rejected", "withdrawn"):
            promise(world, row, 1_000, now, state=state)
        taken = promise(world, row, 2_000, now, state="reversed")
        promise(world, row, 2_000, now, state="reversed", reverses_id=taken.id)
        promise(world, row, 7, now, state="paid")
    assert listed(world.actors.auditor).row("warehouse").total_fen == 7


def test_undetermined_and_unsaid_have_rows_of_their_own(world: World, now: datetime) -> None:
    with unit_of_work():
        promise(world, solved(world, now, {"undetermined": 100}), 500, now, state="paid")
        promise(world, solved(world, now, {}), 900, now, state="approved")
    found = listed(world.actors.auditor)
    assert (found.row("undetermined").tickets, found.row("undetermined").total_fen) == (1, 500)
    assert (found.row(UNSAID).tickets, found.row(UNSAID).total_fen) == (1, 900)
    assert [row.party for row in found.rows if row.tickets] == ["undetermined", UNSAID]


def test_a_ticket_stands_in_the_month_of_its_first_resolve(world: World, now: datetime) -> None:
    with unit_of_work():
        for at in (MONTH.since - timedelta(seconds=1), MONTH.since, MONTH.until - timedelta(seconds=1), MONTH.until):
            solved(world, now, {"courier": 100}, first_resolved_at=at)
        solved(world, now, {"courier": 100}, first_resolved_at=None)
    assert listed(world.actors.auditor).row("courier").tickets == 2


def test_hours_late_are_those_beyond_the_queues_own_targets(world: World, now: datetime) -> None:
    with unit_of_work():
        for used in (9_000, 3_000):
            row = solved(world, now, {"warehouse": 100})
            stay = tickets.assist(world, row, world.queues.warehouse, now, due_in=DAY, question="？")
            stay.left_at = now
            session().flush()
            for clock in session().query(ClockRow).filter_by(stint_id=stay.id):
                clock.target_seconds, clock.elapsed_seconds, clock.met_at = 3_600, used, now
    found = listed(world.actors.auditor)
    assert found.row("warehouse").late_seconds == 5_400
    assert found.row("customer_service").late_seconds is None  # no row at all: nothing of it in this month


def test_a_supervisor_reads_his_queues_tickets_and_those_he_owns(world: World, now: datetime) -> None:
    with unit_of_work():
        solved(world, now, {"warehouse": 100})
        solved(world, now, {"warehouse": 100}, queue=world.queues.warehouse)
        solved(world, now, {"warehouse": 100}, queue=world.queues.warehouse, owner=world.users.supervisor)
    assert listed(world.actors.supervisor).row("warehouse").tickets == 2
    assert listed(world.actors.ops).row("warehouse").tickets == 3
    assert len(charged_tickets(world.actors.supervisor, "warehouse", MONTH).rows) == 2


def test_the_tickets_behind_a_row_add_up_to_it_over_all_pages(world: World, now: datetime) -> None:
    with unit_of_work():
        for place in range(60):
            row = solved(world, now, {"warehouse": 33, "courier": 67}, first_resolved_at=now - timedelta(minutes=place))
            if place % 2:
                promise(world, row, 101 + place, now, state="paid", is_remedy=place % 4 == 1)
    actor, whole = world.actors.auditor, listed(world.actors.auditor).row("warehouse")
    first = charged_tickets(actor, "warehouse", MONTH)
    second = charged_tickets(actor, "warehouse", MONTH, first.next)
    rows = (*first.rows, *second.rows)
    assert (len(first.rows), len(second.rows), second.next) == (50, 10, None)
    assert len({row.number for row in rows}) == 60
    assert sum(row.total_fen for row in rows) == whole.total_fen
    assert list(every_charged_ticket(actor, "warehouse", MONTH)) == list(rows)
    assert charged_tickets(actor, UNSAID, MONTH).rows == ()


def test_unsaid_tickets_are_listed_with_all_they_cost(world: World, now: datetime) -> None:
    with unit_of_work():
        promise(world, solved(world, now, {}), 900, now, state="approved")
    (row,) = charged_tickets(world.actors.auditor, UNSAID, MONTH).rows
    assert (row.percent, row.goodwill_fen, row.whole_fen) == (100, 900, 900)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(1, 99), st.lists(st.integers(1, 10**7), min_size=1, max_size=3), st.booleans()),
        max_size=3,
    )
)
def test_whatever_it_cost_rows_totals_and_tickets_agree_to_the_fen(
    world: World, now: datetime, costs: list[tuple[int, list[int], bool]]
) -> None:
    month = Month(now, now + DAY)
    with unit_of_work():
        for gone in session().query(Ticket):
            gone.first_resolved_at = None
        for percent, amounts, remedy in costs:
            row = solved(world, now, {"warehouse": percent, "courier": 100 - percent})
            for fen in amounts:
                promise(world, row, fen, now, state="paid", is_remedy=remedy)
    found = listed(world.actors.auditor, month)
    whole = sum(fen for _percent, amounts, _remedy in costs for fen in amounts)
    assert found.total_fen == whole == sum(row.total_fen for row in found.rows)
    for party in found.rows:
        behind = charged_tickets(world.actors.auditor, party.party, month).rows
        assert sum(one.total_fen for one in behind) == party.total_fen


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["proposed", "approved", "paid", "rejected", "withdrawn"]),
            st.integers(1, 10**7),
            st.booleans(),
            st.integers(-70, 70),  # days from today until its ticket is solved
            st.integers(0, 100),
        ),
        max_size=6,
    )
)
def test_over_all_months_the_list_is_what_the_ledger_says_is_agreed_or_paid(
    world: World, now: datetime, rows: list[tuple[str, int, bool, int, int]]
) -> None:
    with unit_of_work():
        session().execute(delete(Responsibility))
        session().execute(delete(Compensation))
        for state, fen, remedy, day, percent in rows:
            shares = {"warehouse": percent, "courier": 100 - percent} if 0 < percent < 100 else {}
            promise(world, solved(world, now + day * DAY, shares), fen, now, state=state, is_remedy=remedy)
    edges = [now + n * 30 * DAY for n in range(-3, 4)]
    months = [listed(world.actors.auditor, Month(*pair)) for pair in pairwise(edges)]
    ledger = totals(world.actors.auditor, LedgerFilter())
    assert sum(month.total_fen for month in months) == ledger.due.fen + ledger.paid.fen
    assert sum(row.total_fen for month in months for row in month.rows) == ledger.due.fen + ledger.paid.fen


def test_the_list_takes_four_statements_however_many_tickets(
    world: World, now: datetime, statements: Statements
) -> None:
    with unit_of_work():
        for _ in range(30):
            promise(world, solved(world, now, {"warehouse": 100}), 900, now, state="approved")
    with statements() as seen:
        listed(world.actors.supervisor)
    assert len(seen) <= 4
