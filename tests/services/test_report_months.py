"""Months of the report: closed, opened again, counted afresh."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, Stale
from helpdesk.domain.report_lines import Place
from helpdesk.domain.reports import WHOLE, Dimension, Line, Question, month_of
from helpdesk.domain.tickets import Outcome, Party
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.jobs.recalculate_months import recalculate_months
from helpdesk.models import Event, ReportFact, ReportLine, ReportMonth, ReportRecalculation, Ticket
from helpdesk.queries import report_figures, reports
from helpdesk.queries import report_months as queries
from helpdesk.queries.report_months import Recalculation
from helpdesk.services import decisions, operations, report_months, report_recalculations, resolution
from helpdesk.services.report_recalculations import stored_lines
from helpdesk.storage import db, session
from tests.factories import World
from tests.report_facts import MONTH, clear, histories, plant
from tests.services.story import do, look, opened
from tests.services.test_report_facts import check_sums
from tests.services.walks import Walk

OCTOBER = date(2026, 10, 1)
BEGUN = datetime(2026, 10, 20, 2, tzinfo=UTC)
LATER = datetime(2026, 11, 3, 2, tzinfo=UTC)


def solve(world: World, number: str, at: datetime) -> int:
    wanted: dict[str, Any] = {"outcome": Outcome.EXPLAINED, "shares": {Party.WAREHOUSE: 100}}
    return do(resolution.resolve, number, actor=world.actors.warehouse, now=at, version=look(number).version, **wanted)


def retype(world: World, number: str, at: datetime, type: str = "damaged") -> None:
    do(decisions.set_type, number, type, version=look(number).version, actor=world.actors.warehouse, now=at)


def close(world: World, month: date = OCTOBER, now: datetime = LATER) -> Line:
    follow_reports()
    return do(report_months.close, month, actor=world.actors.ops, now=now)


def recalculated(world: World, now: datetime = LATER) -> Recalculation:
    version = session().get_one(ReportMonth, OCTOBER).version
    db.session.remove()
    id = do(report_recalculations.ask, OCTOBER, version=version, actor=world.actors.ops, now=now)
    assert recalculate_months(lambda: now) == 1
    return queries.recalculation(id, world.actors.ops)


def adopt(world: World, found: Recalculation) -> None:
    given: dict[str, Any] = {"reason": "补录", "version": found.version, "actor": world.actors.ops, "now": LATER}
    do(report_recalculations.adopt, found.id, **given)


def everything(world: World) -> tuple[Any, ...]:
    """Every figure of October: the stored lines, the page by each cut, the facts that lists are read from."""
    db.session.remove()
    asked = (Question(MONTH, by=cut) for cut in Dimension)
    found = [reports.report(question, world.actors.ops) for question in asked]
    facts = session().execute(select(ReportFact.__table__).where(ReportFact.day.between(MONTH.first, MONTH.last)))
    rows = [(one.source, one.whole.line, [row.line for row in one.rows]) for one in found]
    return stored_lines(OCTOBER), rows, sorted(tuple(row)[1:] for row in facts)


examples = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@given(data=st.data())
@examples
def test_a_closed_months_lines_are_those_of_its_facts_under_every_cut(world: World, data: st.DataObject) -> None:
    clear()
    facts = data.draw(histories(world))
    numbers = {fact.ticket_id for fact in facts}
    pairs = st.lists(st.sampled_from([("CUP", "L1"), ("CUP", "L2"), ("LID", "")]), max_size=3)
    plant(world, facts, {number: data.draw(pairs) for number in numbers})
    if not any(fact.month == OCTOBER for fact in facts):
        return
    close(world)
    stored = stored_lines(OCTOBER)
    wanted: dict[Place, Line] = {}
    for cut in Dimension:
        (lines,) = report_figures.lines([MONTH], cut, (), world.actors.ops)
        wanted |= {(cut.value, value) if value is not None else (WHOLE, ""): line for value, line in lines.items()}
    assert stored == wanted


def test_a_month_that_is_not_over_is_not_closed(world: World) -> None:
    opened(world, BEGUN)
    follow_reports()
    still = datetime(2026, 10, 31, 15, 59, tzinfo=UTC)  # a minute to midnight in Shanghai
    with pytest.raises(Invalid, match=r"report\.month_not_over"):
        do(report_months.close, OCTOBER, actor=world.actors.ops, now=still)
    do(report_months.close, OCTOBER, actor=world.actors.ops, now=still + timedelta(minutes=1))


def test_a_month_before_the_first_ticket_is_not_closed(world: World) -> None:
    with pytest.raises(Invalid, match=r"report\.month_without_tickets"):
        close(world)
    opened(world, BEGUN)
    with pytest.raises(Invalid, match=r"report\.month_without_tickets"):
        close(world, date(2026, 9, 1))


def test_a_month_is_closed_once(world: World) -> None:
    opened(world, BEGUN)
    close(world)
    with pytest.raises(Conflict, match=r"report\.month_closed"):
        close(world)


def test_what_is_not_counted_yet_keeps_the_month_open_and_later_tickets_do_not(world: World) -> None:
    opened(world, BEGUN)
    follow_reports()
    opened(world, BEGUN)
    with pytest.raises(Conflict, match=r"report\.month_due"):
        do(report_months.close, OCTOBER, actor=world.actors.ops, now=LATER)
    follow_reports()
    opened(world, LATER)
    assert do(report_months.close, OCTOBER, actor=world.actors.ops, now=LATER).sums.opened == 2


@pytest.mark.parametrize("who", ["agent", "supervisor", "finance", "auditor", "admin"])
def test_only_operations_close_months(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        do(report_months.close, OCTOBER, actor=getattr(world.actors, who), now=LATER)


@given(dice=st.randoms(use_true_random=False))
@settings(examples, max_examples=2)
def test_whatever_happens_later_a_closed_month_stays_and_a_recalculation_shows_the_difference(
    world: World, dice: random.Random
) -> None:
    clear()
    with db.engine.begin() as work:
        work.execute(delete(ReportRecalculation))
    walks = [Walk(world, BEGUN, dice) for _ in range(3)]
    for walk in walks:
        walk.step()
    closing = max(LATER, *(walk.now for walk in walks))
    follow_reports()
    do(report_months.close, OCTOBER, actor=world.actors.ops, now=closing)
    before = everything(world)
    for walk in walks:
        walk.now = max(walk.now, closing)
        for _ in range(3):
            walk.step()
        follow_reports()
    assert everything(world) == before
    check_sums()
    found = recalculated(world, closing)
    assert everything(world) == before
    would = stored_lines(OCTOBER) | {(one.cut, one.value): one.would for one in found.lines}
    adopt(world, found)
    stands = stored_lines(OCTOBER)
    assert {place: line for place, line in would.items() if line != Line(place[1])} == stands
    check_sums()
    follow_reports()
    check_sums()
    again = recalculated(world, closing)
    assert (again.lines, sum(again.tickets.values())) == ((), 0)


def test_a_recalculation_says_which_tickets_came_went_and_changed(world: World) -> None:
    kept, typed, regretted = (opened(world, BEGUN) for _ in range(3))
    done = solve(world, regretted, BEGUN + timedelta(hours=1))
    solve(world, kept, BEGUN + timedelta(hours=2))
    close(world)
    late = opened(world, BEGUN + timedelta(days=1))
    retype(world, typed, LATER)
    do(operations.undo, done, actor=world.actors.warehouse, now=BEGUN + timedelta(hours=2))
    follow_reports()
    found = recalculated(world)
    assert found.tickets == {"came": 1, "went": 0, "changed": 2}
    assert found.listed == {"came": (late,), "went": (), "changed": (typed, regretted)}
    whole = next(one for one in found.lines if one.cut == WHOLE)
    assert (whole.stands.sums.opened, whole.would.sums.opened) == (3, 4)
    assert (whole.stands.sums.resolved, whole.would.sums.resolved) == (2, 1)
    assert {one.value for one in found.lines if one.cut == "type"} == {"wrong_item", "damaged"}
    assert (found.done, found.total) == (4, 4)


def test_what_no_longer_counts_in_a_month_counts_where_it_belongs_once_adopted(world: World) -> None:
    number = opened(world, BEGUN)
    done = solve(world, number, BEGUN + timedelta(hours=1))
    close(world)
    do(operations.undo, done, actor=world.actors.warehouse, now=BEGUN + timedelta(hours=2))
    solve(world, number, LATER)
    follow_reports()
    adopt(world, recalculated(world))
    follow_reports()
    resolved = session().scalars(select(ReportFact.day).where(ReportFact.side == "resolved"))
    assert list(resolved) == [date(2026, 11, 3)]
    check_sums()


def test_what_counts_in_another_closed_month_stays_there(world: World) -> None:
    number = opened(world, BEGUN)
    solve(world, number, LATER)
    close(world)
    close(world, date(2026, 11, 1), now=LATER + timedelta(days=40))
    with db.engine.begin() as work:  # a correction of the ticket, past all services
        work.execute(update(Ticket).values(first_resolved_at=BEGUN + timedelta(hours=1)))
    found = recalculated(world)
    assert sum(found.tickets.values()) == 0


def test_an_adoption_is_refused_on_a_month_or_a_recalculation_that_moved_on(world: World) -> None:
    opened(world, BEGUN)
    close(world)
    opened(world, BEGUN)
    follow_reports()
    first = recalculated(world)
    second = recalculated(world)
    with pytest.raises(Invalid, match=r"report\.reason_needed"):
        do(report_recalculations.adopt, first.id, reason=" ", version=first.version, actor=world.actors.ops, now=LATER)
    adopt(world, second)
    for again in (first, second):
        with pytest.raises(Stale):
            adopt(world, again)


def test_a_recalculation_is_cancelled_between_two_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        opened(world, BEGUN)
    close(world)
    monkeypatch.setattr("helpdesk.jobs.recalculate_months.AT_ONCE", 1)
    id = do(report_recalculations.ask, OCTOBER, version=1, actor=world.actors.ops, now=LATER)
    with pytest.raises(Conflict, match=r"report\.recalculation_running"):
        do(report_recalculations.ask, OCTOBER, version=1, actor=world.actors.ops, now=LATER)
    counted: list[int] = []
    took = report_recalculations.Recount.take

    def take(self: report_recalculations.Recount, ids: Any, *rest: Any) -> None:
        if counted:
            db.session.remove()
            do(report_recalculations.cancel, id, actor=world.actors.ops, now=LATER)
        counted.extend(ids)
        took(self, ids, *rest)

    monkeypatch.setattr(report_recalculations.Recount, "take", take)
    assert recalculate_months(lambda: LATER) == 0
    found = queries.recalculation(id, world.actors.ops)
    assert (found.state, found.problem, found.done, len(counted)) == ("failed", "report.recalculation_cancelled", 1, 2)
    with pytest.raises(Conflict, match=r"report\.recalculation_over"):
        do(report_recalculations.cancel, id, actor=world.actors.ops, now=LATER)


def test_an_interrupted_recalculation_begins_anew(world: World) -> None:
    opened(world, BEGUN)
    close(world)
    id = do(report_recalculations.ask, OCTOBER, version=1, actor=world.actors.ops, now=LATER)
    assert recalculate_months(lambda: LATER, stopping=iter([False, True]).__next__) == 0
    assert queries.recalculation(id, world.actors.ops).state == "running"
    assert recalculate_months(lambda: LATER) == 1
    assert queries.recalculation(id, world.actors.ops).state == "done"


def test_too_many_differences_are_no_correction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(world, BEGUN)
    close(world)
    opened(world, BEGUN)
    follow_reports()
    monkeypatch.setattr(report_recalculations, "MOST_DIFFERENCES", 0)
    id = do(report_recalculations.ask, OCTOBER, version=1, actor=world.actors.ops, now=LATER)
    assert recalculate_months(lambda: LATER) == 0
    found = queries.recalculation(id, world.actors.ops)
    assert (found.state, found.problem) == ("failed", "report.recalculation_too_large")


def test_a_month_that_is_opened_again_follows_its_tickets(world: World) -> None:
    typed = opened(world, BEGUN)
    close(world)
    late = opened(world, BEGUN)
    retype(world, typed, LATER)
    follow_reports()
    reopen: dict[str, Any] = {"reason": "漏了一张", "actor": world.actors.ops, "now": LATER}
    with pytest.raises(Stale):
        do(report_months.reopen, OCTOBER, version=2, **reopen)
    do(report_months.reopen, OCTOBER, version=1, **reopen)
    assert session().scalar(select(func.count()).select_from(ReportLine)) == 0
    follow_reports()
    counted = session().execute(select(ReportFact.ticket_id, ReportFact.type).order_by(ReportFact.ticket_id)).all()
    assert [tuple(row) for row in counted] == [(look(typed).id, "damaged"), (look(late).id, "wrong_item")]
    check_sums()
    assert close(world).sums.opened == 2


def test_what_was_done_to_a_month_is_recorded_with_its_reason(world: World) -> None:
    opened(world, BEGUN)
    close(world)
    do(report_months.reopen, OCTOBER, reason="漏单", version=1, actor=world.actors.ops, now=LATER)
    rows = session().execute(select(Event.code, Event.params).where(Event.code.like("report.%")).order_by(Event.id))
    assert [tuple(row) for row in rows] == [
        ("report.month_closed", {"month": "2026-10", "opened": 1, "resolved": 0}),
        ("report.month_reopened", {"month": "2026-10", "reason": "漏单"}),
    ]
    assert [one.code for one in queries.history(world.actors.ops)] == ["report.month_reopened", "report.month_closed"]


def test_months_are_told_with_their_state(world: World) -> None:
    number = opened(world, BEGUN)
    solve(world, number, LATER)
    close(world)
    november, october = queries.months(world.actors.ops)
    assert (november.month, november.opened, november.resolved, november.closed_at) == (date(2026, 11, 1), 0, 1, None)
    assert (october.opened, october.resolved, october.closed_at, october.version) == (1, 0, LATER, 1)
    assert month_of(october.month) == MONTH
