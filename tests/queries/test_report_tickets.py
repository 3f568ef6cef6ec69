"""Behind every figure of the report stands a list of tickets that adds up to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.domain.reports import CLOCKS, Dimension, Line, Period, Question, Side, bin_of
from helpdesk.models import Ticket
from helpdesk.queries import report_tickets, reports
from helpdesk.queries.report_tickets import every_ticket, tickets
from helpdesk.storage import db, session, unit_of_work
from tests.conftest import Statements
from tests.factories import World
from tests.report_facts import MONTH, clear, fact, histories, plant

planted = settings(
    max_examples=4,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def figures_of(line: Line) -> Iterator[tuple[str, int]]:
    """(name, what is shown) of all figures of a line that have a list."""
    sums = line.sums
    yield from (("opened", sums.opened), ("resolved", sums.resolved), ("reopened", sums.reopened))
    yield "money", sums.money_fen
    for clock in (*CLOCKS, "again"):
        yield f"late_{clock}", getattr(sums, f"{clock}_n") - getattr(sums, f"{clock}_ok")
    yield from ((f"time:{who}", seconds) for who, seconds in line.time.items())
    yield from ((f"party:{party}", points) for party, points in line.parties.items())


COUNTED = ("opened", "resolved", "reopened")


def check_figures(question: Question, actor: Actor) -> None:
    """Every figure on the page is what its list adds up to."""
    found = reports.report(question, actor)
    for value, line in ((None, found.whole.line), *((row.value, row.line) for row in found.rows)):
        for figure, shown in figures_of(line):
            listed = tickets(question, figure, value, actor)
            assert (listed.total, sum(row.amount for row in listed.rows)) == (shown, shown)
            assert listed.count == len(listed.rows)
            assert figure not in COUNTED or listed.count == shown
            if figure == "money":
                assert listed.count == line.sums.money_n
    for day, hours in enumerate(reports.heat(question, actor)):
        for hour, shown in enumerate(hours):
            if shown or hour == day:
                assert tickets(question, f"hour:{day * 24 + hour}", None, actor).count == shown
    for time in ("wall", "work"):
        bins = [(bin_of(edge), shown) for edge, shown in reports.durations(question, actor, time)]
        for number, shown in bins[:6]:
            assert tickets(question, f"bin:{time}:{number}", None, actor).count == shown
        if bins:
            span = f"bin:{time}:{bins[0][0]}-{bins[-1][0]}"
            assert tickets(question, span, None, actor).count == sum(shown for _number, shown in bins)


@given(data=st.data())
@planted
def test_every_figure_is_what_its_list_adds_up_to(world: World, data: st.DataObject) -> None:
    clear()
    articles = {number: [("CUP", "L1"), ("CUP", "L2"), ("LID", "")][: number % 4] for number in range(1, 13)}
    drawn = data.draw(histories(world))
    there = {one.ticket_id for one in drawn}
    plant(world, drawn, {number: pairs for number, pairs in articles.items() if number in there})
    cut = data.draw(st.sampled_from(Dimension))
    check_figures(Question(MONTH, cut), data.draw(st.sampled_from((world.actors.ops, world.actors.supervisor))))
    narrow = Question(
        Period(date(2026, 9, 20), date(2026, 10, 25)), Dimension.TYPE, only=((Dimension.COURIER, "顺丰"),)
    )
    check_figures(narrow, world.actors.ops)


def test_the_longest_come_first_and_pages_go_on_where_the_last_one_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_tickets, "PER_PAGE", 3)
    monkeypatch.setattr(report_tickets, "EXPORTED_AT_ONCE", 2)
    lengths = [5, 7, 7, 7, 1, 7, 3]
    plant(world, [fact(world, ticket_id=n, wall_seconds=s) for n, s in enumerate(lengths, 1)])
    question, after = Question(MONTH), ""
    for figure in ("resolved", "time:customer_service"):
        found: list[str] = []
        while True:
            page = tickets(question, figure, None, world.actors.ops, after)
            found += [row.number for row in page.rows]
            assert page.count == len(lengths)
            after = page.next
            if not after:
                break
        assert len(set(found)) == len(found) == len(lengths)
        seconds = {row.number: row.wall_seconds for row in every_ticket(question, figure, None, world.actors.ops)}
        assert [seconds[number] for number in found] == sorted(lengths, reverse=True)
        assert list(seconds) == found


def test_a_list_has_all_kinds_of_money_and_says_how_much(world: World) -> None:
    facts = [fact(world, Side.MONEY, ticket_id=1, item_id=item, money_fen=fen) for item, fen in ((1, 500), (2, 1200))]
    plant(world, facts)
    page = tickets(Question(MONTH), "money", "wrong_item", world.actors.finance)
    assert [row.amount for row in page.rows] == [1200, 500]
    assert (page.count, page.total) == (2, 1700)


def test_nobody_was_named_has_a_list_of_its_own(world: World) -> None:
    plant(world, [fact(world, ticket_id=1), fact(world, ticket_id=2, parties={"courier": 60, "warehouse": 40})])
    found = {
        party: [(row.number[-1], row.amount) for row in tickets(Question(MONTH), f"party:{party}", None, ops).rows]
        for ops in (world.actors.ops,)
        for party in ("unsaid", "courier", "warehouse", "supplier")
    }
    assert found == {"unsaid": [("1", 100)], "courier": [("2", 60)], "warehouse": [("2", 40)], "supplier": []}


def test_what_a_supervisor_may_not_open_is_counted_without_its_subject(world: World) -> None:
    """In a closed month a fact stays with the queue that the ticket has left since."""
    [gone, his] = plant(world, [fact(world, ticket_id=1, agent_id=None), fact(world, ticket_id=2)])
    with unit_of_work() as work:
        ticket = work.get_one(Ticket, gone.ticket_id)
        ticket.queue_id = world.queues.finance.id
    found = {row.number: row for row in tickets(Question(MONTH), "resolved", None, world.actors.supervisor).rows}
    numbers = {one.id: one.number for one in session().query(Ticket)}
    there, elsewhere = found[numbers[his.ticket_id]], found[numbers[gone.ticket_id]]
    assert (there.opens, there.subject, elsewhere.opens, elsewhere.subject) == (True, "第 2 件", False, "")
    everything = tickets(Question(MONTH), "resolved", None, world.actors.auditor).rows
    assert Counter(row.opens for row in everything) == {True: 2}


def test_a_supervisor_finds_no_ticket_of_another_queue(world: World) -> None:
    plant(world, [fact(world, ticket_id=1, queue_id=world.queues.warehouse.id), fact(world, ticket_id=2)])
    by_queue = Question(MONTH, Dimension.QUEUE)
    other = str(world.queues.warehouse.id)
    assert tickets(by_queue, "resolved", other, world.actors.supervisor).count == 0
    assert tickets(by_queue, "resolved", None, world.actors.supervisor).count == 1
    assert tickets(by_queue, "resolved", other, world.actors.ops).count == 1


@pytest.mark.parametrize(
    "figure",
    [
        *("", "nothing", "late_", "late_later", "wall_seconds", "opened:", "time:", "time:a b", "party:'"),
        *(
            "hour:168",
            "hour:-1",
            "hour:x",
            "hour:",
            "bin:wall",
            "bin:day:3",
            "bin:wall:x",
            "bin:wall:1-",
            "bin:wall:9999",
        ),
    ],
)
def test_a_figure_that_is_none_is_refused(world: World, figure: str) -> None:
    with pytest.raises(Invalid) as refused:
        tickets(Question(MONTH), figure, None, world.actors.ops)
    assert refused.value.code == "report.unknown_figure"


@pytest.mark.parametrize("after", ["x", "1", "1.", "1.2.3", "-1.2", "1 OR 1.1", "٣.٣"])
def test_a_place_that_is_none_is_refused(world: World, after: str) -> None:
    with pytest.raises(Invalid):
        tickets(Question(MONTH), "opened", None, world.actors.ops, after)


def test_who_may_not_read_reports_finds_no_list(world: World) -> None:
    for actor in (world.actors.agent, world.actors.outsider):
        with pytest.raises(NotAllowed):
            tickets(Question(MONTH), "opened", None, actor)


@pytest.mark.parametrize("figure", ["opened", "late_first", "time:customer_service", "party:unsaid", "hour:10"])
def test_a_list_takes_two_statements(world: World, figure: str, statements: Statements) -> None:
    plant(world, [fact(world, side, ticket_id=n) for n in range(1, 30) for side in (Side.OPENED, Side.RESOLVED)])
    for actor in (world.actors.ops, world.actors.supervisor):
        db.session.remove()
        with statements() as seen:
            tickets(Question(MONTH), figure, None, actor)
        assert len(seen) == 2
