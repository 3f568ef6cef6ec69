"""The demo: a plan that depends on seed and moment alone. What stands in the database then: test_demo_played.py."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from seeds import demo, rulebook_document
from seeds.demo import course, material, phrases
from seeds.demo.steps import Answer, Close, DemoPlan, Dispute, Hear, Judge, Merge, Open, Resolve, Step
from seeds.demo.times import ZONE, last_months, works_at

HOUR = 3600
CLOSE_ENOUGH_HOURS = 0.05


def shanghai(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE).astimezone(UTC)  # type: ignore[arg-type,misc]


MOMENTS = [
    shanghai(2026, 11, 22, 18, 25),
    shanghai(2026, 11, 1, 0, 5),
    shanghai(2026, 1, 1, 9, 0),
    shanghai(2026, 3, 1, 12, 0),
    shanghai(2026, 5, 31, 23, 30),
    shanghai(2026, 10, 4, 3, 0),  # a Sunday night within the long holiday
    shanghai(2026, 8, 15, 14, 0),
    shanghai(2026, 12, 7, 8, 30),
]


@pytest.fixture(params=MOMENTS, ids=lambda now: f"{now.astimezone(ZONE):%Y-%m-%d %H:%M}")
def now(request: pytest.FixtureRequest) -> datetime:
    moment: datetime = request.param
    return moment


@pytest.fixture
def written(now: datetime) -> DemoPlan:
    return demo.plan(7, now)


def of(written: DemoPlan, kind: type[Any]) -> list[Step]:
    return [step for step in written.steps if isinstance(step.action, kind)]


def mean_hours(written: DemoPlan, month: int, *types: str) -> float:
    """By the report's definition: creation to first resolve, in the month of the resolve."""
    type_of = {ticket.key: ticket.type for ticket in written.tickets}
    created = {step.ticket: step.at for step in of(written, Open)}
    first: dict[int, datetime] = {}
    for step in of(written, Resolve):
        first.setdefault(step.ticket, step.at)
    span = last_months(written.now)[month]
    handled = [
        (at - created[key]).total_seconds()
        for key, at in first.items()
        if span.start <= at < span.end and (not types or type_of[key] in types)
    ]
    return sum(handled) / len(handled) / HOUR


def test_the_same_seed_and_moment_give_the_same_plan(now: datetime) -> None:
    assert demo.plan(7, now) == demo.plan(7, now)


def test_another_seed_or_moment_gives_another_plan(now: datetime) -> None:
    plan = demo.plan(7, now)
    assert plan != demo.plan(8, now)
    assert plan != demo.plan(7, now + timedelta(days=1))


def test_handling_takes_what_the_course_of_the_trade_says(written: DemoPlan) -> None:
    """The end of a year's way; where it began: test_demo_history.py."""
    assert mean_hours(written, 0) == pytest.approx(3.5, abs=CLOSE_ENOUGH_HOURS)
    assert mean_hours(written, 1) == pytest.approx(3.1, abs=CLOSE_ENOUGH_HOURS)
    for month, mean in enumerate((3.5, 3.1)):
        for code, hours in course.mean_hours_of_types(mean).items():
            assert mean_hours(written, month, code) == pytest.approx(hours, abs=CLOSE_ENOUGH_HOURS)


def test_about_six_hundred_tickets_of_every_type_over_three_calendar_months(written: DemoPlan) -> None:
    assert 590 <= len(of(written, Open)) == len(written.tickets) <= 610
    first, second, third = last_months(written.now)
    shipped = {row["code"] for row in rulebook_document.document()["types"]}
    type_of = {ticket.key: ticket.type for ticket in written.tickets}
    for month in (first, second):
        assert {type_of[step.ticket] for step in of(written, Open) if month.start <= step.at < month.end} == shipped
    assert first.end == second.start
    assert second.end == third.start
    assert all(first.start <= step.at < written.now for step in written.steps)


def test_people_answer_and_solve_while_they_are_at_work(written: DemoPlan) -> None:
    at_night = [
        step for step in of(written, Resolve) + of(written, Answer) if not works_at("customer_service", step.at)
    ]
    assert at_night == []


def test_a_ticket_is_told_in_order(written: DemoPlan) -> None:
    by_ticket: dict[int, list[Step]] = defaultdict(list)
    for step in written.steps:
        by_ticket[step.ticket].append(step)
    for steps in by_ticket.values():
        assert isinstance(steps[0].action, Open)
        assert sum(isinstance(step.action, Open) for step in steps) == 1
        for before, after in pairwise(steps):
            if isinstance(before.action, Resolve):
                assert isinstance(after.action, Hear | Close | Dispute)
            if isinstance(before.action, Dispute):
                assert isinstance(after.action, Judge | Close)
            assert not isinstance(before.action, Close)


def test_whatever_the_hour_some_are_fresh_and_some_are_waiting(written: DemoPlan) -> None:
    ended = {step.ticket for step in of(written, Resolve) + of(written, Merge)}
    active = [step.at for step in of(written, Open) if step.ticket not in ended]
    assert 70 <= len(active) <= 105
    assert max(active) > written.now - timedelta(hours=10)  # the desk is closed for nine of them
    assert min(active) < written.now - timedelta(hours=20)


def test_a_few_customers_came_twice_and_their_second_ticket_was_merged(written: DemoPlan) -> None:
    tickets = {ticket.key: ticket for ticket in written.tickets}
    opened = {step.ticket: step.at for step in of(written, Open)}
    merges = [(step, tickets[step.action.into]) for step in written.steps if isinstance(step.action, Merge)]
    assert 3 <= len(merges) <= 6
    for step, into in merges:
        assert (tickets[step.ticket].order, tickets[step.ticket].buyer) == (into.order, into.buyer)
        assert opened[into.key] < opened[step.ticket] < step.at
        assert works_at("customer_service", step.at)
        assert not any(other.ticket == into.key and other.at <= step.at for other in of(written, Resolve))


def test_the_warehouse_disputes_what_it_was_blamed_for_in_time_and_in_its_hours(written: DemoPlan) -> None:
    blamed = {step.ticket: step.at for step in of(written, Resolve)}
    filed = of(written, Dispute)
    assert 1 <= len(filed) <= 3
    assert all(step.at - blamed[step.ticket] < timedelta(hours=48) for step in filed)
    assert all(works_at("warehouse", step.at - timedelta(seconds=1)) for step in filed + of(written, Judge))
    if written.now == MOMENTS[0]:
        assert (len(filed), len(of(written, Judge))) == (3, 2)


def test_words_are_many_and_their_slots_are_filled(written: DemoPlan) -> None:
    shipped = material.messages()
    assert sum(len(some) for words in shipped.values() for some in words.sentences.values()) >= 200
    openings = [step.action.text for step in of(written, Open) if isinstance(step.action, Open)]
    assert len(set(openings)) > 350
    assert [text for text in openings if "{" in text] == []
    assert sum(text.isascii() for text in openings) >= 8


def test_buyers_are_nobody(written: DemoPlan) -> None:
    assert {ticket.buyer.phone[:7] for ticket in written.tickets} == {"1990000"}


def test_replies_name_no_template_that_is_not_shipped(written: DemoPlan) -> None:
    used = {step.action.template for step in of(written, Answer) if isinstance(step.action, Answer)} - {""}
    assert used <= set(phrases.templates())
    assert len(used) > 30
