"""The year before the demo's plan: the known shape of the trade, with a ticket behind every figure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.improvements import State, Verdict
from helpdesk.domain.reports import day_sums, month_parts
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.models import (
    ClockRow,
    Compensation,
    Notification,
    Order,
    Payout,
    ReportDay,
    ReportPart,
    ReportSending,
    ReportTicketSku,
    Ticket,
    TicketNumber,
    User,
)
from helpdesk.models.promised import PAYOUTS
from helpdesk.queries import improvements as queries
from helpdesk.queries import report_sources
from helpdesk.storage import session, unit_of_work
from seeds import base, demo, rulebook_document
from seeds.demo import course, history, improvements, loader, origins, sendings
from seeds.demo.history import PastTicket
from seeds.demo.steps import DemoPlan
from seeds.demo.times import ZONE, last_months, works_at
from tests import databases
from tests.seeds.test_demo import HOUR, MOMENTS, shanghai

NOW = shanghai(2026, 11, 22, 18, 25)


@cache
def past(now: datetime = NOW) -> tuple[PastTicket, ...]:
    return history.write(7, now)


def month_of(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m}"


def mean_hours(tickets: tuple[PastTicket, ...]) -> dict[tuple[str, str], float]:
    """By month of the first resolve, and type; of all under an empty name."""
    spans: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for ticket in tickets:
        first = ticket.cycles[0]
        for name in ("", ticket.type):
            spans[month_of(first.resolved), name].append((first.resolved - first.began).total_seconds() / HOUR)
    return {key: sum(hours) / len(hours) for key, hours in spans.items()}


@pytest.mark.parametrize("now", MOMENTS, ids=lambda now: f"{now.astimezone(ZONE):%Y-%m-%d %H:%M}")
def test_a_year_ago_handling_took_what_practice_measured(now: datetime) -> None:
    means = mean_hours(past(now))
    months = sorted({month for month, _ in means})
    assert len(months) == history.MONTHS
    earliest = months[0]
    known = {"": 7.3, "address_change": 6.2, "price_dispute": 3.8, "wrong_item": 9.1}
    for name, hours in known.items():
        assert round(means[earliest, name], 1) == hours
    for month, hours in zip(months, course.MEAN_HOURS, strict=False):
        assert means[month, ""] == pytest.approx(hours, abs=0.02)
    assert all(later < earlier for earlier, later in pairwise(means[month, ""] for month in months))


def test_it_ends_where_the_plan_begins() -> None:
    begins = last_months(NOW)[0].start
    assert max(ticket.cycles[0].resolved for ticket in past()) < begins
    assert min(ticket.created for ticket in past()) >= shanghai(2025, 11, 1)
    assert max(ticket.closed for ticket in past()) < NOW


def test_the_same_seed_and_month_give_the_same_history() -> None:
    assert history.write(7, NOW) == past()
    assert history.write(7, NOW + timedelta(days=3)) == past()
    assert history.write(8, NOW) != past()
    assert history.write(7, NOW + timedelta(days=30)) != past()


def test_the_year_has_its_seasons() -> None:
    opened = Counter(month_of(ticket.created) for ticket in past())
    assert 1_500 <= opened.total() <= 2_500
    assert {month for month, _ in opened.most_common(2)} == {"2025-11", "2026-06"}
    assert min(opened, key=opened.__getitem__) == "2026-02"
    days = Counter(f"{ticket.created.astimezone(ZONE):%m-%d}" for ticket in past())
    of_the_sale = sum(days[f"11-{day}"] for day in range(11, 15))
    assert of_the_sale > 2 * sum(days[f"11-{day:02}"] for day in range(4, 8))


def test_every_type_of_every_month_is_there() -> None:
    shipped = {row["code"] for row in rulebook_document.document()["types"]}
    seen = defaultdict(set)
    for ticket in past():
        seen[month_of(ticket.created)].add(ticket.type)
    assert all(types == shipped for types in seen.values())


def test_a_ticket_is_told_in_order_and_solved_at_work() -> None:
    for ticket in past():
        for cycle in ticket.cycles:
            assert cycle.began <= cycle.replied <= cycle.solved <= cycle.resolved
            assert works_at("customer_service", cycle.resolved) or cycle.resolved == cycle.began
            if cycle.waited:
                assert cycle.replied < cycle.waited[0] < cycle.waited[1] < cycle.solved
        assert all(one.resolved < again.began for one, again in pairwise(ticket.cycles))
        assert "{" not in ticket.text


def test_something_stands_out_for_those_who_look() -> None:
    wrong = Counter(ticket.order.warehouse for ticket in past() if ticket.type == "wrong_item")
    assert wrong["华东仓"] > 0.7 * wrong.total()
    broken = [ticket.order.lines[0] for ticket in past() if ticket.type == "damaged"]
    fragile = [line for line in broken if line.sku == origins.FRAGILE]
    assert len(fragile) > 0.15 * len(broken)
    assert sum(line.batch == origins.WEAK_BATCH for line in fragile) > 0.6 * len(fragile)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The history alone, counted by the report's follower; the tests below only read it."""
    database = databases.SQLite(tmp_path_factory.mktemp("history"))
    with database.app.app_context():
        with unit_of_work():
            base.plant(NOW, demo.shops())
        begins = last_months(NOW)[0].start
        with unit_of_work():
            loader._open_shops()
            loader._hire("x", past()[0].created)
            stage = loader._set(DemoPlan(NOW, begins, (), ()))
            session().execute(update(User).where(User.role != "system").values(email=User.login + "@example.com"))
            assert loader._plant(past(), stage) == len(past())
        assert follow_reports() == len(past())
        assert sendings.send(NOW) > 0
        assert improvements.plant(NOW) == len(improvements.ITEMS)
    yield database.app
    databases.engine_of(database.app).dispose()


@pytest.fixture
def stage(planted: Flask) -> Iterator[None]:
    with planted.app_context():
        yield
        session().rollback()


@pytest.mark.usefixtures("stage")
class TestPlanted:
    def test_the_report_shows_the_same_means(self) -> None:
        rows = session().scalars(select(ReportDay).where(ReportDay.cut.in_(("all", "type"))))
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for row in rows:
            sums = found[f"{row.day:%Y-%m}", row.value]
            sums[0] += row.wall_seconds
            sums[1] += row.resolved
        known = {"": 7.3, "address_change": 6.2, "price_dispute": 3.8, "wrong_item": 9.1}
        for name, hours in known.items():
            seconds, resolved = found["2025-11", name]
            assert round(seconds / resolved / HOUR, 1) == hours
        expected = mean_hours(past())
        assert {key: sums[0] / sums[1] / HOUR for key, sums in found.items() if sums[1]} == pytest.approx(expected)

    def test_sums_are_those_of_the_tickets(self) -> None:
        ids = session().scalars(select(Ticket.id)).all()
        told = report_sources.told_by(ids)
        stored: Counter[Any] = Counter()
        for row in session().scalars(select(ReportDay)):
            for name in ("opened", "resolved", "money_n", "wall_seconds", "first_ok", "solution_ok", "money_fen"):
                stored[row.day, row.cut, row.value, name] += getattr(row, name)
        sums = day_sums(told.facts)
        assert {key: amount for key, amount in stored.items() if amount} == {
            key: amount for key, amount in sums.items() if key in stored and amount
        }
        parts = {(row.month, row.cut, row.value, row.part, row.key): row.amount for row in self._parts()}
        assert parts == dict(month_parts(told.facts))

    def _parts(self) -> Any:
        return session().scalars(select(ReportPart))

    def test_whose_time_it_was_adds_up(self) -> None:
        whole = session().scalar(select(func.sum(ReportDay.wall_seconds)).where(ReportDay.cut == "all"))
        parts = dict(
            session()
            .execute(
                select(ReportPart.key, func.sum(ReportPart.amount))
                .where(ReportPart.cut == "all", ReportPart.part == "time")
                .group_by(ReportPart.key)
            )
            .all()
        )
        assert sum(parts.values()) == whole
        assert set(parts) == {"customer_service", "warehouse", "finance", "customer", "approval", "closed"}

    def test_clocks_were_kept_better_from_month_to_month(self) -> None:
        rows = session().execute(
            select(ClockRow.met_at, ClockRow.breached).where(ClockRow.kind == "first_response", ClockRow.cycle == 1)
        )
        kept: defaultdict[str, list[bool]] = defaultdict(list)
        for row in rows:
            kept[month_of(row.met_at)].append(not row.breached)
        rates = {month: sum(results) / len(results) for month, results in kept.items()}
        assert rates["2025-11"] < 0.7 < 0.8 < rates["2026-08"]
        assert session().scalar(select(func.count()).where(ClockRow.met_at.is_(None))) == 0

    def test_all_are_closed_with_orders_that_know_where_they_came_from(self) -> None:
        assert set(session().scalars(select(Ticket.status))) == {"closed"}
        assert set(session().scalars(select(Order.warehouse))) == set(origins.WAREHOUSES)
        of_weak_batch = select(ReportTicketSku.ticket_id).where(ReportTicketSku.batch == origins.WEAK_BATCH)
        assert len(session().scalars(of_weak_batch).all()) > 10

    def test_numbers_go_on_where_the_history_ended(self) -> None:
        rows = dict(session().execute(select(TicketNumber.day, TicketNumber.last)).all())
        counted = Counter(ticket.created.astimezone(ZONE).date() for ticket in past())
        assert rows == dict(counted)

    def test_reports_went_out_when_they_were_due_and_are_read(self) -> None:
        assert sendings.send(NOW) == 0  # nothing is left for the job worker
        rows = session().scalars(select(ReportSending).order_by(ReportSending.id)).all()
        whole = [(row.kind, f"{row.first:%m-%d}") for row in rows if row.document["queues"] is None]
        assert whole[:3] == [("month", "08-01"), ("month", "09-01"), ("month", "10-01")]
        assert whole[3:] == [("day", f"11-{day}") for day in range(16, 22)]
        assert [row.made_at for row in rows] == sorted(row.made_at for row in rows)
        assert session().scalar(select(Notification.id).where(Notification.read_at.is_(None))) is None

    def test_what_was_promised_was_paid_once(self) -> None:
        states = Counter(session().scalars(select(Compensation.state)))
        assert set(states) == {"paid"}
        transferred = session().scalars(select(Compensation.id).where(Compensation.kind.in_(PAYOUTS))).all()
        assert len(transferred) > 50
        assert sorted(session().scalars(select(Payout.compensation_id))) == sorted(transferred)

    def test_what_the_shop_changed_shows_where_its_figures_turned(self) -> None:
        person = session().scalars(select(User).where(User.login == "xuning")).one()
        found = queries.board(Actor(person.id, Role(person.role)), NOW.astimezone(ZONE).date())
        verdicts = {one.item.title: one.effect.verdict for one in found[State.RUNNING]}
        assert verdicts == {
            "出库扫码复核，装箱前双人核对": Verdict.REACHED,
            "付款后 30 分钟内可自助改地址": Verdict.REACHED,
            "下单页价格留快照，客服一键调取": Verdict.BETTER,
            "玻璃件换加厚气柱袋": Verdict.TOO_FEW,
        }
        assert len(found[State.PLANNED]) == len(found[State.IDEA]) == 1
