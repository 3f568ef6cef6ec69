"""What templates are filled with."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.models import ClockRow, Ticket
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World, add
from tests.tickets import HOUR
from tests.web.tickets.test_show import template


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def overdue(world: World, now: datetime, **columns: Any) -> Ticket:
    """A ticket whose solution is late; customers are answered in office hours, Monday to Friday 9 to 18."""
    row = tickets.ticket(world, now, due_in=-HOUR, **columns)
    answered = tickets.clock(world, row, now, kind="first_response", met_at=now, breached=False)
    answered.calendar_id = world.calendars.office.id
    add(answered)
    return row


def promised(agent: Client, number: str) -> str:
    """What stands in the composer when the template is inserted."""
    found = re.search(
        r'<textarea id="composer-text"[^>]*>([^<]*)</textarea>', agent.get(f"/tickets/{number}?template=promise").text
    )
    assert found is not None
    return found.group(1).strip()


def test_the_deadline_is_promised_as_long_as_it_can_be_kept(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        template("promise", now, "{promise_time} 前答复")
        today = tickets.ticket(world, now, due_in=3 * HOUR).number
        later = tickets.ticket(world, now, due_in=73 * HOUR).number
    assert promised(agent, today) == "今天 13:00 前答复"
    assert promised(agent, later) == "11-26 11:00 前答复"


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0, "今天 18:00"), (6, "今天 18:00"), (6.1, "明天 18:00"), (9, "明天 18:00")],
)
def test_after_the_deadline_the_end_of_a_working_day_is_promised_that_leaves_two_hours(
    agent: Client, world: World, now: datetime, frozen: Frozen, hours: float, words: str
) -> None:
    with unit_of_work():
        template("promise", now, "{promise_time} 前答复")
        number = overdue(world, now).number
    frozen.now = now + timedelta(hours=hours)
    assert promised(agent, number) == f"{words} 前答复"


def test_a_customer_is_promised_something_in_his_language_whoever_reads(
    agent: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        template("promise", now, "You hear from us by {promise_time}")
        number = overdue(world, now, subject="Parcel is stuck", text="My parcel is stuck").number
    assert promised(agent, number) == "You hear from us by today 18:00"


def test_without_any_clock_the_gap_stays_in_sight(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work() as work:
        template("promise", now, "{promise_time} 前答复")
        row = tickets.ticket(world, now)
        work.query(ClockRow).filter_by(ticket_id=row.id).delete()
    assert promised(agent, row.number) == "{promise_time} 前答复"


def test_other_tickets_of_order_and_customer_tell_type_status_and_deadline(
    agent: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        buyer, bought = tickets.customer(world), tickets.order(world, now)
        here = tickets.ticket(world, now, customer_id=buyer.id, order_id=bought.id).number
        tickets.ticket(world, now, order_id=bought.id, type="invoice", subject="要发票", due_in=2 * HOUR)
        tickets.ticket(world, now, customer_id=buyer.id, type="damaged", subject="碎了", status="resolved")
        tickets.ticket(world, now, customer_id=buyer.id, subject="没有时限", due_in=None)
    page = agent.get(f"/tickets/{here}").text
    related = page[page.index("相关工单") :].split("</ul>")[0]
    assert "未结 2 / 3" in related
    rows = {name: row for row in related.split("<li>")[1:] for name in ("要发票", "碎了", "没有时限") if name in row}
    assert re.search(r"同订单 · 发票[^·]* · 截止", rows["要发票"])
    assert "同客户 · " in rows["碎了"]
    assert "已解决" in rows["碎了"]
    assert "截止" not in rows["碎了"] + rows["没有时限"]
