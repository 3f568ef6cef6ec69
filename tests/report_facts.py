"""Facts for reports, planted as the follower stores them: tickets' rows, facts, and the sums that go with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.reports import Fact, Period, Side, month_of
from helpdesk.models import ReportMonth, Ticket
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import report_facts
from helpdesk.storage import Base, session, unit_of_work
from tests.factories import World

SHANGHAI = ZoneInfo("Asia/Shanghai")
TYPES = ("wrong_item", "address_change", "price_dispute", "logistics_stuck")
MONTH = month_of(date(2026, 10, 1))


def fact(world: World, side: Side = Side.RESOLVED, day: date = date(2026, 10, 5), **more: Any) -> Fact:
    """One side of a ticket (``ticket_id`` is a number of the test's own until it is planted)."""
    hour = more.pop("hour", 10)
    at = datetime.combine(day, time(hour, 30), SHANGHAI).astimezone(UTC)
    type = more.setdefault("type", "wrong_item")
    usual: dict[str, Any] = {
        "ticket_id": 1,
        "shop_id": world.shop.id,
        "channel_id": world.channels.tmall.id,
        "queue_id": world.queues.customer_service.id,
        "agent_id": world.users.agent.id,
        "klass": published_rulebook().types[type].klass.value,
        "rule_version": 1,
    }
    if side is Side.RESOLVED and "time" not in more:
        more["time"] = {"customer_service": more["wall_seconds"]} if more.get("wall_seconds") else {}
    return Fact(side=side, at=at, day=day, hour=hour, **{**usual, **more})


def plant(
    world: World, facts: Iterable[Fact], articles: Mapping[int, Iterable[tuple[str, str]]] | None = None
) -> list[Fact]:
    """Store facts with a ticket of its own for each of their ``ticket_id``; returns them with the tickets' real ids.

    ``articles``: (SKU, batch) by the test's number of the ticket.
    """
    facts = list(facts)
    with unit_of_work():
        ids = {number: _ticket(world, facts, number) for number in dict.fromkeys(one.ticket_id for one in facts)}
        real = [replace(one, ticket_id=ids[one.ticket_id]) for one in facts]
        report_facts.replace([], real)
        report_facts.keep_articles({ids[number]: set(pairs) for number, pairs in (articles or {}).items()})
    return real


def _ticket(world: World, facts: Sequence[Fact], number: int) -> int:
    first = next(one for one in facts if one.ticket_id == number)
    row = Ticket(
        number=f"R{1 + (session().scalar(select(func.max(Ticket.id))) or 0):06d}",
        shop_id=first.shop_id,
        channel_id=first.channel_id,
        queue_id=first.queue_id,
        owner_id=first.agent_id,
        subject=f"第 {number} 件",
        status="closed",
        type=first.type,
        klass=first.klass,
        tier="manual",
        rule_version=first.rule_version,
        burns_at=FAR_FUTURE,
        created_at=first.at,
    )
    session().add(row)
    session().flush()
    return row.id


def clear() -> None:
    """Forget all facts, sums and closed months, such as between the examples of a property."""
    with unit_of_work() as work:
        for name in ("fact_time", "fact_party", "fact", "ticket_sku", "day", "part", "line", "month", "due"):
            work.execute(delete(Base.metadata.tables[f"report_{name}"]))


def close(world: World, month: date, now: datetime) -> None:
    """Close a month, without its lines: its facts change no more."""
    with unit_of_work() as work:
        work.add(ReportMonth(month=month, closed_at=now, closed_by_id=world.users.ops.id, rule_version=1))


@st.composite
def histories(draw: st.DrawFn, world: World, period: Period = MONTH) -> list[Fact]:
    """Facts of a handful of tickets that were opened within or just before the period: a side each, or all three."""
    return [fact for number in range(1, draw(st.integers(1, 12)) + 1) for fact in draw(_history(world, number, period))]


@st.composite
def _history(draw: st.DrawFn, world: World, number: int, period: Period) -> list[Fact]:
    days = st.dates(period.first - timedelta(days=35), period.last)
    queues = (world.queues.customer_service, world.queues.warehouse, world.queues.finance)
    shared = {
        "ticket_id": number,
        "type": draw(st.sampled_from(TYPES)),
        "channel_id": draw(st.sampled_from((world.channels.tmall.id, world.channels.jd.id))),
        "queue_id": draw(st.sampled_from(queues)).id,
        "agent_id": draw(st.sampled_from((None, world.users.agent.id, world.users.agent2.id))),
        "warehouse": draw(st.sampled_from(("", "华东仓", "华南仓"))),
        "courier": draw(st.sampled_from(("", "顺丰", "中通"))),
    }
    opened, resolved = sorted((draw(days), draw(days)))
    found = [fact(world, Side.OPENED, opened, hour=draw(st.integers(0, 23)), **shared)]
    if draw(st.booleans()):
        found.append(fact(world, Side.RESOLVED, resolved, **shared, **draw(_measured(queues))))
    for item in range(draw(st.integers(0, 2))):
        fen = draw(st.integers(1, 50_000))
        found.append(fact(world, Side.MONEY, opened, item_id=item + 1, money_fen=fen, **shared))
    return found


@st.composite
def _measured(draw: st.DrawFn, queues: Sequence[Any]) -> dict[str, Any]:
    names = ("closed", "customer", *(queue.code for queue in queues))
    time_by = draw(st.dictionaries(st.sampled_from(names), st.integers(1, 400_000), max_size=3))
    wall = sum(time_by.values())
    found: dict[str, Any] = {"wall_seconds": wall, "work_seconds": draw(st.integers(0, wall)), "time": time_by}
    for clock, most in (("first", 1), ("solution", 1), ("queue", 3), ("platform", 1), ("again", 2)):
        found[f"{clock}_n"] = draw(st.integers(0, most))
        found[f"{clock}_ok"] = draw(st.integers(0, found[f"{clock}_n"]))
    found["reopened"] = draw(st.integers(0, 1))
    shares: tuple[dict[str, int], ...] = ({}, {"courier": 100}, {"warehouse": 70, "courier": 30})
    found["parties"] = draw(st.sampled_from(shares))
    return found
