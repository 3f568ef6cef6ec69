"""The queue page's list: who sees what, in which order, found how, at what price."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Invalid
from helpdesk.domain.ticket_filter import Tab, TicketFilter, parse_filter
from helpdesk.domain.views import Sort
from helpdesk.models import OrderStatus, Parcel, Ticket, TicketPause, TicketReader
from helpdesk.models.scope import readable
from helpdesk.queries import ticket_list
from helpdesk.queries.keyset import Cursor, parse_cursor
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.factories import World, add
from tests.tickets import HOUR

Statements = Callable[[], AbstractContextManager[list[str]]]
MINUTE = timedelta(minutes=1)


def numbers(actor: Actor, now: datetime, tab: Tab = Tab.ALL, **asked: str) -> list[str]:
    return [row.number for row in ticket_list.page(parse_filter(asked), tab, actor, now).rows]


# ---- order and pages


def test_what_burns_first_stands_first_and_urgency_stands_above_all(world: World, now: datetime) -> None:
    with unit_of_work():
        late = tickets.ticket(world, now, due_in=-HOUR).number
        soon = tickets.ticket(world, now, due_in=MINUTE).number
        paused = tickets.ticket(world, now, paused=True).number
        urgent = tickets.ticket(world, now, due_in=9 * HOUR, urgency=2).number
        tickets.ticket(world, now, status="resolved")
    assert numbers(world.actors.agent, now) == [urgent, late, soon, paused]


def test_pages_by_key_miss_nothing_and_repeat_nothing_in_both_directions(world: World, now: datetime) -> None:
    with unit_of_work():
        for place in range(23):
            tickets.ticket(world, now, due_in=(place % 5) * MINUTE, urgency=place % 3)
    everything = numbers(world.actors.agent, now)
    pages, cursor = [], None
    while True:
        page = ticket_list.page(TicketFilter(), Tab.ALL, world.actors.agent, now, after=cursor, size=5)
        pages.append([row.number for row in page.rows])
        assert (page.newer is None) == (cursor is None)
        if page.older is None:
            break
        cursor = parse_cursor(str(page.older))
    assert [number for one in pages for number in one] == everything
    assert [len(one) for one in pages] == [5, 5, 5, 5, 3]
    back = []
    while page.newer is not None:
        page = ticket_list.page(TicketFilter(), Tab.ALL, world.actors.agent, now, before=page.newer, size=5)
        back.append([row.number for row in page.rows])
        assert page.older is not None
    assert back == pages[-2::-1]


ORDERED = {
    Sort.CREATED: lambda row: (row.created_at, row.id),
    Sort.MESSAGE: lambda row: (row.last_customer_message_at, row.id),
    Sort.PRIORITY: lambda row: (row.priority, row.burns_at, row.id),
    Sort.DUE: lambda row: (-row.urgency, row.burns_at, row.id),
}


@pytest.mark.parametrize("order", list(Sort))
def test_in_every_order_pages_by_key_show_each_ticket_once(world: World, now: datetime, order: Sort) -> None:
    with unit_of_work():
        made = [
            tickets.ticket(
                world,
                now,
                due_in=(place % 5) * MINUTE,
                urgency=place % 3,
                priority=("P2", "P1", "P3")[place % 3],
                created_at=now - HOUR - (place * 7 % 5) * MINUTE,
                last_customer_message_at=now - (place * 11 % 4) * MINUTE,
            )
            for place in range(23)
        ]
    key = ORDERED.get(order) or ORDERED[Sort(order.removeprefix("-"))]
    wanted = [row.number for row in sorted(made, key=key, reverse=order.startswith("-"))]
    for asked in ({}, {"owner": "none"}):
        seen: list[str] = []
        back: list[str] = []
        chosen, cursor = parse_filter(asked), None
        while not seen or cursor:
            page = ticket_list.page(chosen, Tab.ALL, world.actors.agent, now, order=order, after=cursor, size=5)
            seen += [row.number for row in page.rows]
            cursor = parse_cursor(str(page.older or ""))
        assert seen == wanted
        while page.newer:
            page = ticket_list.page(chosen, Tab.ALL, world.actors.agent, now, order=order, before=page.newer, size=5)
            back = [row.number for row in page.rows] + back
        assert back == wanted[:20]
    behind = ticket_list.next_number(TicketFilter(), Tab.ALL, world.actors.agent, now, after=wanted[4], order=order)
    assert behind == wanted[5]


def test_what_must_be_done_today_and_what_waits_for_days(world: World, now: datetime) -> None:
    with unit_of_work():
        late = tickets.ticket(world, now, due_in=-HOUR).number
        today = tickets.ticket(world, now, due_in=HOUR).number
        tickets.ticket(world, now, due_in=20 * HOUR)
        waits = {
            days: tickets.ticket(world, now, status="pending_customer", paused=True, created_at=now - days * 24 * HOUR)
            for days in (2, 4)
        }
        for days, row in waits.items():
            since = now - days * 24 * HOUR
            add(TicketPause(ticket_id=row.id, status="pending_customer", rule_version=1, started_at=since))
    midnight = now + 14 * HOUR
    page = ticket_list.page(parse_filter({"today": "1"}, midnight), Tab.ALL, world.actors.agent, now)
    assert [row.number for row in page.rows] == [late, today]
    assert numbers(world.actors.agent, now, waiting="3") == [waits[4].number]
    assert numbers(world.actors.agent, now, waiting="3", status="pending_internal") == []


def test_ended_tickets_are_listed_newest_first_and_page_the_same_way(world: World, now: datetime) -> None:
    with unit_of_work():
        made = [tickets.ticket(world, now, status="resolved", urgency=place % 2).number for place in range(5)]
    resolved = parse_filter({"status": "resolved"})
    first = ticket_list.page(resolved, Tab.ALL, world.actors.agent, now, size=3)
    second = ticket_list.page(resolved, Tab.ALL, world.actors.agent, now, size=3, after=first.older)
    assert [row.number for row in (*first.rows, *second.rows)] == made[::-1]


@pytest.mark.parametrize("text", ["x", "1.2", "1.2.3.4", "1.-2.3", "9.999999999999999999.1", "1.2.3\n", "１.2.3"])
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_cursor(text)
    assert refused.value.code == "paging.bad_cursor"


def test_a_cursor_survives_its_address(now: datetime) -> None:
    cursor = Cursor(3, now, 17)
    assert parse_cursor(str(cursor)) == cursor
    assert parse_cursor("") is None


# ---- who sees what


def test_a_list_shows_own_queues_open_assists_and_what_one_owns_or_is_assigned(world: World, now: datetime) -> None:
    finance, warehouse = world.queues.finance, world.queues.warehouse
    with unit_of_work():
        tickets.ticket(world, now)
        own_queue = tickets.ticket(world, now, queue=warehouse).number
        asked = tickets.ticket(world, now)
        tickets.assist(world, asked, warehouse, now, due_in=HOUR, question="实际发出的是哪个尺码？")
        owned = tickets.ticket(world, now, queue=finance, owner=world.users.warehouse).number
        assigned = tickets.ticket(world, now, queue=finance, hands=world.users.warehouse).number
    assert set(numbers(world.actors.warehouse, now)) == {own_queue, asked.number, owned, assigned}
    assert numbers(world.actors.outsider, now) == []
    for everything in (world.actors.finance, world.actors.ops, world.actors.admin, world.actors.auditor):
        assert len(numbers(everything, now)) == 5


def test_an_answered_assist_leaves_the_list(world: World, now: datetime) -> None:
    with unit_of_work():
        asked = tickets.ticket(world, now)
        stint = tickets.assist(world, asked, world.queues.warehouse, now, due_in=HOUR, question="在库吗？")
        stint.left_at = now
    assert numbers(world.actors.warehouse, now) == []
    assert numbers(world.actors.warehouse, now, Tab.ASSISTS) == []


def test_search_also_finds_what_one_once_read_and_one_step_further_but_not_two(world: World, now: datetime) -> None:
    finance = world.queues.finance
    with unit_of_work():
        buyer, stranger = tickets.customer(world), tickets.customer(world, name="李女士")
        bought = tickets.order(world, now)
        tickets.ticket(world, now, customer_id=buyer.id, order_id=bought.id, subject="苹果一")
        same_customer = tickets.ticket(world, now, queue=finance, customer_id=buyer.id, subject="苹果二").number
        bridge = tickets.ticket(
            world, now, queue=finance, customer_id=stranger.id, order_id=bought.id, subject="苹果三"
        ).number
        tickets.ticket(world, now, queue=finance, customer_id=stranger.id, subject="苹果四")
        read_once = tickets.ticket(world, now, queue=finance, subject="苹果五")
        add(TicketReader(ticket_id=read_once.id, user_id=world.users.agent.id))
    agent = world.actors.agent
    assert set(numbers(agent, now, q="苹果")) >= {same_customer, bridge, read_once.number}
    assert "EX-250101-0004" not in numbers(agent, now, q="苹果")
    assert numbers(agent, now, q="EX-250101-0004") == []
    assert numbers(agent, now) == ["EX-250101-0001"]
    readers = session().scalars(select(Ticket.number).where(readable(world.actors.outsider))).all()
    assert readers == []


# ---- tabs and filters


def test_tabs_divide_the_list(world: World, now: datetime) -> None:
    agent = world.users.agent
    with unit_of_work():
        mine = tickets.ticket(world, now, due_in=HOUR, owner=agent, hands=agent).number
        assigned = tickets.ticket(world, now, due_in=2 * HOUR, hands=agent).number
        waiting = tickets.ticket(world, now, status="pending_customer", paused=True, hands=world.users.agent2).number
        free = tickets.ticket(world, now, due_in=3 * HOUR).number
    actor = world.actors.agent
    assert numbers(actor, now, Tab.MINE) == [mine, assigned]
    assert numbers(actor, now, Tab.UNASSIGNED) == [free]
    assert numbers(actor, now, Tab.PENDING_CUSTOMER) == [waiting]
    assert numbers(actor, now) == [mine, assigned, free, waiting]


def test_assists_burn_by_the_clock_of_the_queue_that_was_asked(world: World, now: datetime) -> None:
    with unit_of_work():
        first = tickets.ticket(world, now, due_in=MINUTE)
        second = tickets.ticket(world, now, due_in=9 * HOUR)
        tickets.assist(world, first, world.queues.warehouse, now, due_in=3 * HOUR, question="何时发出？")
        tickets.assist(world, second, world.queues.warehouse, now, due_in=-HOUR, question="在库吗？")
        other_queue = tickets.ticket(world, now)
        tickets.assist(world, other_queue, world.queues.finance, now, due_in=HOUR, question="退了吗？")
    rows = ticket_list.page(TicketFilter(), Tab.ASSISTS, world.actors.warehouse, now).rows
    assert [row.number for row in rows] == [second.number, first.number]
    assert [(row.assist.question, row.assist.party) for row in rows if row.assist] == [
        ("在库吗？", "warehouse"),
        ("何时发出？", "warehouse"),
    ]
    assert [(row.clock.kind, row.clock.level) for row in rows if row.clock] == [("queue", "over"), ("queue", "ok")]
    page = ticket_list.page(TicketFilter(), Tab.ASSISTS, world.actors.warehouse, now, size=1)
    further = ticket_list.page(TicketFilter(), Tab.ASSISTS, world.actors.warehouse, now, size=1, after=page.older)
    assert [row.number for row in further.rows] == [first.number]
    assert len(ticket_list.page(TicketFilter(), Tab.ASSISTS, world.actors.auditor, now).rows) == 3


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "wrong_item"},
        {"class": "C"},
        {"queue": "warehouse"},
        {"channel": "jd"},
        {"shop": "second"},
        {"status": "pending_internal"},
        {"priority": "P1"},
        {"owner": "me"},
        {"overdue": "1"},
        {"unconfirmed": "1"},
        {"q": "尺码"},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_each_filter_finds_its_ticket_and_no_other(world: World, now: datetime, asked: dict[str, Any]) -> None:
    with unit_of_work():
        tickets.ticket(world, now, queue=world.queues.finance)
        wanted = tickets.ticket(
            world,
            now,
            queue=world.queues.warehouse,
            owner=world.users.finance,
            status="pending_internal",
            due_in=-HOUR,
            type="wrong_item",
            klass="C",
            tier="suggest",
            priority="P1",
            shop_id=world.shop2.id,
            channel_id=world.channels.jd.id,
            subject="收到的尺码不对",
        ).number
    assert numbers(world.actors.finance, now, **asked) == [wanted]


def test_owner_filter_knows_people_and_nobody(world: World, now: datetime) -> None:
    with unit_of_work():
        owned = tickets.ticket(world, now, owner=world.users.agent2, hands=world.users.agent2).number
        free = tickets.ticket(world, now, due_in=9 * HOUR).number
    assert numbers(world.actors.agent, now, owner=str(world.users.agent2.id)) == [owned]
    assert numbers(world.actors.agent, now, owner="none") == [free]


def test_a_code_nobody_uses_finds_nothing(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now)
    assert numbers(world.actors.agent, now, queue="no-such-queue") == []


# ---- search


def test_numbers_of_ticket_order_and_parcel_are_found_whatever_the_status(world: World, now: datetime) -> None:
    with unit_of_work():
        bought = tickets.order(world, now, "TB9988776655")
        add(Parcel(order_id=bought.id, carrier="顺丰", tracking_number="SF1234567890"))
        add(OrderStatus(order_id=bought.id, status="shipped", at=now))
        wanted = tickets.ticket(world, now, order_id=bought.id, status="resolved").number
        tickets.ticket(world, now)
    agent = world.actors.agent
    for q in (wanted, wanted.lower(), "TB9988776655", "SF1234567890", "776655"):
        assert numbers(agent, now, q=q) == [wanted], q


def test_words_are_looked_for_in_subject_and_name_and_mean_what_they_say(world: World, now: datetime) -> None:
    with unit_of_work():
        buyer = tickets.customer(world, name="Zhang San 100%")
        named = tickets.ticket(world, now, customer_id=buyer.id, subject="少发一件").number
        subject = tickets.ticket(world, now, subject="退款 100% 未到账 Refund").number
        tickets.ticket(world, now, subject="退款未到账 100 元")
    agent = world.actors.agent
    assert set(numbers(agent, now, q="100%")) == {named, subject}
    assert numbers(agent, now, q="REFUND 退款") == [subject]
    assert numbers(agent, now, q="zhang san") == [named]
    assert numbers(agent, now, q="_") == []


# ---- rows


def test_a_row_tells_who_what_and_how_long(world: World, now: datetime) -> None:
    with unit_of_work():
        buyer = tickets.customer(world)
        bought = tickets.order(world, now)
        row = tickets.ticket(
            world,
            now,
            customer_id=buyer.id,
            order_id=bought.id,
            hands=world.users.agent,
            tier="none",
            nudges=2,
            due_in=HOUR / 2,
        )
        add(tickets.clock(world, row, now, kind="first_response", due_in=2 * HOUR))
        add(tickets.clock(world, row, now, kind="platform", due_in=-HOUR, met_at=now))
    (shown,) = ticket_list.page(TicketFilter(), Tab.ALL, world.actors.agent, now).rows
    assert (shown.customer, shown.order_number, shown.paid_fen, shown.hands) == (
        "王先生",
        "20261122001",
        23_900,
        "林晓",
    )
    assert (shown.unconfirmed, shown.nudges, shown.channel.en) == (True, 2, "Tmall")
    assert shown.clock is not None
    assert (shown.clock.kind, shown.clock.state, shown.clock.level) == ("solution", "running", "warn")
    assert (shown.clock.remaining_seconds, shown.clock.percent) == (1800, 33)


@pytest.mark.parametrize(
    ("due_in", "level"), [(-MINUTE, "over"), (0 * MINUTE, "warn"), (HOUR, "warn"), (HOUR + MINUTE, "ok")]
)
def test_a_clock_is_over_only_after_its_last_instant(
    world: World, now: datetime, due_in: timedelta, level: str
) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=due_in)
    (shown,) = ticket_list.page(TicketFilter(), Tab.ALL, world.actors.agent, now).rows
    assert shown.clock is not None
    assert shown.clock.level == level
    assert bool(numbers(world.actors.agent, now, overdue="1")) == (level == "over")


def test_what_is_seen_changes_with_the_level_of_a_clock_but_not_with_each_second(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=2 * HOUR)

    def seen(at: datetime) -> tuple[object, ...]:
        (row,) = ticket_list.page(TicketFilter(), Tab.ALL, world.actors.agent, at).rows
        return row.seen()

    assert seen(now) == seen(now + MINUTE)
    assert seen(now) != seen(now + HOUR)
    assert seen(now + HOUR) != seen(now + 3 * HOUR)


def test_the_next_ticket_is_the_one_behind_and_then_the_first_again(world: World, now: datetime) -> None:
    with unit_of_work():
        made = [tickets.ticket(world, now, due_in=place * HOUR).number for place in range(3)]
        elsewhere = tickets.ticket(world, now, status="resolved").number

    def behind(number: str, tab: Tab = Tab.ALL) -> str | None:
        return ticket_list.next_number(TicketFilter(), tab, world.actors.agent, now, after=number)

    assert [behind(number) for number in made] == [made[1], made[2], made[0]]
    assert behind(elsewhere) == made[0]
    assert behind(made[0], Tab.MINE) is None
