"""The monthly list: the same on the page, in the files and behind each row, to the fen."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from helpdesk.models import Responsibility
from helpdesk.storage import unit_of_work
from tests import money, tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World, add


@pytest.fixture
def finance(client: Client, world: World, login: Login, frozen: Frozen) -> Client:
    login(client, world.users.finance)
    return client


def solved(world: World, at: datetime, shares: dict[str, int], fen: int = 0, **columns: Any) -> str:
    with unit_of_work():
        row = tickets.ticket(world, at, status="resolved", **{"resolved_at": at, "first_resolved_at": at, **columns})
        for party, percent in shares.items():
            add(Responsibility(ticket_id=row.id, party=party, percent=percent, settled_at=at))
        if fen:
            money.promise(world, row, fen, at, state="paid")
        return row.number


def read_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_page_and_files_agree_to_the_fen(finance: Client, world: World, now: datetime) -> None:
    solved(world, now, {"warehouse": 70, "courier": 30}, 100_001)
    solved(world, now, {"undetermined": 100}, 555)
    page = finance.get("/shares").text.replace(",", "")
    for words in ("¥700.01", "¥300.00", "¥5.55", "¥1005.56", "0.70"):
        assert words in page, words
    lines = read_csv(finance.get("/shares.csv").data)
    assert lines[1][:6] == ["仓库", "1", "0.70", "700.01", "0.00", "700.01"]
    assert lines[2][:6] == ["快递", "1", "0.30", "300.00", "0.00", "300.00"]
    assert lines[-1] == ["合计", "2", "", "1005.56", "0.00", "1005.56", ""]
    sheet = load_workbook(io.BytesIO(finance.get("/shares.xlsx").data)).active
    assert sheet is not None
    cells = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert cells[1][3] == 700.01
    assert (sheet["C2"].value, sheet["C2"].data_type, sheet["C2"].number_format) == (0.7, "n", "0.00")
    assert (sheet["G2"].value, sheet["G2"].data_type, sheet["G2"].number_format) == (0, "n", "0.0")
    assert cells[-1][5] == 1005.56


def test_what_nobody_is_blamed_for_stands_out_and_opens(finance: Client, world: World, now: datetime) -> None:
    number = solved(world, now, {"undetermined": 100}, 1_000)
    solved(world, now, {}, 200)
    page = finance.get("/shares").text
    assert "占工单的 50%，其中补偿 ¥10.00 没有责任方" in page
    assert "占工单的 50%，其中补偿 ¥2.00 没有责任方" in page
    assert number in finance.get("/shares/undetermined?month=2026-11").text
    assert "¥2.00" in finance.get("/shares/unsaid?month=2026-11").text


def test_a_row_opens_its_tickets_and_their_file(finance: Client, world: World, now: datetime) -> None:
    number = solved(world, now, {"warehouse": 50, "courier": 50}, 101, subject="=1+1")
    page = finance.get("/shares/warehouse?month=2026-11").text
    for words in (f'href="/tickets/{number}"', "50%", "¥0.51", "整张 ¥1.01"):
        assert words in page, words
    lines = read_csv(finance.get("/shares/warehouse/tickets.csv?month=2026-11").data)
    assert lines[1][0] == number
    assert lines[1][1] != "=1+1", "a text of somebody's is no formula"
    assert lines[1][4:] == ["50", "0.51", "0.00", "0.51", "1.01"]
    assert lines[-1][5:8] == ["0.51", "0.00", "0.51"]
    answer = finance.get("/shares/warehouse/tickets.xlsx?month=2026-11")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    assert sheet["B2"].data_type == "s"


def test_months_are_the_shops_and_lead_to_their_neighbours(finance: Client, world: World, now: datetime) -> None:
    last_of_october = datetime.fromisoformat("2026-10-31T15:59:59+00:00")
    solved(world, last_of_october, {"courier": 100})
    solved(world, last_of_october + timedelta(seconds=1), {"courier": 100})
    for month, count in (("2026-10", 1), ("2026-11", 1), ("2026-09", 0)):
        lines = read_csv(finance.get(f"/shares.csv?month={month}").data)
        assert lines[-1][1] == str(count), month
    page = finance.get("/shares?month=2026-10").text
    assert "month=2026-09" in page
    assert "month=2026-11" in page
    assert "month=2026-12" not in finance.get("/shares").text
    assert "这个月没有解决的工单" in finance.get("/shares?month=2026-01").text


@pytest.mark.parametrize("month", ["2026-13", "x", "2026", "1999-01", "2026-11-01", "２０２６-11", "9999-12"])
def test_nonsense_for_a_month_is_refused(finance: Client, month: str) -> None:
    for path in ("/shares", "/shares.csv", "/shares.xlsx", "/shares/courier"):
        assert finance.get(path, query_string={"month": month}).status_code == 422


def test_an_unknown_party_is_refused(finance: Client) -> None:
    for path in ("/shares/nobody", "/shares/nobody/tickets.csv", "/shares/nobody/tickets.xlsx"):
        assert finance.get(path).status_code == 422
    assert finance.get("/shares/courier?after=x").status_code == 422


def test_a_supervisor_reads_what_is_his(
    client: Client, world: World, login: Login, now: datetime, frozen: Frozen
) -> None:
    mine = solved(world, now, {"courier": 100}, 100)
    theirs = solved(world, now, {"courier": 100}, 900, queue=world.queues.warehouse)
    login(client, world.users.supervisor)
    page = client.get("/shares/courier?month=2026-11").text
    assert mine in page
    assert theirs not in page
    assert read_csv(client.get("/shares.csv").data)[-1][5] == "1.00"


def test_an_agent_does_not_read_it_and_finds_the_appeals_in_the_menu(
    client: Client, world: World, login: Login, frozen: Frozen
) -> None:
    login(client, world.users.agent)
    assert client.get("/shares").status_code == 403
    assert 'href="/shares/appeals"' in client.get("/shares/appeals").text
