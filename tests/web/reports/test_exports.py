"""The report's files say what its page says."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from helpdesk.domain.reports import Fact, Side
from helpdesk.models import Ticket
from helpdesk.storage import unit_of_work
from helpdesk.wording.labels import yuan
from helpdesk.wording.reports import hours, percent, rate
from tests.conftest import Client, Login
from tests.factories import World
from tests.report_facts import TYPES, fact, plant

OCTOBER = "/reports{}?month=2026-10"
CLOCKS = ("首响", "解决时限", "队列", "平台")


def history(world: World) -> list[Fact]:
    """Of two months, uneven on purpose."""
    facts: list[Fact] = []
    for number in range(1, 61):
        day = date(2026, 9, 2) + timedelta(days=number * 37 % 58)
        wall = 977 * number**2 % 400_000 + 60
        shared: dict[str, Any] = {
            "ticket_id": number,
            "type": TYPES[number % 7 % 4],
            "warehouse": ("华东仓", "", "=cmd()|A1")[number % 3],
            "queue_id": (world.queues.customer_service.id, world.queues.warehouse.id)[number % 2],
        }
        facts.append(fact(world, Side.OPENED, day, hour=number % 24, **shared))
        if number % 5:
            measured = {"wall_seconds": wall, "work_seconds": wall // 3, "reopened": int(number % 9 == 0)}
            clocks = {"first_n": 1, "first_ok": number % 4 // 3, "queue_n": number % 3, "queue_ok": number % 3 // 2}
            time = {"customer_service": wall - wall // 4, "closed": wall // 4}
            parties = {"warehouse": 70, "courier": 30} if number % 2 else {}
            facts.append(fact(world, Side.RESOLVED, day, time=time, parties=parties, **measured, **clocks, **shared))
        if number % 6 == 0:
            facts.append(fact(world, Side.MONEY, day, money_fen=1234 * number + 5, item_id=1, **shared))
    return plant(world, facts)


@pytest.fixture
def ops(client: Client, login: Login, world: World) -> Client:
    history(world)
    login(client, world.users.ops)
    return client


def table_of(client: Client, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def book_of(client: Client, path: str) -> Workbook:
    answer = client.get(path)
    assert answer.status_code == 200
    return load_workbook(io.BytesIO(answer.data))


def sheet_of(book: Workbook, title: str) -> list[dict[str, Any]]:
    headers, *rows = book[title].iter_rows(values_only=True)
    return [dict(zip((str(header) for header in headers), row, strict=True)) for row in rows]


def shown(client: Client, path: str) -> Iterator[dict[str, str]]:
    """Cells of the page's table, row by row, the whole last."""
    page = client.get(path).get_data(as_text=True)
    [table] = re.findall(r'<table class="table report-table">(.*?)</table>', page, re.DOTALL)
    for row in re.findall(r"<tr>(.*?)</tr>", table.partition("</thead>")[2], re.DOTALL):
        [head] = re.findall(r"<th.*?>(.*?)</th>", row, re.DOTALL)
        cells = [_texts(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL)]
        clocks = dict(zip(cells[3][1::2], cells[3][2::2], strict=True))
        yield {
            "name": _texts(head)[-1],
            "opened": cells[0][1],
            "share": cells[0][2],
            "mean": cells[1][1],
            "p50": cells[1][3],
            "p90": cells[1][5],
            **{f"clock {name}": text for name, text in clocks.items()},
            "reopened": cells[4][1],
            "money": cells[5][1],
        }


def _texts(markup: str) -> list[str]:
    """What is read in it, piece by piece."""
    return [text for piece in re.split(r"<[^>]*>", markup) if (text := unescape(piece).strip())]


def as_shown(row: dict[str, Any], time: str) -> dict[str, str]:
    """A row of the file, put as the page puts it."""

    def number(header: str) -> float | None:
        return None if row[header] in ("", None) else float(row[header])

    def share(header: str) -> float | None:
        return None if (value := number(header)) is None else value / 100

    def seconds(header: str) -> float | None:
        return None if (value := number(header)) is None else round(value * 3600)

    money = round((number("补偿（元）") or 0) * 100)
    return {
        "name": next(iter(row.values())),
        "opened": f"{int(row['数量（张）']):,}",
        "share": percent(share("占比（％）")),
        "mean": hours(seconds(f"平均时长（{time}，小时）")),
        "p50": hours(seconds("P50（小时）")),
        "p90": hours(seconds("P90（小时）")),
        **{f"clock {clock}": rate(share(f"{clock}达成率（％）")) for clock in CLOCKS},
        "reopened": rate(share("重开率（％）")),
        "money": yuan(money) if int(row["补偿（笔）"]) else "–",
    }


@pytest.mark.parametrize(
    ("asked", "time"),
    [
        ("", "自然时间"),
        ("&time=work", "工作时间"),
        ("&by=class", "自然时间"),
        ("&by=queue&vs=2026-09", "自然时间"),
        ("&by=agent&type=wrong_item", "自然时间"),
    ],
)
def test_page_csv_and_workbook_say_the_same(ops: Client, asked: str, time: str) -> None:
    page = list(shown(ops, OCTOBER.format("") + asked))
    table = table_of(ops, OCTOBER.format("/export.csv") + asked)
    sheet = sheet_of(book_of(ops, OCTOBER.format("/export.xlsx") + asked), "报表")
    assert page == [as_shown(row, time) for row in table]
    assert len(page) > 2 or "agent" in asked
    assert [list(row) for row in sheet] == [list(row) for row in table]
    for figures, texts in zip(sheet, table, strict=True):
        for header, value in figures.items():
            same(value, texts[header], in_percent="％" in header)


def same(value: Any, text: str, *, in_percent: bool) -> None:
    """A cell of the workbook, which has figures as they are, and the text of the CSV."""
    if value is None or isinstance(value, str):
        assert (value or "") == text
    else:
        assert float(text) == pytest.approx(value * (100 if in_percent else 1), abs=1e-4)


def test_the_workbook_has_charts_their_figures_and_what_everything_means(ops: Client) -> None:
    book = book_of(ops, OCTOBER.format("/export.xlsx"))
    charts: dict[str, list[Any]] = {sheet.title: sheet._charts for sheet in book}
    assert {title: len(drawn) for title, drawn in charts.items()} == {
        "报表": 0,
        "趋势": 1,
        "工时排行": 1,
        "时间归属": 1,
        "说明": 0,
    }
    [trend] = charts["趋势"]
    assert [one.val.numRef.f for one in trend.series] == [f"趋势!${column}$2:${column}$13" for column in "BCD"]
    opened = {row["月份"]: sum(list(row.values())[1:]) for row in sheet_of(book, "趋势")}
    whole = sheet_of(book, "报表")[-1]
    assert opened["2026年10月"] == whole["数量（张）"]
    assert opened["2026年9月"] == whole["上月（张）"]
    causes = sheet_of(book, "工时排行")
    assert [row["累计（％）"] for row in causes][-1] == pytest.approx(1)
    time = {row["时间在谁手里"]: row["小时"] for row in sheet_of(book, "时间归属")}
    assert sum(time.values()) == pytest.approx(whole["平均时长（自然时间，小时）"] * whole["解决（张）"], rel=1e-3)
    meaning = {row["项目"]: row["含义"] for row in sheet_of(book, "说明")}
    assert meaning["这段时间"] == "2026年10月"
    assert "误差" in meaning
    assert {"占比", "P50 和 P90", "补偿"} <= set(meaning)


def test_texts_are_no_formulas_in_either_file(ops: Client) -> None:
    asked = OCTOBER.format("/export.csv") + "&by=warehouse"
    assert "'=cmd()|A1" in [row["仓库"] for row in table_of(ops, asked)]
    sheet = book_of(ops, asked.replace(".csv", ".xlsx"))["报表"]
    [cell] = [row[0] for row in sheet.iter_rows() if row[0].value == "=cmd()|A1"]
    assert cell.data_type == "s"


@pytest.mark.parametrize("figure", ["opened", "resolved", "late_first", "money", "time:closed", "party:courier"])
def test_the_list_behind_a_figure_is_a_file_too(ops: Client, figure: str) -> None:
    rows = table_of(ops, f"{OCTOBER.format('/tickets.csv')}&figure={figure}&value=wrong_item")
    *listed, total = rows
    assert {row["类型"] for row in listed} == {"发错货"}
    assert sum(float(row["计入"]) for row in listed) == pytest.approx(float(total["计入"]), abs=0.01)
    table = {next(iter(row.values())): row for row in table_of(ops, OCTOBER.format("/export.csv"))}["发错货"]
    header, factor = {
        "opened": ("数量（张）", 1.0),
        "resolved": ("解决（张）", 1.0),
        "late_first": ("首响超时（个）", 1.0),
        "money": ("补偿（元）", 1.0),
        "time:closed": ("时间：非工作时间（小时）", 1.0),
        "party:courier": ("责任：快递（折合张数）", 100.0),
    }[figure]
    assert float(table[header]) * factor == pytest.approx(float(total["计入"]), abs=0.01)


def test_a_subject_that_looks_like_a_formula_is_text(ops: Client) -> None:
    with unit_of_work() as work:
        for ticket in work.query(Ticket):
            ticket.subject = '=HYPERLINK("http://x")'
    rows = table_of(ops, f"{OCTOBER.format('/tickets.csv')}&figure=opened")
    assert {row["主题"] for row in rows[:-1]} == {'\'=HYPERLINK("http://x")'}


def test_a_supervisor_gets_files_of_his_queues_alone(client: Client, login: Login, world: World) -> None:
    facts = history(world)
    login(client, world.users.supervisor)
    his = [one for one in facts if one.queue_id in world.actors.supervisor.queues and one.day.month == 10]
    opened = sum(one.side is Side.OPENED for one in his)
    assert table_of(client, OCTOBER.format("/export.csv"))[-1]["数量（张）"] == str(opened)
    assert len(table_of(client, f"{OCTOBER.format('/tickets.csv')}&figure=opened")) == opened + 1
    meaning = sheet_of(book_of(client, OCTOBER.format("/export.xlsx")), "说明")
    assert {"项目": "范围", "含义": "客服"} in meaning


def test_nothing_counted_gives_files_too(client: Client, login: Login, world: World) -> None:
    login(client, world.users.auditor)
    [whole] = table_of(client, "/reports/export.csv?month=2020-01")
    assert (whole["类型"], whole["数量（张）"], whole["占比（％）"]) == ("合计", "0", "")
    assert book_of(client, "/reports/export.xlsx?month=2020-01").sheetnames[0] == "报表"
    [total] = table_of(client, "/reports/tickets.csv?month=2020-01&figure=resolved")
    assert total["计入"] == "0"


@pytest.mark.parametrize("path", ["export.csv", "export.xlsx", "tickets.csv"])
@pytest.mark.parametrize("asked", ["month=1", "by=name;drop", "from=1970-01-01&to=2020-01-01", "queue=x", "time=day"])
def test_what_cannot_be_asked_is_refused(ops: Client, path: str, asked: str) -> None:
    assert ops.get(f"/reports/{path}?{asked}").status_code == 422


@pytest.mark.parametrize("who", ["agent", "outsider"])
@pytest.mark.parametrize("path", ["export.csv", "export.xlsx", "tickets.csv"])
def test_who_may_not_read_reports_gets_no_file(client: Client, login: Login, world: World, path: str, who: str) -> None:
    login(client, getattr(world.users, who))
    assert client.get(f"/reports/{path}").status_code == 403


def test_the_pages_offer_the_files_of_what_they_show(ops: Client) -> None:
    page = unescape(ops.get(OCTOBER.format("") + "&by=queue").get_data(as_text=True))
    assert "/reports/export.csv?month=2026-10&by=queue" in page
    assert "/reports/export.xlsx?month=2026-10&by=queue" in page
    listed = unescape(
        ops.get(OCTOBER.format("/tickets") + "&figure=late_first&value=wrong_item").get_data(as_text=True)
    )
    assert "/reports/tickets.csv?month=2026-10&figure=late_first&value=wrong_item" in listed
