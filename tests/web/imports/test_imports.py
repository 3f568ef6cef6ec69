"""From a file to its tickets through the pages."""

from __future__ import annotations

import html
import io
import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk import timesource
from helpdesk.adapters import tabular
from helpdesk.jobs.resume_imports import resume_imports
from helpdesk.models import ImportFile, JobRun, Message, Order, Ticket
from helpdesk.queries import imports as queries
from helpdesk.services import clean_up
from helpdesk.storage import session, unit_of_work
from helpdesk.web.imports import runs
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World

TABLE = "号,客户说,订单\nm1,收到的杯子碎了,260001\nm2,,260002\nm3,发错货了,260003\n"
SMALL = 1000
COLUMNS = {"column-0": "external_id", "column-1": "text", "column-2": "order_number"}
OPTIONS = {"shop": "main", "channel": "tmall", "created_at": "now"}


def upload(client: Client, table: bytes = TABLE.encode("gb18030"), *, kind: str = "tickets") -> str:
    """Returns where its columns are settled."""
    answer = client.submit("/imports/new", {"kind": kind, "file": (io.BytesIO(table), "t.csv")})
    assert answer.status_code == 302, html.unescape(answer.text)
    return answer.headers["Location"]


def work() -> None:
    resume_imports(timesource.now, "test")


@pytest.fixture
def operator(client: Client, login: Login, world: World) -> Client:
    login(client, world.users.ops)
    return client


def test_a_table_becomes_tickets_and_bad_rows_come_back_as_a_file(operator: Client) -> None:
    settle = upload(operator)
    page = operator.get(settle).text
    assert "收到的杯子碎了" in page
    assert "客户说" in page
    run = operator.submit(settle, {**COLUMNS, **OPTIONS}).headers["Location"]
    assert "排队中" in operator.get(run).text
    work()
    page = operator.get(run).text
    assert "已完成" in page
    assert re.search(r"没能导入 <b class=.number.>1<", page)
    assert re.search(r'class="number">3</th><td>[^<]*内容', page)
    assert session().scalars(select(Message.text).order_by(Message.id)).all() == ["收到的杯子碎了", "发错货了"]
    answer = operator.get(f"{run}/bad-rows")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    bad = answer.data.decode("utf-8-sig").splitlines()
    assert bad[0] == "号,客户说,订单,_row,_problem"
    assert bad[1].startswith("m2,,260002,3,")
    assert "t.csv" in operator.get("/imports").text


def test_the_same_file_twice_gives_the_same_tickets(operator: Client) -> None:
    for _ in range(2):
        run = operator.submit(upload(operator), {**COLUMNS, **OPTIONS}).headers["Location"]
        work()
    assert session().scalar(select(func.count()).select_from(JobRun)) == 1
    operator.submit(f"{run}/again")
    work()
    assert re.search(r"以前导入过，没有变化 <b class=.number.>2<", operator.get(run).text)
    assert session().scalar(select(func.count()).select_from(Ticket)) == 2


def test_columns_are_remembered_for_the_next_file_of_the_kind_even_those_left_out(operator: Client) -> None:
    operator.submit(upload(operator), {**COLUMNS, "column-2": "-", **OPTIONS})
    page = operator.get(upload(operator, TABLE.replace("m1", "m9").encode())).text
    assert "已按上次的对应填好" in page
    assert re.findall(r'<option value="([^"]+)" selected', page)[:3] == ["external_id", "text", "-"]
    page = operator.get(upload(operator, "号,客户说,订单,新列\nm1,x,y,z\n".encode())).text
    assert "已按上次的对应填好" not in page


def test_orders_are_imported_the_same_way(operator: Client) -> None:
    table = "订单号,实付,商品名称\nA1,39.90,杯子\nA1,,盖子\n".encode()
    settle = upload(operator, table, kind="orders")
    run = operator.submit(settle, {"column-0": "number", "column-1": "paid", "column-2": "name", **OPTIONS})
    work()
    assert "1 / 1 个订单" in operator.get(run.headers["Location"]).text
    assert session().scalars(select(Order.paid_fen)).all() == [3990]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"column-0": "external_id", "column-1": "-", "column-2": "-"}, "缺少“内容”一列"),
        ({"column-0": "text", "column-1": "text", "column-2": "-"}, "对应了多列"),
        ({"column-0": "owner", "column-1": "text", "column-2": "-"}, "没有字段"),
    ],
)
def test_columns_that_make_no_sense_are_told_and_nothing_begins(
    operator: Client, columns: dict[str, str], words: str
) -> None:
    page = operator.submit(upload(operator), {**columns, **OPTIONS})
    assert page.status_code == 422
    assert words in page.text
    assert session().scalar(select(func.count()).select_from(JobRun)) == 0


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "t.csv", "文件是空的"),
        (b"a,b\n1,2\n", "t.exe", "不认识的文件格式"),
        (b"PK\x03\x04 no workbook", "t.xlsx", "不是能读的 Excel"),
        (b"\xff\xfe\x00\xd8\x00\xd8", "t.csv", "编码认不出来"),
        ("内容,内容\na,b\n".encode(), "t.csv", "表头重复"),
        (b"text\n" + b"x" * SMALL, "t.csv", "文件太大"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_not_kept(
    operator: Client, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str, words: str
) -> None:
    monkeypatch.setattr(tabular, "MAX_BYTES", SMALL)
    page = operator.submit("/imports/new", {"kind": "tickets", "file": (io.BytesIO(content), name)})
    assert page.status_code in (413, 422)
    assert words in page.text
    assert session().scalar(select(func.count()).select_from(ImportFile)) == 0


def test_more_than_a_form_holds_is_for_those_who_are_logged_in(
    app: Flask, client: Client, login: Login, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", SMALL)
    large = b"text\n" + b"x" * 2 * SMALL

    def send() -> int:
        return client.submit("/imports/new", {"kind": "tickets", "file": (io.BytesIO(large), "t.csv")}).status_code

    assert send() == 413
    login(client, world.users.ops)
    assert send() == 302


def test_a_run_that_waits_is_cancelled_and_goes_on_when_it_is_asked_to(operator: Client) -> None:
    run = operator.submit(upload(operator), {**COLUMNS, **OPTIONS}).headers["Location"]
    operator.submit(f"{run}/cancel")
    work()
    assert "已取消" in operator.get(run).text
    assert session().scalar(select(func.count()).select_from(Ticket)) == 0
    assert operator.submit(f"{run}/cancel").status_code == 409
    operator.submit(f"{run}/again")
    work()
    assert session().scalar(select(func.count()).select_from(Ticket)) == 2


def test_older_runs_are_paged_by_key(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_LISTED", 2)
    for n in range(5):
        operator.submit(upload(operator, f"内容\n第 {n} 条\n".encode()), {"column-0": "text", **OPTIONS})
    seen, address = [], "/imports"
    for _ in range(3):
        page = operator.get(address).text
        seen.append(re.findall(r'href="/imports/(\d+)"', page))
        following = re.search(r'href="(/imports\?after=[^"]+)"', page)
        address = html.unescape(following[1]) if following else ""
    assert [int(id) for page_ids in seen for id in page_ids] == [5, 4, 3, 2, 1]
    assert address == ""
    assert operator.get("/imports?after=x").status_code == 422


def test_the_first_bad_rows_are_shown_and_all_are_counted(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "SHOWN_BAD_ROWS", 2)
    settle = upload(operator, ("号,内容\n" + "".join(f"m{n},\n" for n in range(5))).encode())
    run = operator.submit(settle, {"column-0": "external_id", "column-1": "text", **OPTIONS}).headers["Location"]
    work()
    page = operator.get(run).text
    assert page.count('<th scope="row" class="number">') == 2
    assert "另有 3 行" in page


def test_what_is_not_there_is_not_found(operator: Client) -> None:
    assert operator.get("/imports/7").status_code == 404
    assert operator.get("/imports/7/bad-rows").status_code == 404
    assert operator.submit("/imports/7/again").status_code == 404
    assert operator.submit("/imports/7/cancel").status_code == 404
    assert operator.get(f"/imports/new/tickets/{'0' * 64}").status_code == 404
    assert operator.get("/imports/new/tickets/nothing").status_code == 404
    assert operator.get("/imports/new/people/x").status_code == 404


def test_a_file_that_nobody_imports_is_gone_after_a_day(operator: Client, frozen: Frozen) -> None:
    operator.submit(upload(operator), {**COLUMNS, **OPTIONS})
    upload(operator, b"text\nnever imported\n")
    for hours, kept in ((23, 2), (2, 1)):
        frozen.shift(hours=hours)
        with unit_of_work():
            clean_up.remove_loose_files(frozen.now)
        assert session().scalar(select(func.count()).select_from(ImportFile)) == kept


def test_the_list_takes_as_many_statements_for_many_runs_as_for_one(operator: Client, statements: Statements) -> None:
    operator.submit(upload(operator), {**COLUMNS, **OPTIONS})
    with statements() as one:
        operator.get("/imports")
    for n in range(4):
        operator.submit(upload(operator, f"内容\n第 {n} 条\n".encode()), {"column-0": "text", **OPTIONS})
    with statements() as many:
        operator.get("/imports")
    assert len(many) == len(one) <= 5
