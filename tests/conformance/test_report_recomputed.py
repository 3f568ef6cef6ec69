"""Every figure of a random month, computed anew from the raw rows by plain Python.

Tickets, stays, events, clocks, shares, orders and money are written as rows; the follower counts them; report, lists,
CSV and workbook have to say what is added up here, ten minutes after ten minutes, without any of the program's rules.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.reports import Dimension, Line, Question, month_of
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.models import (
    ClockRow,
    Compensation,
    Event,
    Order,
    OrderLine,
    Parcel,
    Responsibility,
    Stint,
    Ticket,
)
from helpdesk.queries import report_tickets, reports
from helpdesk.services import report_facts
from helpdesk.storage import db, session, unit_of_work
from helpdesk.wording import report_files
from tests.factories import World, add
from tests.report_facts import clear

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTH = month_of(date(2026, 10, 1))
START = datetime(2026, 9, 26, 0, 0, tzinfo=SHANGHAI).astimezone(UTC)
GRAIN = timedelta(minutes=10)
TYPES = {"wrong_item": "C", "price_dispute": "A", "logistics_stuck": "B"}
QUEUES = ("finance", "customer_service", "warehouse")
CLOCKS = ("first", "solution", "queue", "platform", "again")


@dataclass
class Story:
    """What happened to a ticket, in steps of ten minutes since its creation."""

    created: datetime
    type: str
    channel: str
    owner: str | None
    queue: str
    moves: list[tuple[int, str]]  # to a queue, or to a status
    resolved_after: int | None
    merged: bool
    reopened: bool
    clocks: list[tuple[str, int, bool, str]]  # kind, cycle, in time, result: met, running, cancelled
    shares: dict[str, int]
    money: list[tuple[int, int, str]]  # steps after creation, fen, state
    warehouse: str
    carriers: list[str]
    articles: list[tuple[str, str]]
    has_order: bool
    id: int = 0
    stays: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    steps = sorted(draw(st.lists(st.integers(1, 500), max_size=4)))
    places = st.sampled_from((*QUEUES, "pending_customer", "pending_approval", "open"))
    length = draw(st.none() | st.integers(max([0, *steps]), 600))
    usual = [("first_response", 1), ("solution", 1), ("platform", 1), ("first_response", 2), ("solution", 2)]
    kinds = draw(st.lists(st.sampled_from(usual), unique=True, max_size=5))
    results = st.sampled_from(("met", "met", "met", "running", "cancelled"))
    return Story(
        created=START + draw(st.integers(0, 6 * 24 * 38)) * GRAIN,
        type=draw(st.sampled_from(sorted(TYPES))),
        channel=draw(st.sampled_from(("tmall", "jd"))),
        owner=draw(st.sampled_from((None, "agent", "agent2"))),
        queue=draw(st.sampled_from(QUEUES)),
        moves=[(step, draw(places)) for step in steps],
        resolved_after=length,
        merged=draw(st.integers(0, 9)) == 0,
        reopened=draw(st.booleans()) if length is not None else False,
        clocks=[(kind, cycle, draw(st.booleans()), draw(results)) for kind, cycle in kinds],
        shares=draw(st.sampled_from(({}, {"courier": 100}, {"warehouse": 65, "courier": 35}))),
        money=draw(
            st.lists(
                st.tuples(
                    st.integers(0, 900),
                    st.integers(1, 90_000),
                    st.sampled_from(("proposed", "approved", "paid", "rejected", "withdrawn", "reversed")),
                ),
                max_size=3,
            )
        ),
        warehouse=draw(st.sampled_from(("", "华东仓", "华南仓"))),
        carriers=draw(st.lists(st.sampled_from(("", "顺丰", "中通")), max_size=2)),
        articles=draw(st.lists(st.sampled_from((("CUP", "L1"), ("CUP", "L2"), ("LID", ""))), unique=True, max_size=3)),
        has_order=draw(st.booleans()),
    )


def write(world: World, story: Story) -> None:
    """The story as rows."""
    number = 1 + (session().scalar(select(func.max(Ticket.id))) or 0)
    order = _order(world, story, number) if story.has_order else None
    ended = None if story.resolved_after is None else story.created + story.resolved_after * GRAIN
    queue = next((to for _step, to in reversed(story.moves) if to in QUEUES), story.queue)
    ticket = Ticket(
        number=f"S{number:06d}",
        shop_id=world.shop.id,
        channel_id=getattr(world.channels, story.channel).id,
        order_id=order.id if order else None,
        subject=f"故事 {number}",
        type=story.type,
        klass=TYPES[story.type],
        tier="manual",
        rule_version=1,
        queue_id=getattr(world.queues, queue).id,
        owner_id=getattr(world.users, story.owner).id if story.owner else None,
        status="merged" if story.merged else "closed" if ended and not story.reopened else "open",
        burns_at=FAR_FUTURE,
        created_at=story.created,
        first_resolved_at=ended,
        cycle=2 if story.reopened else 1,
    )
    add(ticket)
    story.id = ticket.id
    _write_stays(world, story)
    _write_moves(world, story, ended)
    for kind, cycle, in_time, result in story.clocks:
        _clock(world, story, kind, cycle, in_time, result)
    add(*(Responsibility(ticket_id=ticket.id, party=party, percent=n) for party, n in story.shares.items()))
    for at, (step, fen, state) in enumerate(story.money):
        add(_promise(world, story, f"story:{ticket.id}:{at}", step, fen, state))
    report_facts.mark(ticket.id)


def _order(world: World, story: Story, number: int) -> Order:
    row = Order(
        shop_id=world.shop.id,
        channel_id=getattr(world.channels, story.channel).id,
        number=f"O{number}",
        known=True,
        warehouse=story.warehouse,
        updated_at=story.created,
    )
    add(row)
    parcels = enumerate(story.carriers)
    add(*(Parcel(order_id=row.id, carrier=carrier, tracking_number=f"T{number}-{n}") for n, carrier in parcels))
    articles = enumerate(story.articles)
    add(*(OrderLine(order_id=row.id, position=n, sku=s, batch=b, name=s, quantity=1) for n, (s, b) in articles))
    return row


def _write_stays(world: World, story: Story) -> None:
    """A queue clock goes with each stay; every second one is in time."""
    entries = [(0, story.queue), *((step, to) for step, to in story.moves if to in QUEUES)]
    for at, (step, code) in enumerate(entries):
        entered = story.created + step * GRAIN
        left = story.created + entries[at + 1][0] * GRAIN if at + 1 < len(entries) else None
        story.stays.append((code, entered, left))
        queue = getattr(world.queues, code)
        stint = Stint(ticket_id=story.id, kind="stay", queue_id=queue.id, entered_at=entered, left_at=left)
        add(stint)
        if left is not None:
            add(_row(world, story, "queue", 1, at % 2 == 0, "met", queue.calendar_id, stint_id=stint.id))


def _write_moves(world: World, story: Story, ended: datetime | None) -> None:
    steps = [(step, to) for step, to in story.moves if to not in QUEUES]
    if ended is not None:
        steps.append((story.resolved_after or 0, "resolved"))
    before = "new"
    for step, to in steps:
        params = {"from": before, "to": to}
        add(
            Event(
                ticket_id=story.id,
                at=story.created + step * GRAIN,
                actor_id=world.users.system.id,
                source="job",
                code="ticket.status",
                params=params,
            )
        )
        before = to


def _clock(world: World, story: Story, kind: str, cycle: int, in_time: bool, result: str) -> None:
    """The solution's counts by the hours of the type's queue, which is not where the ticket happens to be."""
    calendar = world.calendars.office if TYPES[story.type] != "B" else world.calendars.always
    add(_row(world, story, kind, cycle, in_time, result, calendar.id))


def _row(
    world: World, story: Story, kind: str, cycle: int, in_time: bool, result: str, calendar: int, **more: Any
) -> ClockRow:
    return ClockRow(
        ticket_id=story.id,
        kind=kind,
        cycle=cycle,
        rule_version=1,
        calendar_id=calendar,
        calendar_version=1,
        target_seconds=3600,
        started_at=story.created,
        pauses=[],
        met_at=None if result == "running" else story.created + GRAIN,
        breached=None if result == "running" else not in_time,
        cancelled_at=story.created + GRAIN if result == "cancelled" else None,
        **more,
    )


def _promise(world: World, story: Story, key: str, step: int, fen: int, state: str) -> Compensation:
    return Compensation(
        key=key,
        ticket_id=story.id,
        policy_code="coupon",
        rule_version=1,
        kind="coupon",
        amount_fen=fen,
        is_remedy=False,
        state=state,
        proposed_by_id=world.users.agent.id,
        proposed_at=story.created + step * GRAIN,
    )


# The same month, added up by hand.


def is_open(code: str, at: datetime) -> bool:
    """Customer service never closes; the others work from nine to six, Monday to Friday."""
    local = at.astimezone(SHANGHAI)
    return code == "customer_service" or (local.weekday() < 5 and 9 <= local.hour < 18)


def counts(at: datetime) -> bool:
    return (at.astimezone(SHANGHAI).year, at.astimezone(SHANGHAI).month) == (2026, 10)


def whose_time(story: Story) -> Counter[str]:
    spent: Counter[str] = Counter()
    for step in range(story.resolved_after or 0):
        at = story.created + step * GRAIN
        status = next((to for since, to in reversed(story.moves) if since <= step and to not in QUEUES), "new")
        queue = next((to for since, to in reversed(story.moves) if since <= step and to in QUEUES), story.queue)
        if status.startswith("pending_"):
            who = status.removeprefix("pending_")
        else:
            who = queue if is_open(queue, at) else "closed"
        spent[who] += 600
    return spent


def working_time(story: Story) -> int:
    """By the hours of the solution's clock; where there is no result of one, by those of the queue that has it."""
    by_clock = any((kind, cycle, result) == ("solution", 1, "met") for kind, cycle, _ok, result in story.clocks)
    queue = next((to for _step, to in reversed(story.moves) if to in QUEUES), story.queue)
    hours = ("customer_service" if TYPES[story.type] == "B" else "warehouse") if by_clock else queue
    steps = range(story.resolved_after or 0)
    return sum(600 for step in steps if is_open(hours, story.created + step * GRAIN))


@dataclass
class Figures:
    """What a value of the cut comes to."""

    sums: Counter[str] = field(default_factory=Counter)
    walls: list[int] = field(default_factory=list)
    works: list[int] = field(default_factory=list)
    time: Counter[str] = field(default_factory=Counter)
    parties: Counter[str] = field(default_factory=Counter)

    def take(self, story: Story) -> None:
        if not story.merged:
            self.sums["opened"] += counts(story.created)
            if story.resolved_after is not None and counts(story.created + story.resolved_after * GRAIN):
                self.take_resolved(story)
        for step, fen, state in story.money:
            if state in ("proposed", "approved", "paid") and counts(story.created + step * GRAIN):
                self.sums.update({"money_n": 1, "money_fen": fen})

    def take_resolved(self, story: Story) -> None:
        self.sums.update({"resolved": 1, "reopened": int(story.reopened)})
        self.walls.append((story.resolved_after or 0) * 600)
        self.works.append(working_time(story))
        self.time.update(whose_time(story))
        self.parties.update(story.shares or {"unsaid": 100})
        for kind, cycle, in_time, result in story.clocks:
            if result == "met":
                name = "platform" if kind == "platform" else "again" if cycle > 1 else kind.removesuffix("_response")
                self.sums.update({f"{name}_n": 1, f"{name}_ok": int(in_time)})
        ended = [at for at, (_code, _entered, left) in enumerate(story.stays) if left is not None]
        self.sums.update({"queue_n": len(ended), "queue_ok": sum(at % 2 == 0 for at in ended)})


def values_of(world: World, story: Story, cut: Dimension) -> set[str]:
    queue = next((to for _step, to in reversed(story.moves) if to in QUEUES), story.queue)
    courier = next((carrier for carrier in story.carriers if carrier), "") if story.has_order else ""
    return {
        Dimension.TYPE: {story.type},
        Dimension.CLASS: {TYPES[story.type]},
        Dimension.CHANNEL: {str(getattr(world.channels, story.channel).id)},
        Dimension.QUEUE: {str(getattr(world.queues, queue).id)},
        Dimension.AGENT: {str(getattr(world.users, story.owner).id) if story.owner else ""},
        Dimension.SKU: {sku for sku, _batch in story.articles if story.has_order} or {""},
        Dimension.WAREHOUSE: {story.warehouse if story.has_order else ""},
        Dimension.COURIER: {courier},
    }[cut]


def by_hand(world: World, told: Sequence[Story], cut: Dimension) -> dict[str | None, Figures]:
    found: defaultdict[str | None, Figures] = defaultdict(Figures)
    for story in told:
        for value in (None, *values_of(world, story, cut)):
            found[value].take(story)
    return {value: figures for value, figures in found.items() if value is None or +figures.sums}


def nearest_rank(times: list[int], percent: int) -> int | None:
    """The least time that so many per cent of all do not exceed."""
    return next((one for one in sorted(times) if sum(t <= one for t in times) * 100 >= percent * len(times)), None)


def check_line(line: Line, figures: Figures) -> None:
    """A line of the report; percentiles that are estimated are within the printed five per cent."""
    stored = {name: getattr(line.sums, name) for name in type(line.sums).__slots__}
    wanted = {**figures.sums, "wall_seconds": sum(figures.walls), "work_seconds": sum(figures.works)}
    assert {name: n for name, n in stored.items() if n} == {name: n for name, n in wanted.items() if n}
    assert line.time == figures.time
    assert line.parties == figures.parties
    for time, times in (("wall", figures.walls), ("work", figures.works)):
        for percent in (50, 90):
            found, exact = line.spread.of(time, percent), nearest_rank(times, percent)
            assert (found is None) == (exact is None)
            if found is not None and exact is not None:
                assert abs(found - exact) <= (0 if line.spread.exact else max(30, exact * 0.05))


def check_lists(question: Question, value: str | None, figures: Figures, actor: Actor) -> None:
    sums = figures.sums
    wanted = {name: sums[name] for name in ("opened", "resolved", "reopened")} | {"money": sums["money_fen"]}
    wanted |= {f"late_{clock}": sums[f"{clock}_n"] - sums[f"{clock}_ok"] for clock in CLOCKS}
    wanted |= {f"time:{who}": seconds for who, seconds in figures.time.items()}
    wanted |= {f"party:{party}": points for party, points in figures.parties.items()}
    for figure, total in wanted.items():
        listed = report_tickets.tickets(question, figure, value, actor)
        assert (figure, listed.total, sum(row.amount for row in listed.rows)) == (figure, total, total)


def check_files(question: Question, actor: Actor, found: dict[str | None, Figures]) -> None:
    answer = report_files.answer(question, actor, time="wall", today=date(2026, 11, 23))
    table = list(csv.DictReader(io.StringIO(report_files.csv_file(answer).decode("utf-8-sig"))))
    book = load_workbook(io.BytesIO(report_files.workbook(answer)), read_only=True)
    headers, *cells = book["报表"].iter_rows(values_only=True)
    sheet = [dict(zip(headers, row, strict=True)) for row in cells]
    values = [*(row.value for row in answer.found.rows), None]
    for value, text, cell in zip(values, table, sheet, strict=True):
        figures = found.get(value, Figures())
        mean = sum(figures.walls) / len(figures.walls) / 3600 if figures.walls else None
        late = figures.sums["solution_n"] - figures.sums["solution_ok"]
        wanted: dict[str, float | None] = {
            "数量（张）": figures.sums["opened"],
            "解决（张）": figures.sums["resolved"],
            "平均时长（自然时间，小时）": mean,
            "重开（张）": figures.sums["reopened"],
            "解决时限超时（个）": late,
            "补偿（元）": figures.sums["money_fen"] / 100,
        }
        for header, figure in wanted.items():
            if figure is None:
                assert (text[header], cell[header]) == ("", None)
            else:
                assert abs(float(text[header]) - figure) < 0.001
                assert abs(float(cell[header]) - figure) < 0.001


@given(told=st.lists(stories(), min_size=1, max_size=5), cut=st.sampled_from(Dimension))
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_month_adds_up_to_what_happened_in_it(app: Flask, world: World, told: list[Story], cut: Dimension) -> None:
    clear()
    with unit_of_work():
        for story in told:
            story.stays.clear()
            write(world, story)
    follow_reports()
    db.session.remove()
    ops, wanted = world.actors.ops, by_hand(world, told, cut)
    question = Question(MONTH, cut)
    found = reports.report(question, ops)
    check_line(found.whole.line, wanted[None])
    now = {row.value: row.line for row in found.rows}
    assert {value for value in wanted if value is not None} <= set(now)
    for value, line in now.items():
        check_line(line, wanted.get(value, Figures()))
    check_lists(question, None, wanted[None], ops)
    one = next((value for value in wanted if value is not None), None)
    check_lists(question, one, wanted[one], ops)
    with app.test_request_context("/reports"):
        check_files(question, ops, wanted)
