"""Facts and sums of the report follow the tickets, and stay where a month is closed."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from helpdesk.domain.reports import SUMMED, Fact, Side, day_sums, month_parts
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.models import (
    Order,
    ReportDay,
    ReportDue,
    ReportFact,
    ReportMonth,
    ReportPart,
    ReportTicketSku,
    Ticket,
)
from helpdesk.queries import report_sources
from helpdesk.services import compensations, decisions, merging, operations, orders, report_facts, resolution
from helpdesk.services.compensations import Proposal
from helpdesk.services.orders import LineData, OrderData, ParcelData
from helpdesk.storage import db, session, unit_of_work
from tests.factories import World
from tests.services.story import do, heard, look, opened, owner_of, replied, taken_in
from tests.services.walks import Walk

SHANGHAI = ZoneInfo("Asia/Shanghai")


def facts_of(number: str) -> dict[Side, Fact]:
    """What is stored of a ticket."""
    db.session.remove()
    return {fact.side: fact for _id, fact in report_facts.stored_facts([look(number).id])}


def counted(number: str) -> dict[Side, Fact]:
    follow_reports()
    return facts_of(number)


def solve(world: World, number: str, now: datetime) -> int:
    shares = {Party.WAREHOUSE: 70, Party.COURIER: 30}
    actor = world.actors.warehouse if look(number).klass == "C" else world.actors.agent
    wanted = {"outcome": Outcome.EXPLAINED, "shares": shares, "version": look(number).version}
    return do(resolution.resolve, number, actor=actor, now=now, **wanted)  # type: ignore[arg-type]


def stored_sums() -> tuple[Counter[tuple[object, ...]], Counter[tuple[object, ...]]]:
    db.session.remove()
    days: Counter[tuple[object, ...]] = Counter()
    for row in session().execute(select(ReportDay.__table__)):
        days.update({(row.day, row.cut, row.value, name): getattr(row, name) for name in SUMMED if getattr(row, name)})
    parts: Counter[tuple[object, ...]] = Counter(
        {
            (row.month, row.cut, row.value, row.part, row.key): row.amount
            for row in session().execute(select(ReportPart.__table__))
        }
    )
    return days, parts


def check_sums() -> None:
    """The sums are those of the facts, and nothing else is there."""
    days, parts = stored_sums()
    facts = [fact for _id, fact in report_facts.stored_facts(list(session().scalars(select(Ticket.id))))]
    assert days == +day_sums(facts)
    assert parts == +month_parts(facts)


def test_a_new_ticket_counts_on_its_day_in_the_shops_zone(world: World, now: datetime) -> None:
    late = datetime(2026, 11, 30, 16, 30, tzinfo=now.tzinfo)  # half past midnight of December in Shanghai
    fact = counted(opened(world, late))[Side.OPENED]
    assert (fact.day, fact.hour, fact.type, fact.klass) == (date(2026, 12, 1), 0, "wrong_item", "C")
    check_sums()


def test_nothing_is_counted_twice_and_nothing_remains_due(world: World, now: datetime) -> None:
    opened(world, now)
    assert follow_reports() == 1
    assert follow_reports() == 0
    assert not session().scalar(select(func.count()).select_from(ReportDue))
    check_sums()


def test_a_resolve_tells_how_long_it_took_and_whose_time_it_was(world: World, now: datetime) -> None:
    number = opened(world, now)
    replied(number, actor=owner_of(world, number), now=now + timedelta(minutes=5))
    solve(world, number, now + timedelta(hours=2))
    fact = counted(number)[Side.RESOLVED]
    assert fact.wall_seconds == 2 * 3600
    assert sum(fact.time.values()) == fact.wall_seconds
    assert set(fact.time) <= {"warehouse", "closed"}
    assert 0 < fact.work_seconds <= fact.wall_seconds
    assert (fact.first_n, fact.first_ok, fact.solution_n, fact.solution_ok) == (1, 1, 1, 1)
    assert fact.parties == {"courier": 30, "warehouse": 70}
    check_sums()


def test_what_was_late_is_told_by_clock(world: World, now: datetime) -> None:
    number = opened(world, now)
    replied(number, actor=owner_of(world, number), now=now + timedelta(days=3))
    solve(world, number, now + timedelta(days=4))
    fact = counted(number)[Side.RESOLVED]
    assert (fact.first_n, fact.first_ok, fact.solution_n, fact.solution_ok) == (1, 0, 1, 0)


def test_an_undone_resolve_was_never_one(world: World, now: datetime) -> None:
    number = opened(world, now)
    done = solve(world, number, now + timedelta(hours=1))
    assert Side.RESOLVED in counted(number)
    do(operations.undo, done, actor=world.actors.warehouse, now=now + timedelta(hours=1, minutes=1))
    assert Side.RESOLVED not in counted(number)
    check_sums()


def test_a_customer_who_comes_back_makes_it_reopened_and_its_later_promises_count_apart(
    world: World, now: datetime
) -> None:
    number = opened(world, now)
    solve(world, number, now + timedelta(hours=1))
    assert counted(number)[Side.RESOLVED].reopened == 0
    heard(number, actor=world.actors.system, now=now + timedelta(hours=2))
    replied(number, actor=owner_of(world, number), now=now + timedelta(hours=3), is_solution=True)
    fact = counted(number)[Side.RESOLVED]
    assert (fact.reopened, fact.again_n, fact.wall_seconds) == (1, 2, 3600)
    assert (fact.first_n, fact.first_ok, fact.solution_n) == (1, 0, 1)  # never answered within half an hour
    check_sums()


def test_another_type_moves_the_count(world: World, now: datetime) -> None:
    number = opened(world, now)
    counted(number)
    version = look(number).version
    do(decisions.set_type, number, "price_dispute", version=version, actor=world.actors.warehouse, now=now)
    assert counted(number)[Side.OPENED].type == "price_dispute"
    check_sums()


def test_a_merged_ticket_counts_no_more(world: World, now: datetime) -> None:
    number, into = (opened(world, now, type="logistics_stuck", buyer_id="one") for _ in range(2))
    counted(number)
    version = look(number).version
    do(merging.merge, {number: version}, into, reason="重复", actor=world.actors.agent, now=now)
    assert counted(number) == {}
    assert Side.OPENED in facts_of(into)
    check_sums()


def test_money_counts_while_it_stands(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    wanted = Proposal(
        policy_code="logistics_stuck_coupon", amount_fen=300, evidence=("carrier_reply",), why="久等了", key="k1"
    )
    do(compensations.propose, number, wanted, version=None, actor=world.actors.agent, now=now)
    fact = counted(number)[Side.MONEY]
    assert (fact.money_fen, fact.day) == (300, now.astimezone(SHANGHAI).date())
    check_sums()


def test_what_the_order_says_later_is_taken_up(world: World, now: datetime) -> None:
    number = taken_in(world, now, type="wrong_item", order_number="A-1").number
    assert counted(number)[Side.OPENED].warehouse == ""
    data = OrderData(
        shop_id=world.shop.id,
        channel_id=world.channels.tmall.id,
        number="A-1",
        warehouse="华东仓",
        lines=(
            LineData("杯子", sku="CUP-1", batch="L8"),
            LineData("杯子", sku="CUP-1", batch="L7"),
            LineData("盖子", sku="LID-1"),
        ),
        parcels=(ParcelData("SF1", carrier="顺丰"),),
    )
    do(orders.upsert_order, data, now=now)
    fact = counted(number)[Side.OPENED]
    assert (fact.warehouse, fact.courier) == ("华东仓", "顺丰")
    of_ticket = select(ReportTicketSku.sku, ReportTicketSku.batch, ReportTicketSku.counts)
    articles = session().execute(of_ticket.order_by(ReportTicketSku.sku, ReportTicketSku.batch))
    # of an article in two batches, one row is the one that counts
    assert [tuple(row) for row in articles] == [("CUP-1", "L7", True), ("CUP-1", "L8", False), ("LID-1", "", True)]
    do(orders.upsert_order, data, now=now)  # told again: nothing to count
    assert follow_reports() == 0
    assert session().scalar(select(func.count()).select_from(Order)) == 1


def close(world: World, month: date, now: datetime) -> None:
    with unit_of_work() as work:
        work.add(ReportMonth(month=month, closed_at=now, closed_by_id=world.users.ops.id, rule_version=1))


def test_a_closed_month_keeps_what_it_had_and_the_rest_goes_on(world: World, now: datetime) -> None:
    begun = datetime(2026, 11, 20, 2, tzinfo=now.tzinfo)
    number = opened(world, begun)
    before = counted(number)
    close(world, date(2026, 11, 1), now)
    version = look(number).version
    do(decisions.set_type, number, "price_dispute", version=version, actor=world.actors.warehouse, now=begun)
    after = begun + timedelta(days=15)
    wanted = {"outcome": Outcome.EXPLAINED, "shares": {Party.UNDETERMINED: 100}, "version": look(number).version}
    do(resolution.resolve, number, actor=world.actors.finance, now=after, **wanted)  # type: ignore[arg-type]
    late = opened(world, begun)  # told of too late
    found = counted(number)
    assert found[Side.OPENED] == before[Side.OPENED]
    assert (found[Side.RESOLVED].type, found[Side.RESOLVED].day.month) == ("price_dispute", 12)
    assert facts_of(late) == {}
    assert not session().scalar(select(func.count()).select_from(ReportDue))
    check_sums()


def test_what_counted_in_a_closed_month_counts_in_no_other(world: World, now: datetime) -> None:
    begun = datetime(2026, 11, 20, 2, tzinfo=now.tzinfo)
    number = opened(world, begun)
    done = solve(world, number, begun + timedelta(hours=1))
    counted(number)
    close(world, date(2026, 11, 1), now)
    do(operations.undo, done, actor=world.actors.warehouse, now=begun + timedelta(hours=2))
    solve(world, number, begun + timedelta(days=20))
    assert counted(number)[Side.RESOLVED].day == date(2026, 11, 20)
    check_sums()


def test_a_ticket_that_changes_while_it_is_being_read_is_read_again(world: World, now: datetime) -> None:
    number = opened(world, now)
    due = report_sources.due(10)
    told = report_sources.told_by([look(number).id])
    db.session.remove()
    solve(world, number, now + timedelta(hours=1))
    do(report_facts.store, told.facts, told.articles, due)
    assert Side.RESOLVED not in facts_of(number)
    assert Side.RESOLVED in counted(number)
    check_sums()


def test_who_read_earlier_does_not_overwrite_who_read_later(world: World, now: datetime) -> None:
    number = opened(world, now)
    due = report_sources.due(10)
    early = report_sources.told_by([look(number).id])
    db.session.remove()
    solve(world, number, now + timedelta(hours=1))
    follow_reports()
    assert do(report_facts.store, early.facts, early.articles, due) == 0
    assert Side.RESOLVED in facts_of(number)
    check_sums()


def test_a_stored_fact_comes_back_as_it_was(world: World, now: datetime) -> None:
    number = opened(world, now)
    replied(number, actor=owner_of(world, number), now=now + timedelta(hours=1), status_after=Status.PENDING_CUSTOMER)
    solve(world, number, now + timedelta(days=2))
    found = counted(number)
    told = report_sources.told_by([look(number).id])
    assert list(found.values()) == list(told.facts)
    assert session().scalar(select(func.count()).select_from(ReportFact)) == 2


@given(dice=st.randoms(use_true_random=False))
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_after_any_history_the_sums_are_those_of_the_tickets(world: World, now: datetime, dice: random.Random) -> None:
    walk = Walk(world, now, dice)
    for _ in range(10):
        walk.step()
        if dice.random() < 0.4:
            follow_reports()
            db.session.remove()
    follow_reports()
    check_sums()
    ids = list(session().scalars(select(Ticket.id).order_by(Ticket.id)))
    told = report_sources.told_by(ids)
    stored = sorted((fact for _id, fact in report_facts.stored_facts(ids)), key=_place)
    assert stored == sorted(told.facts, key=_place)


def _place(fact: Fact) -> tuple[int, str, int]:
    return fact.ticket_id, fact.side, fact.item_id


@pytest.mark.parametrize("many", [1, 20])
def test_a_portion_takes_the_same_statements_whatever_its_size(
    world: World, now: datetime, many: int, statements: object
) -> None:
    for _ in range(many):
        solve(world, opened(world, now), now + timedelta(hours=1))
    db.session.remove()
    due = report_sources.due(500)
    ids = sorted({ticket_id for _id, ticket_id in due})
    with statements() as made:  # type: ignore[operator]
        report_sources.told_by(ids)
    assert len(made) <= 8
