"""The ledger: who sees which rows, sums that agree to the fen, pages by key, statements that don't grow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotAllowed
from helpdesk.models import Compensation, CompensationApproval
from helpdesk.queries import ledger as queries
from helpdesk.queries.keyset import sorted_page
from helpdesk.queries.ledger import LedgerFilter, Sum
from helpdesk.storage import session, unit_of_work
from tests import money, tickets
from tests.conftest import Statements
from tests.databases import Database
from tests.factories import World, add

EVERYTHING = LedgerFilter()


def amounts(actor: Actor, chosen: LedgerFilter = EVERYTHING) -> list[int]:
    session().rollback()
    return [row.amount_fen for row in queries.ledger(actor, chosen).rows]


def test_the_newest_promise_stands_first_with_what_it_is_about(world: World, now: datetime) -> None:
    with unit_of_work():
        bought = tickets.order(world, now)
        row = tickets.ticket(world, now, order_id=bought.id)
        money.promise(world, row, 500, now - timedelta(hours=1))
        money.promise(
            world,
            row,
            1_234,
            now,
            state="approved",
            decided_by_id=world.users.supervisor.id,
            decided_at=now,
            kind="gift",
        )
    newest, older = queries.ledger(world.actors.auditor, EVERYTHING).rows
    assert (newest.amount_fen, newest.kind, newest.proposer, newest.decider) == (1_234, "gift", "林晓", "孙领")
    assert (newest.ticket, newest.order, newest.shop) == (row.number, bought.number, "一号店")
    assert (older.amount_fen, older.decider, older.batch) == (500, None, None)


def test_a_supervisor_sees_the_rows_and_sums_of_his_queues_alone(world: World, now: datetime) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 100, now)
        money.promise(world, tickets.ticket(world, now, queue=world.queues.warehouse), 20, now)
        money.promise(
            world, tickets.ticket(world, now, queue=world.queues.warehouse, owner=world.users.supervisor), 3, now
        )
    assert sorted(amounts(world.actors.supervisor)) == [3, 100]
    assert queries.totals(world.actors.supervisor, EVERYTHING).promised == Sum(2, 103)
    assert queries.totals(world.actors.finance, EVERYTHING).promised == Sum(3, 123)


@pytest.mark.parametrize("name", ["agent", "warehouse", "outsider"])
def test_an_agent_reads_no_ledger(world: World, name: str) -> None:
    actor = getattr(world.actors, name)
    with pytest.raises(NotAllowed):
        queries.ledger(actor, EVERYTHING)
    with pytest.raises(NotAllowed):
        queries.totals(actor, EVERYTHING)
    with pytest.raises(NotAllowed):
        list(queries.every_row(actor, EVERYTHING))


FILTERS: list[tuple[str, Callable[[World, Compensation], Any]]] = [
    ("state", lambda _world, _row: "paid"),
    ("kind", lambda _world, _row: "coupon"),
    ("type", lambda _world, _row: "wrong_item"),
    ("shop", lambda world, _row: world.shop2.id),
    ("channel", lambda world, _row: world.channels.jd.id),
    ("proposer", lambda world, _row: world.users.agent2.id),
    ("approver", lambda world, _row: world.users.finance.id),
    ("number", lambda _world, _row: "9988"),
]


@pytest.mark.parametrize(("name", "value"), FILTERS, ids=[name for name, _ in FILTERS])
def test_each_filter_finds_what_it_names_and_nothing_else(
    world: World, now: datetime, name: str, value: Callable[[World, Compensation], Any]
) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 1, now)
        bought = tickets.order(world, now, number="9988")
        other = tickets.ticket(
            world, now, type="wrong_item", shop_id=world.shop2.id, channel_id=world.channels.jd.id, order_id=bought.id
        )
        wanted = money.promise(
            world,
            other,
            20,
            now,
            kind="coupon",
            state="paid",
            proposed_by_id=world.users.agent2.id,
            decided_by_id=world.users.finance.id,
            decided_at=now,
        )
    chosen = LedgerFilter(**{name: value(world, wanted)})
    assert amounts(world.actors.finance, chosen) == [20]
    assert queries.totals(world.actors.finance, chosen).rows == 1


def test_a_ticket_number_finds_it_too_and_who_agreed_for_a_part_is_an_approver(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        found = money.promise(world, row, 1, now)
        money.promise(world, tickets.ticket(world, now), 20, now)
        part = {"compensation_id": found.id, "part": "ops", "user_id": world.users.ops.id, "decided_at": now}
        add(CompensationApproval(**part))
    assert amounts(world.actors.ops, LedgerFilter(number=row.number)) == [1]
    assert amounts(world.actors.ops, LedgerFilter(approver=world.users.ops.id)) == [1]


def test_a_period_holds_its_first_instant_and_not_its_end(world: World, now: datetime) -> None:
    hour = timedelta(hours=1)
    with unit_of_work():
        row = tickets.ticket(world, now)
        for fen, at in ((1, now - hour), (20, now), (300, now + hour)):
            money.promise(world, row, fen, at)
    assert amounts(world.actors.ops, LedgerFilter(since=now, until=now + hour)) == [20]


STATES = st.sampled_from(queries.STATES)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(STATES, st.integers(1, 2_000_000), st.booleans()), max_size=12))
def test_sums_of_page_and_export_are_those_of_the_rows(
    world: World, now: datetime, rows: list[tuple[str, int, bool]]
) -> None:
    with unit_of_work():
        session().query(Compensation).delete()
        row = tickets.ticket(world, now)
        for state, fen, is_remedy in rows:
            money.promise(world, row, fen, now, state=state, is_remedy=is_remedy)
    every = list(queries.every_row(world.actors.finance, EVERYTHING))
    sums = queries.totals(world.actors.finance, EVERYTHING)
    shown = queries.ledger(world.actors.finance, EVERYTHING).rows
    assert [one.id for one in shown] == [one.id for one in every]
    assert sums.rows == len(every) == len(rows)
    assert sums.promised.fen == sum(one.counted_fen for one in every) == sums.waiting.fen + sums.due.fen + sums.paid.fen
    assert sums.refused.fen + sums.taken_back.fen + sums.promised.fen == sum(fen for _, fen, _ in rows)


def test_a_reversal_and_what_it_takes_back_count_nothing(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        wrong = money.promise(world, row, 500, now, state="reversed")
        money.promise(world, row, 500, now, state="paid", reverses_id=wrong.id)
        money.promise(world, row, 70, now, state="paid")
    sums = queries.totals(world.actors.finance, EVERYTHING)
    assert (sums.promised, sums.paid, sums.taken_back) == (Sum(1, 70), Sum(1, 70), Sum(1, 500))
    assert [one.counted_fen for one in queries.every_row(world.actors.finance, EVERYTHING)] == [70, 0, 0]


def test_pages_follow_each_other_without_a_gap_also_where_many_were_proposed_at_once(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        ids = [money.promise(world, row, 1, now - timedelta(minutes=number // 3)).id for number in range(11)]
    monkeypatch.setattr(queries, "PER_PAGE", 4)
    monkeypatch.setattr(queries, "EXPORTED_AT_ONCE", 4)
    page, seen = queries.ledger(world.actors.ops, EVERYTHING), []
    seen += [one.id for one in page.rows]
    while page.next:
        page = queries.ledger(world.actors.ops, EVERYTHING, page.next)
        seen += [one.id for one in page.rows]
    assert sorted(seen) == sorted(ids)
    assert seen == [one.id for one in queries.every_row(world.actors.ops, EVERYTHING)]


def test_the_ledger_takes_one_statement_and_its_sums_another(
    world: World, now: datetime, statements: Statements
) -> None:
    with unit_of_work():
        for _ in range(8):
            money.promise(world, tickets.ticket(world, now), 1, now)
    with statements() as seen:
        queries.ledger(world.actors.supervisor, EVERYTHING)
        queries.totals(world.actors.supervisor, EVERYTHING)
        queries.people(world.actors.supervisor)
    assert len(seen) == 3


def test_a_page_is_read_from_the_index_of_when_it_was_proposed(world: World, now: datetime, database: Database) -> None:
    if database.app.extensions["sqlalchemy"].engines[None].dialect.name != "sqlite":
        pytest.skip("SQLite tells how it will read")
    chosen = LedgerFilter(since=now - timedelta(days=30), until=now)
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 1, now - timedelta(days=1))
    statement = sorted_page(
        queries._columns().where(*queries._conditions(world.actors.ops, chosen)), queries.NEWEST_FIRST, None
    ).limit(51)
    text = str(statement.compile(session().get_bind(), compile_kwargs={"literal_binds": True}))
    plan = [row[-1] for row in session().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert any("ix_compensation_proposed" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan
