"""A list as a file equals the list on the screen: the same tickets in the same order, cell by cell."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from helpdesk.domain.views import Column
from helpdesk.models import Event
from helpdesk.storage import session, unit_of_work
from helpdesk.web.tickets import export
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World
from tests.tickets import HOUR

DRAWN = frozenset({Column.CLASS, Column.SUBJECT, Column.CLOCK})
"""The screen draws them: a badge, a link, a ring."""


@pytest.fixture
def agent(client: Client, world: World, login: Login, now: datetime) -> Client:
    with unit_of_work():
        buyer, bought = tickets.customer(world, phone="13812345678"), tickets.order(world, now)
        for place in range(7):
            tickets.ticket(
                world,
                now,
                due_in=(place - 2) * HOUR,
                owner=world.users.agent,
                customer_id=buyer.id,
                order_id=bought.id if place % 2 else None,
                nudges=place % 3,
                created_at=now - timedelta(minutes=place),
                subject=f"=SUM(A{place}) 杯子碎了",
            )
    login(client, world.users.agent)
    return client


def on_screen(page: str) -> list[dict[str, str]]:
    """The cells of each row as a reader sees them, by column."""
    rows = []
    for line in re.findall(r'<tr class="ticket-line.*?</tr>', page, re.DOTALL):
        cells = re.findall(r'<t[dh][^>]* ?class="cell-(\w+)[^"]*">(.*?)</t[dh]>', line, re.DOTALL)
        rows.append({code: unescape(re.sub(r"<[^>]+>", "", text)).strip() for code, text in cells})
    return rows


def in_csv(client: Client, args: str) -> list[list[str]]:
    answer = client.submit(f"/tickets/export?{args}", {"format": "csv"})
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.mark.parametrize("sort", ["", "-created", "priority", "message"])
def test_the_file_has_the_rows_columns_and_words_of_the_screen(
    agent: Client, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 3)  # so that it takes several goes
    args = f"columns={','.join(Column)}&sort={sort}"
    seen = on_screen(agent.get(f"/tickets?{args}").text)
    heads, *lines = in_csv(agent, args)
    assert len(heads) == len(Column)
    assert len(lines) == len(seen) == 7
    moments = {Column.CREATED, Column.LAST_MESSAGE, Column.DEADLINE}
    for line, row in zip(lines, seen, strict=True):
        for column, text in zip(Column, line, strict=True):
            if column in moments:
                assert bool(text) == bool(row[column]), column
                assert row[column][-5:] in (text[-5:], ""), column
            elif column not in DRAWN:
                shown = row[column].removeprefix("¥").replace(",", "")
                assert (text if text != "0" else "") == shown, column
    assert [line[0] for line in lines] == [f"'{row['subject'].split(chr(10))[0].strip()}" for row in seen]


def test_excel_says_the_same_as_the_csv(agent: Client) -> None:
    args = "columns=number,subject,paid,nudges,created"
    answer = agent.submit(f"/tickets/export?{args}", {"format": "xlsx"})
    _heads, *rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    _csv_heads, *lines = in_csv(agent, args)
    for row, line in zip(rows, lines, strict=True):
        assert row[0] == line[0]
        assert f"'{row[1]}" == line[1], "a formula in a CSV is made harmless, in Excel it is text"
        assert (f"{row[2]:.2f}" if row[2] != "" else "") == line[2]
        assert int(row[3]) == int(line[3])  # type: ignore[arg-type]
        assert f"{row[4]:%Y-%m-%d %H:%M}" == line[4]


def test_nobody_takes_away_what_he_may_not_see_and_phones_stay_masked(
    agent: Client, world: World, login: Login
) -> None:
    args = "columns=number,phone"
    assert {line[2] for line in in_csv(agent, args)[1:]} == {"138****5678"}
    login(agent, world.users.warehouse)
    assert in_csv(agent, args)[1:] == []


def test_who_took_away_which_list_is_recorded(agent: Client, world: World, login: Login) -> None:
    in_csv(agent, "priority=P2")
    event = session().scalars(select(Event).where(Event.code == "list.exported")).one()
    assert (event.actor_id, event.params) == (
        world.users.agent.id,
        {"filter": {"priority": "P2"}, "format": "csv", "rows": 7},
    )
    login(agent, world.users.admin)
    assert "导出了 7 张工单的列表" in agent.get("/changes").text


def test_too_many_rows_an_unknown_format_and_assists_are_refused(
    agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agent.submit("/tickets/export", {"format": "pdf"}).status_code == 422
    assert agent.submit("/tickets/export?tab=assists", {"format": "csv"}).status_code == 422
    monkeypatch.setattr(export, "MOST_ROWS", 6)
    refused = agent.submit("/tickets/export", {"format": "csv"})
    assert refused.status_code == 422
    assert "一个文件最多 6 张工单" in refused.text
