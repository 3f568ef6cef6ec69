"""The bell: its count on every page, the lines under it, what reading does."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from helpdesk.domain.notices import KINDS
from helpdesk.models import Notification, Ticket
from helpdesk.storage import session, unit_of_work
from helpdesk.web.notifications.bell import ICONS
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World, add


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent)


def tell(world: World, now: datetime, count: int = 1, login: str = "agent", **columns: Any) -> list[int]:
    """Lines under somebody's bell, by default a clock at 75 %."""
    known = len(session().query(Notification.id).all())
    facts = {"kind": "sla.stage", "params": {"clock": "solution", "percent": 75}, **columns}
    with unit_of_work():
        user = getattr(world.users, login).id
        rows = [
            Notification(user_id=user, key=f"n{known + number}", created_at=now, **facts) for number in range(count)
        ]
        add(*rows)
        return [row.id for row in rows]


def unread(world: World, login: str = "agent") -> list[int]:
    user = getattr(world.users, login).id
    return [row.id for row in session().query(Notification).filter_by(user_id=user, read_at=None)]


@pytest.mark.parametrize(("count", "shown"), [(0, None), (3, "3"), (99, "99"), (100, "99+"), (130, "99+")])
def test_every_page_shows_how_much_is_unread(
    agent: Client, world: World, now: datetime, count: int, shown: str | None
) -> None:
    tell(world, now, count)
    tell(world, now, 2, "agent2")
    page = agent.get("/account").text
    found = re.search(r'<span class="bell-count"[^>]*>([^<]+)</span>', page)
    assert (found.group(1) if found else None) == shown
    assert (f"{shown} 条未读" in page) == bool(shown)
    assert '<a class="btn ghost icon bell-button without-script" href="/notifications">' in page


def test_the_bell_costs_a_page_no_statement_of_its_own(
    agent: Client, world: World, now: datetime, statements: Statements
) -> None:
    tell(world, now, 3)
    with statements() as seen:
        agent.get("/account")
    assert len([one for one in seen if "notification" in one]) == 1


def test_asking_is_two_statements_and_an_empty_304_while_nothing_changes(
    agent: Client, world: World, row: Ticket, now: datetime, statements: Statements
) -> None:
    tell(world, now, 2, ticket_id=row.id)
    first = agent.get("/notifications/bell")
    assert 'data-unread="2"' in first.text
    assert f'data-news="工单 {row.number}：' in first.text
    assert "已用 75%" in first.text
    known = {"If-None-Match": first.headers["ETag"]}
    with statements() as seen:
        again = agent.get("/notifications/bell", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert len(seen) <= 2, "\n".join(seen)
    tell(world, now)
    assert 'data-unread="3"' in agent.get("/notifications/bell", headers=known).text
    known = {"If-None-Match": agent.get("/notifications/bell").headers["ETag"]}
    agent.submit("/notifications/read", {"up_to": "999999"})
    answer = agent.get("/notifications/bell", headers=known).text
    assert 'data-unread="0"' in answer
    assert 'data-news=""' in answer


def test_asking_neither_keeps_a_session_alive_nor_says_that_somebody_is_there(
    agent: Client, frozen: Frozen, statements: Statements
) -> None:
    agent.get("/account")
    frozen.shift(hours=1)
    with statements() as seen:
        assert agent.get("/notifications/bell").status_code == 200
    assert not any(statement.startswith("UPDATE") for statement in seen)
    frozen.shift(hours=11, minutes=1)
    assert agent.get("/notifications/bell", headers={"X-Requested-With": "fetch"}).status_code == 401


def test_the_menu_has_the_newest_ten_and_leads_to_their_tickets(
    agent: Client, world: World, row: Ticket, now: datetime
) -> None:
    tell(world, now, 4, kind="ticket.transferred", params={"from": world.queues.finance.id, "to": "warehouse"})
    tell(world, now, 9, ticket_id=row.id)
    menu = agent.get("/notifications/latest").text
    assert menu.count('class="bell-row unread"') == 10
    assert menu.count(f'href="/tickets/{row.number}"') == 9
    assert "财务" in menu
    assert "<html" not in menu


def test_an_empty_bell_says_so_in_the_menu_and_on_the_page(agent: Client) -> None:
    assert "还没有通知" in agent.get("/notifications/latest").text
    page = agent.get("/notifications").text
    assert "还没有通知" in page
    assert "没有未读" in page
    assert "全部已读" not in page


def test_the_page_goes_on_by_key_and_filters(agent: Client, world: World, row: Ticket, now: datetime) -> None:
    tell(world, now, 35)
    tell(world, now, 2, kind="ticket.reminded", params={"by": world.users.agent2.id}, ticket_id=row.id)
    page = agent.get("/notifications").text
    assert page.count('class="bell-row unread"') == 30
    assert f"{world.users.agent2.name}催办" in page
    older = re.search(r'href="(/notifications\?after=[^"]+)"', page)
    assert older
    rest = agent.get(older.group(1)).text
    assert rest.count('class="bell-row unread"') == 7
    assert "最新" in rest
    only = agent.get("/notifications?kind=ticket.reminded").text
    assert only.count('class="bell-row unread"') == 2
    agent.submit("/notifications/read", {"up_to": str(unread(world)[-3])})
    assert agent.get("/notifications?show=unread").text.count('class="bell-row unread"') == 2
    assert agent.get("/notifications?show=unread&kind=sla.stage").text.count('class="bell-row unread"') == 0
    assert "没有这样的通知" in agent.get("/notifications?show=unread&kind=sla.stage").text


def test_a_kind_or_cursor_that_is_none_is_refused_in_words(agent: Client) -> None:
    assert agent.get("/notifications?kind=nonsense").status_code == 422
    assert agent.get("/notifications?after=nonsense").status_code == 422


def test_opening_a_ticket_reads_what_the_bell_says_of_it(
    agent: Client, world: World, row: Ticket, now: datetime, statements: Statements
) -> None:
    tell(world, now, 2, ticket_id=row.id)
    tell(world, now, 1, "agent2", ticket_id=row.id)
    other = tell(world, now, 1)
    page = agent.get(f"/tickets/{row.number}").text
    assert unread(world) == other
    assert len(unread(world, "agent2")) == 1
    assert 'data-unread="1"' in page, "the page that reads them shows so"
    with statements() as seen:
        agent.get(f"/tickets/{row.number}")
    assert not any(statement.startswith("UPDATE notification") for statement in seen)


def test_all_read_is_up_to_what_was_looked_at(agent: Client, world: World, now: datetime) -> None:
    seen = tell(world, now, 3)
    later = tell(world, now, 1)
    answer = agent.submit("/notifications/read", {"up_to": str(seen[-1]), "next": "/notifications?show=unread"})
    assert answer.headers["Location"] == "/notifications?show=unread"
    assert unread(world) == later
    by_script = agent.submit("/notifications/read", {"up_to": "9" * 30}, headers={"X-Requested-With": "fetch"})
    assert (by_script.status_code, by_script.data) == (204, b"")
    assert unread(world) == []


def test_one_line_is_read_by_its_button_and_nobody_elses(agent: Client, world: World, now: datetime) -> None:
    (own,), (others,) = tell(world, now), tell(world, now, 1, "agent2")
    assert agent.submit(f"/notifications/{own}/read").headers["Location"] == "/notifications"
    assert unread(world) == []
    assert agent.submit(f"/notifications/{others}/read").status_code == 404
    assert agent.get(f"/notifications/{others}").status_code == 404
    assert unread(world, "agent2") == [others]


@pytest.mark.parametrize(
    ("kind", "params", "place"),
    [
        ("absence.stand_in", {"user": 1, "begins": "2026-11-24T01:00:00+00:00"}, "/team/absences"),
        ("calendar.unconfirmed", {"year": 2027}, "/calendars/holidays/2027"),
        ("calendar.unconfirmed", {}, "/notifications"),
        ("report.month", {"first": "2026-10-01"}, "/notifications"),  # which an agent doesn't see
        ("no.such.kind", {}, "/notifications"),
    ],
)
def test_a_line_of_no_ticket_leads_to_what_it_is_about_and_is_read_then(
    agent: Client, world: World, now: datetime, kind: str, params: dict[str, Any], place: str
) -> None:
    (line,) = tell(world, now, kind=kind, params=params)
    linked = f'href="/notifications/{line}"' in agent.get("/notifications").text
    assert linked == (place != "/notifications")
    assert agent.get(f"/notifications/{line}").headers["Location"] == place
    assert unread(world) == []


def test_every_kind_has_its_sign() -> None:
    assert set(ICONS) == set(KINDS)


def test_the_page_takes_few_statements(
    agent: Client, world: World, row: Ticket, now: datetime, statements: Statements
) -> None:
    tell(world, now, 40, ticket_id=row.id, params={"by": world.users.agent2.id, "queue": world.queues.finance.id})
    agent.get("/notifications")
    with statements() as seen:
        agent.get("/notifications")
    assert len(seen) <= 8, "\n".join(seen)
