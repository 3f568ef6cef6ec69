"""The ledger's page and its files: filters, links, sums that are the same everywhere, to the fen."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pytest
from openpyxl import load_workbook

from helpdesk.storage import unit_of_work
from tests import money, tickets
from tests.conftest import Client, Login, Statements
from tests.factories import World


@pytest.fixture
def finance(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.finance)
    return client


def plain(text: str) -> str:
    return text.replace(",", "").replace("¥", "")


def test_a_row_tells_what_was_promised_and_leads_to_the_ticket(finance: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, order_id=tickets.order(world, now).id)
        by = {"decided_by_id": world.users.supervisor.id, "decided_at": now}
        money.promise(world, row, 123_456, now, state="approved", **by)
    page = finance.get("/compensations").text
    for words in (f'href="/tickets/{row.number}"', "20261122001", "¥1,234.56", "待兑现", "林晓", "孙领", "一号店"):
        assert words in page, words


def test_page_and_file_say_how_it_was_settled_and_name_nobody_who_agreed_to_nothing(
    finance: Client, world: World, now: datetime
) -> None:
    own = {"decided_by_id": world.users.agent.id, "decided_at": now}
    with unit_of_work():
        row = tickets.ticket(world, now)
        money.promise(world, row, 500, now, approval="none", state="approved", **own)
        money.promise(world, row, 501, now, approval="none", is_remedy=True, state="paid", **own)
        money.promise(world, row, 502, now, state="withdrawn", **own)
        money.promise(world, row, 503, now)
        by = {"decided_by_id": world.users.supervisor.id, "decided_at": now}
        money.promise(world, row, 504, now, state="approved", **by)
    page = finance.get("/compensations").text
    table = list(csv.DictReader(io.StringIO(finance.get("/compensations.csv").data.decode("utf-8-sig"))))
    said = {line["金额（元）"]: (line["审批"], bool(line["审批时间"])) for line in table if line["提出人"]}
    assert said == {
        "5.00": ("自己额度内", False),
        "5.01": ("应退款项，无需审批", False),
        "5.02": ("提出人撤回", False),
        "5.03": ("等待审批", False),
        "5.04": ("孙领", True),
    }
    for words, _when in said.values():
        assert words in page
    assert "等待审批" not in finance.get(f"/compensations?approver={world.users.supervisor.id}").text
    assert "没有补偿记录" in finance.get(f"/compensations?approver={world.users.agent.id}").text


def test_without_a_filter_it_is_this_month_and_a_number_is_looked_for_in_all_times(
    finance: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        old = tickets.ticket(world, now)
        money.promise(world, old, 7_700, now - timedelta(days=60))
    assert "没有补偿记录" in finance.get("/compensations").text
    assert "¥77.00" in finance.get(f"/compensations?number={old.number}").text
    assert "¥77.00" in finance.get("/compensations?from=2026-09-01&to=2026-09-30").text


def test_the_last_day_of_a_period_belongs_to_it(finance: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        money.promise(world, row, 100, datetime.fromisoformat("2026-11-20T15:59:59+00:00"))
        money.promise(world, row, 20_000, datetime.fromisoformat("2026-11-20T16:00:00+00:00"))
    page = finance.get("/compensations?from=2026-11-20&to=2026-11-20").text
    assert "¥1.00" in page
    assert "¥200.00" not in page


def test_page_csv_and_excel_hold_the_same_rows_and_sums_to_the_fen(
    finance: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        for fen, state in (
            (10_001, "proposed"),
            (20_003, "approved"),
            (7, "paid"),
            (999, "rejected"),
            (50, "reversed"),
        ):
            money.promise(world, row, fen, now, state=state)
    page = plain(finance.get("/compensations").text)
    table = list(csv.reader(io.StringIO(finance.get("/compensations.csv").data.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(finance.get("/compensations.xlsx").data)).active
    cells = [list(line) for line in sheet.iter_rows(values_only=True)]
    sums = {"承诺合计": "300.11", "其中待审批": "100.01", "其中待兑现": "200.03", "其中已兑现": "0.07"}
    assert len(table) == len(cells) == 1 + 5 + 1 + 6
    for name, figure in sums.items():
        assert figure in page
        assert next(line for line in table if line and line[0] == name)[-1] == figure
        assert f"{next(line for line in cells if line[0] == name)[9]:.2f}" == figure
    counted = table[0].index("计入承诺（元）")
    assert sum(round(float(line[counted]) * 100) for line in table[1:6]) == 30_011


def test_what_begins_like_a_formula_stays_text_and_a_reversal_a_figure(
    finance: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        bought = tickets.order(world, now, number="=1+1")
        row = tickets.ticket(world, now, order_id=bought.id)
        wrong = money.promise(world, row, 500, now, state="reversed")
        money.promise(world, row, 500, now, state="reversed", reverses_id=wrong.id)
    text = finance.get("/compensations.csv").data.decode("utf-8-sig")
    assert "'=1+1" in text
    assert ",-5.00," in text
    sheet = load_workbook(io.BytesIO(finance.get("/compensations.xlsx").data)).active
    assert {cell.data_type for cell in sheet["C"][1:3]} == {"s"}


def test_a_supervisor_gets_his_queues_alone_in_page_and_file(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    with unit_of_work():
        money.promise(world, tickets.ticket(world, now), 111, now)
        money.promise(world, tickets.ticket(world, now, queue=world.queues.warehouse), 22_200, now)
    login(client, world.users.supervisor)
    for path in ("/compensations", "/compensations.csv"):
        text = client.get(path).text
        assert "1.11" in text
        assert "222.00" not in text


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "to=0001-01-01",
        "state=lost",
        "kind=gold",
        "shop=x",
        "proposer=0",
        "approver=99999999999",
        "after=nonsense",
        f"number={'9' * 80}",
    ],
)
def test_nonsense_in_the_address_is_told(finance: Client, query: str) -> None:
    assert finance.get(f"/compensations?{query}").status_code == 422


def test_older_pages_keep_the_filter(
    finance: Client, world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.queries.ledger.PER_PAGE", 2)
    with unit_of_work():
        row = tickets.ticket(world, now)
        for fen in (1_100, 2_200, 3_300):
            money.promise(world, row, fen, now - timedelta(minutes=fen))
    first = finance.get("/compensations?state=proposed").text
    assert "¥33.00" not in first
    link = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "state=proposed" in link
    assert "¥33.00" in finance.get(link).text


def test_the_page_takes_the_same_statements_however_many_rows(
    finance: Client, world: World, now: datetime, statements: Statements
) -> None:
    with unit_of_work():
        for _ in range(3):
            money.promise(world, tickets.ticket(world, now), 1, now)
    finance.get("/compensations")
    with statements() as few:
        finance.get("/compensations")
    with unit_of_work():
        for _ in range(20):
            money.promise(world, tickets.ticket(world, now), 1, now)
    with statements() as many:
        finance.get("/compensations")
    assert len(many) == len(few) <= 8
