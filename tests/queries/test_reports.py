"""The report's figures: whatever they are read from, they are those of the facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.domain.reports import (
    BUCKETED,
    HISTOGRAM_ERROR,
    MEASURED,
    UNSAID,
    WHOLE,
    Dimension,
    Fact,
    Line,
    Period,
    Question,
    Side,
    Sums,
    bin_of,
    line_document,
    month_of,
    spread,
)
from helpdesk.models import ReportDue, ReportLine, ReportMonth
from helpdesk.queries import report_figures, reports
from helpdesk.queries.reports import Report
from helpdesk.storage import db, unit_of_work
from tests.conftest import Statements
from tests.factories import World
from tests.report_facts import MONTH, clear, fact, histories, plant

BEFORE = MONTH.before()
Articles = Mapping[int, Collection[tuple[str, str]]]

planted = settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def value_of(one: Fact, cut: Dimension) -> str:
    of = {Dimension.CLASS: one.klass, Dimension.CHANNEL: one.channel_id, Dimension.QUEUE: one.queue_id}
    of |= {Dimension.AGENT: one.agent_id, Dimension.TYPE: one.type}
    value = {**of, Dimension.WAREHOUSE: one.warehouse, Dimension.COURIER: one.courier}[cut]
    return "" if value is None else str(value)


def values_of(one: Fact, cut: Dimension, articles: Articles) -> set[str]:
    if cut is Dimension.SKU:
        return {sku for sku, _batch in articles.get(one.ticket_id, ())} or {""}
    return {value_of(one, cut)}


def line_of(value: str, facts: Iterable[Fact]) -> Line:
    """Added up by hand."""
    sums: Counter[str] = Counter()
    time: Counter[str] = Counter()
    parties: Counter[str] = Counter()
    facts = list(facts)
    for one in facts:
        sums["money_n" if one.side is Side.MONEY else one.side.value] += 1
        sums.update({name: getattr(one, name) for name in MEASURED})
        if one.side is Side.RESOLVED:
            time.update(one.time)
            parties.update(one.parties or {UNSAID: 100})
    resolved = [one for one in facts if one.side is Side.RESOLVED]
    times = spread([one.wall_seconds for one in resolved], [one.work_seconds for one in resolved])
    return Line(value, Sums(**sums), times, dict(time), dict(parties))


def lines_by_hand(facts: Iterable[Fact], period: Period, cut: Dimension, articles: Articles) -> dict[str | None, Line]:
    counting = [one for one in facts if period.first <= one.day <= period.last]
    by_value: defaultdict[str, list[Fact]] = defaultdict(list)
    for one in counting:
        for value in values_of(one, cut, articles):
            by_value[value].append(one)
    return {None: line_of("", counting), **{value: line_of(value, some) for value, some in by_value.items()}}


def same(found: Report, facts: Iterable[Fact], articles: Articles | None = None) -> None:
    """The report says what the facts say; estimated percentiles are within the printed error."""
    facts = list(facts)
    question = found.question
    now = lines_by_hand(facts, question.period, question.by, articles or {})
    before = lines_by_hand(facts, question.against or question.period.before(), question.by, articles or {})
    assert {row.value for row in found.rows} == {value for value in {**now, **before} if value is not None}
    for row in found.rows:
        same_line(row.line, now.get(row.value, Line(row.value)))
        same_line(row.before, before.get(row.value, Line(row.value)), sums_only=found.source == "facts")
    same_line(found.whole.line, now[None])
    same_line(found.whole.before, before[None])
    hours = [row.line.sums.wall_seconds for row in found.rows]
    assert hours == sorted(hours, reverse=True)


def same_line(found: Line, wanted: Line, *, sums_only: bool = False) -> None:
    assert (found.value, found.sums) == (wanted.value, wanted.sums)
    if not sums_only:
        assert (found.time, found.parties) == (wanted.time, wanted.parties)
    if found.spread.exact:
        assert found.spread == wanted.spread
        return
    for time in ("wall", "work"):
        for percent in (50, 90):
            about, exact = found.spread.of(time, percent), wanted.spread.of(time, percent)
            assert (about is None) == (exact is None)
            assert about is None or exact is None or abs(about - exact) <= max(30, HISTOGRAM_ERROR * exact + 1)


def close_with_lines(world: World, month: date, facts: Iterable[Fact], now: datetime) -> None:
    """As closing a month does: its exact lines are stored."""
    facts = list(facts)
    with unit_of_work() as work:
        work.add(ReportMonth(month=month, closed_at=now, closed_by_id=world.users.ops.id, rule_version=1))
        work.flush()
        for cut in Dimension:
            for value, line in lines_by_hand(facts, month_of(month), cut, {}).items():
                name = WHOLE if value is None else cut.value
                if value is not None or cut is Dimension.TYPE:
                    work.add(ReportLine(month=month, cut=name, value=line.value, document=line_document(line)))


@given(data=st.data())
@planted
def test_sums_facts_and_a_closed_months_lines_say_the_same(world: World, now: datetime, data: st.DataObject) -> None:
    clear()
    facts = plant(world, data.draw(histories(world)))
    for cut in BUCKETED:
        question = Question(MONTH, cut)
        kept = reports.report(question, world.actors.ops)
        assert (kept.source, kept.rule_version) == ("sums", None)
        same(kept, facts)
        for period in (MONTH, BEFORE):
            [lines] = report_figures.lines([period], cut, (), world.actors.ops)
            assert lines == lines_by_hand(facts, period, cut, {})
    for month in (BEFORE, MONTH):
        close_with_lines(world, month.first, facts, now)
    for cut in BUCKETED:
        closed = reports.report(Question(MONTH, cut), world.actors.ops)
        assert (closed.source, closed.rule_version, closed.due) == ("closed", 1, 0)
        assert all(row.line.spread.exact and row.before.spread.exact for row in (closed.whole, *closed.rows))
        same(closed, facts)


@given(data=st.data())
@planted
def test_every_cut_filter_and_range_says_what_the_facts_say(world: World, data: st.DataObject) -> None:
    clear()
    articles = {
        number: data.draw(st.sets(st.tuples(st.sampled_from(("CUP", "LID")), st.sampled_from(("", "L7")))))
        for number in range(1, 13)
    }
    drawn = data.draw(histories(world))
    articles = {number: pairs for number, pairs in articles.items() if any(one.ticket_id == number for one in drawn)}
    facts = plant(world, drawn, articles)
    ids = {one.ticket_id: real.ticket_id for one, real in zip(drawn, facts, strict=True)}
    real_articles = {ids[number]: pairs for number, pairs in articles.items()}
    first = data.draw(st.dates(MONTH.first - timedelta(days=20), MONTH.last))
    period = Period(first, data.draw(st.dates(first, MONTH.last)))
    for cut in Dimension:
        found = reports.report(Question(period, cut), world.actors.ops)
        same(found, facts, real_articles)
        for row in found.rows[:2]:
            only = reports.report(Question(period, Dimension.TYPE, only=((cut, row.value),)), world.actors.ops)
            assert only.source == "facts"
            same(only, [one for one in facts if row.value in values_of(one, cut, real_articles)], real_articles)


@given(data=st.data())
@planted
def test_a_supervisor_sees_the_figures_of_his_queues_alone(world: World, data: st.DataObject) -> None:
    clear()
    facts = plant(world, data.draw(histories(world)))
    his = [one for one in facts if one.queue_id in world.actors.supervisor.queues]
    for cut in (Dimension.TYPE, Dimension.QUEUE, Dimension.AGENT):
        found = reports.report(Question(MONTH, cut), world.actors.supervisor)
        assert found.source == "facts"
        same(found, his)
    other = str(world.queues.warehouse.id)
    asked = Question(MONTH, only=((Dimension.QUEUE, other),))
    assert reports.report(asked, world.actors.supervisor).rows == ()
    check_charts(world.actors.supervisor, his, Question(MONTH))


@given(data=st.data())
@planted
def test_charts_are_drawn_from_the_same_facts(world: World, data: st.DataObject) -> None:
    clear()
    facts = plant(world, data.draw(histories(world)))
    check_charts(world.actors.ops, facts, Question(MONTH))
    check_charts(world.actors.ops, facts, Question(Period(BEFORE.first + timedelta(days=4), MONTH.last)))
    only = [one for one in facts if one.type == "wrong_item"]
    check_charts(world.actors.ops, only, Question(MONTH, only=((Dimension.TYPE, "wrong_item"),)))


def check_charts(actor: Actor, facts: Iterable[Fact], question: Question) -> None:
    facts = list(facts)
    counting = [one for one in facts if question.period.first <= one.day <= question.period.last]
    weekly = reports.heat(question, actor)
    assert [len(row) for row in weekly] == [24] * 7
    opened = Counter((one.day.weekday(), one.hour) for one in counting if one.side is Side.OPENED)
    assert +Counter({(day, hour): weekly[day][hour] for day in range(7) for hour in range(24)}) == opened
    for time in ("wall", "work"):
        seconds = [getattr(one, f"{time}_seconds") for one in counting if one.side is Side.RESOLVED]
        histogram = reports.durations(question, actor, time)
        assert sum(many for _edge, many in histogram) == len(seconds)
        found = Counter({bin_of(edge): many for edge, many in histogram})
        assert +found == Counter(bin_of(one) for one in seconds)
        assert sorted(found) == list(range(min(found, default=0), max(found, default=-1) + 1))
    months = reports.trend(question, actor, months=3)
    assert [month for month, _lines in months] == [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]
    for month, lines in months:
        wanted = lines_by_hand(facts, month_of(month), Dimension.CLASS, {})
        assert set(lines) == {value for value in wanted if value is not None}
        for value, line in lines.items():
            assert line == Line(value, wanted[value].sums)


def test_a_ticket_with_two_articles_counts_once_for_each_and_once_in_all(world: World) -> None:
    plant(world, [fact(world, Side.OPENED)], {1: [("CUP", "L1"), ("CUP", "L2"), ("LID", "")]})
    found = reports.report(Question(MONTH, Dimension.SKU), world.actors.ops)
    assert [(row.value, row.line.sums.opened) for row in found.rows] == [("CUP", 1), ("LID", 1)]
    assert found.whole.line.sums.opened == 1


def test_a_longer_period_tells_percentiles_from_the_histogram(world: World) -> None:
    facts = plant(world, [fact(world, wall_seconds=n * 977, work_seconds=n * 311, ticket_id=n) for n in range(1, 40)])
    year = Period(date(2026, 1, 2), date(2026, 10, 30))
    found = reports.report(Question(year, Dimension.WAREHOUSE), world.actors.ops)
    assert not found.whole.line.spread.exact
    same(found, facts)


def test_whole_months_together_are_read_from_sums(world: World) -> None:
    facts = plant(
        world, [fact(world, day=date(2026, month, 9), ticket_id=month, wall_seconds=month) for month in (8, 10)]
    )
    quarter, half = Period(date(2026, 8, 1), date(2026, 10, 31)), Period(date(2026, 2, 1), date(2026, 7, 31))
    found = reports.report(Question(quarter, against=half), world.actors.ops)
    assert (found.source, found.whole.line.sums.resolved) == ("sums", 2)
    same(found, facts)


def test_values_beyond_the_limit_are_counted_in_the_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST_ROWS", 2)
    plant(
        world,
        [fact(world, warehouse=name, ticket_id=n, wall_seconds=n) for n, name in enumerate(("东", "南", "西"), 1)],
    )
    found = reports.report(Question(MONTH, Dimension.WAREHOUSE), world.actors.ops)
    assert [row.value for row in found.rows] == ["西", "南"]
    assert (found.left_out, found.whole.line.sums.resolved) == (1, 3)


@pytest.mark.parametrize("closed", [(BEFORE,), (BEFORE, MONTH)], ids=["the month before", "both"])
def test_of_closed_months_only_the_longest_values_are_read(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch, closed: tuple[Period, ...]
) -> None:
    days = (date(2026, 10, 5), date(2026, 9, 5))
    agents = [world.users.agent.id, world.users.agent2.id, world.users.supervisor.id]
    resolved = [
        fact(world, ticket_id=1 + 3 * place + n, side=Side.RESOLVED, day=day, agent_id=agent, wall_seconds=seconds)
        for place, day in enumerate(days)
        for n, (agent, seconds) in enumerate(zip(agents, (100, 300, 200), strict=True))
    ]
    facts = plant(world, resolved)
    for month in closed:
        close_with_lines(world, month.first, facts, now)
    everything = reports.report(Question(MONTH, Dimension.AGENT), world.actors.ops)
    monkeypatch.setattr(reports, "MOST_ROWS", 2)
    found = reports.report(Question(MONTH, Dimension.AGENT), world.actors.ops)
    assert (found.rows, found.whole) == (everything.rows[:2], everything.whole)
    assert (found.left_out, everything.left_out) == (1, 0)
    assert [row.value for row in found.rows] == [str(agents[1]), str(agents[2])]


def test_nothing_at_all_is_a_report_too(world: World) -> None:
    for cut in Dimension:
        found = reports.report(Question(MONTH, cut), world.actors.ops)
        assert (found.rows, found.whole.line) == ((), Line(""))
    assert reports.durations(Question(MONTH), world.actors.ops, "wall") == ()


def test_what_changed_and_is_not_counted_yet_is_told_within_ones_sight(world: World) -> None:
    facts = plant(
        world,
        [
            fact(world, ticket_id=1),
            fact(world, ticket_id=2, queue_id=world.queues.warehouse.id),
        ],
    )
    with unit_of_work() as work:
        work.add_all(ReportDue(ticket_id=one.ticket_id) for one in (*facts, *facts))
    assert reports.report(Question(MONTH), world.actors.ops).due == 2
    assert reports.report(Question(MONTH), world.actors.supervisor).due == 1


@pytest.mark.parametrize("who", ["agent", "outsider", "warehouse"])
def test_who_may_not_read_reports_is_told_so(world: World, who: str) -> None:
    actor = getattr(world.actors, who)
    for ask in (
        lambda: reports.report(Question(MONTH), actor),
        lambda: reports.trend(Question(MONTH), actor),
        lambda: reports.heat(Question(MONTH), actor),
        lambda: reports.durations(Question(MONTH), actor, "wall"),
    ):
        with pytest.raises(NotAllowed):
            ask()


@pytest.mark.parametrize("value", ["x", "-1", "1e3", "９", "9" * 12, "1 OR 1=1"])
def test_a_number_that_is_none_is_refused(world: World, value: str) -> None:
    with pytest.raises(Invalid):
        reports.report(Question(MONTH, only=((Dimension.QUEUE, value),)), world.actors.ops)


@pytest.mark.parametrize("cut", list(Dimension))
def test_a_report_takes_few_statements(world: World, now: datetime, cut: Dimension, statements: Statements) -> None:
    facts = plant(world, [fact(world, ticket_id=n, day=date(2026, 9 + n % 2, 5)) for n in range(1, 9)])
    asked = (
        (world.actors.ops, Question(MONTH, cut)),
        (world.actors.ops, Question(MONTH, cut, against=Period(date(2026, 9, 3), date(2026, 9, 9)))),
        (world.actors.supervisor, Question(MONTH, cut)),
    )
    for closing in (None, BEFORE, MONTH):
        if closing:
            close_with_lines(world, closing.first, facts, now)
        for actor, question in asked:
            db.session.remove()
            with statements() as seen:
                reports.report(question, actor)
            assert len(seen) <= 7


def test_charts_take_few_statements(world: World, statements: Statements) -> None:
    plant(world, [fact(world, ticket_id=n) for n in range(1, 9)])
    charts: list[tuple[int, Callable[[Actor], object]]] = [
        (1, lambda actor: reports.trend(Question(MONTH), actor)),
        (1, lambda actor: reports.heat(Question(MONTH), actor)),
        (1, lambda actor: reports.durations(Question(MONTH), actor, "work")),
    ]
    for most, draw in charts:
        for actor in (world.actors.ops, world.actors.supervisor):
            db.session.remove()
            with statements() as seen:
                draw(actor)
            assert len(seen) <= most
