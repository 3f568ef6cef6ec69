"""The page of reports that were sent, and sending by hand."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select, update

from helpdesk.domain.reports import Side
from helpdesk.jobs.send_reports import send_reports
from helpdesk.models import Notification, Outbox, ReportSending, User
from helpdesk.storage import session, unit_of_work
from tests.conftest import Client, Login, Statements
from tests.factories import World, add
from tests.report_facts import fact, plant

PATH = "/reports/sent"
DAY = date(2026, 10, 31)


@pytest.fixture(autouse=True)
def installation(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server, mailboxes, and an October in which the warehouse had a wrong parcel."""
    monkeypatch.setitem(app.config, "UNSNAG", replace(app.config["UNSNAG"], smtp_host="127.0.0.1"))
    with unit_of_work():
        session().execute(update(User).where(User.role != "system").values(email=User.login + "@shop.example"))
    of = {"ticket_id": 1, "queue_id": world.queues.warehouse.id, "type": "wrong_item"}
    plant(world, [fact(world, Side.OPENED, DAY, **of), fact(world, Side.RESOLVED, DAY, wall_seconds=36_000, **of)])


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


def sent(world: World, now: datetime) -> None:
    """On the 3rd of November, at noon in Shanghai."""
    send_reports(lambda: datetime(2026, 11, 3, 4, 0, tzinfo=now.tzinfo))


def form(**changed: str) -> dict[str, str]:
    return {"key": str(uuid4()), "month": "2026-10", "to": "all", **changed}


def pressed(client: Client, data: dict[str, str]) -> str:
    """What stands on the page then."""
    assert client.submit(PATH, data).headers["Location"] == PATH
    return client.get(PATH).text


def sendings() -> list[ReportSending]:
    return list(session().scalars(select(ReportSending).order_by(ReportSending.id)))


def test_before_anything_was_sent_it_says_when_it_will_be(ops: Client) -> None:
    page = ops.get(PATH).text
    assert "还没有发过报表" in page
    assert "1 日 8 点" in page


def test_what_was_sent_stands_there_with_its_figures_and_receivers(ops: Client, world: World, now: datetime) -> None:
    sent(world, now)
    page = ops.get(PATH).text
    assert "月报 2026年10月" in page
    assert "新增 1 张，解决 1 张；平均处理 10.0 小时；重开 0.0%；发错货：占用时 100.0%，平均 10.0 小时，1 张" in page
    assert "吴营" in page
    assert "排队中" in page
    assert "没有内容，没有发" in page  # of the day before, and of customer service's month


def test_a_supervisor_sees_what_told_of_his_queues(client: Client, world: World, login: Login, now: datetime) -> None:
    sent(world, now)
    months = [row for row in sendings() if row.kind == "month"]
    whole, own = sorted(months, key=lambda row: not row.key.endswith(":all"))
    login(client, world.users.supervisor)
    page = client.get(PATH).text
    assert "发错货" not in page
    assert page.count('class="sending"') == 2  # a month and a day
    assert "马上发一次" not in page
    assert client.get(f"{PATH}/{whole.id}.xlsx").status_code == 404
    assert client.get(f"{PATH}/{own.id}.xlsx").status_code == 200
    assert client.submit(PATH, form()).status_code == 403


def test_the_file_is_that_of_the_circle(ops: Client, world: World, now: datetime) -> None:
    sent(world, now)
    for row in sendings():
        answer = ops.get(f"{PATH}/{row.id}.xlsx")
        assert answer.headers["Cache-Control"] == "no-store"
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
        cells = [cell.value for line in book.worksheets[0].iter_rows() for cell in line]
        assert ("发错货" in cells) == (row.document["queues"] is None and row.kind == "month")
    assert ops.get(f"{PATH}/999999.xlsx").status_code == 404


def test_to_oneself_by_mail_alone(ops: Client, world: World) -> None:
    page = pressed(ops, form(to="me"))
    assert "已排队发给 1 个收件人" in page
    (row,) = sendings()
    assert (row.kind, row.made_by_id, row.document["mails"]) == ("hand", world.users.ops.id, [world.users.ops.id])
    assert session().scalars(select(Notification)).all() == []
    assert "吴营手工发送" in ops.get(PATH).text


def test_to_all_who_want_it_and_a_second_press_sends_nothing_more(ops: Client, world: World) -> None:
    wanted = form()
    assert "已排队发给" in pressed(ops, wanted)
    told = len(session().scalars(select(Outbox)).all())
    assert told == 1  # the supervisor's queue had nothing to tell
    assert "已经发过了" in pressed(ops, wanted)
    assert len(session().scalars(select(Outbox)).all()) == told
    ops.submit(PATH, form())
    assert len(session().scalars(select(Outbox)).all()) == 2 * told


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"month": ""}, "月份写成 2026-01"),
        ({"month": "2026-13"}, "月份写成 2026-01"),
        ({"month": "2026-10; DROP"}, "月份写成 2026-01"),
        ({"month": "2027-01"}, "没有可发的内容"),
        ({"month": "2020-01"}, "没有可发的内容"),
        ({"key": "1"}, ""),
        ({"to": "everybody@example.com"}, ""),
        ({"to": ""}, ""),
    ],
)
def test_what_can_not_be_sent_is_refused_with_its_reason(ops: Client, changed: dict[str, str], said: str) -> None:
    answer = ops.submit(PATH, form(**changed))
    assert answer.status_code == 422
    assert said in answer.text
    assert sendings() == []


def test_without_a_mailbox_or_a_mail_server_nothing_goes_to_oneself(app: Flask, ops: Client, world: World) -> None:
    with unit_of_work():
        session().execute(update(User).where(User.id == world.users.ops.id).values(email=None))
    assert "还没有填邮箱" in ops.submit(PATH, form(to="me")).text
    app.config["UNSNAG"] = replace(app.config["UNSNAG"], smtp_host="")
    assert "还没有设置邮件服务器，报表发不出去" in ops.submit(PATH, form(to="me")).text


def test_an_agent_has_no_reports(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert client.get(PATH).status_code == 403
    assert client.get(f"{PATH}/1.xlsx").status_code == 403


def test_hostile_names_are_text(ops: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        session().execute(update(User).where(User.id == world.users.ops.id).values(name="<b>吴</b>"))
    sent(world, now)
    page = ops.get(PATH).text
    assert "&lt;b&gt;吴&lt;/b&gt;" in page
    assert "<b>吴</b>" not in page


def test_pages_go_on_where_the_last_one_ended(ops: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        for number in range(45):
            add(
                ReportSending(
                    key=f"hand:{number}:all",
                    kind="hand",
                    first=DAY,
                    last=DAY,
                    made_at=now,
                    made_by_id=world.users.ops.id,
                    document={
                        "figures": figures(),
                        "scope": "all",
                        "queues": None,
                        "bells": [],
                        "mails": [],
                        "targets": [],
                    },
                )
            )
    seen, path = 0, PATH
    while path:
        page = ops.get(path).text
        seen += page.count('class="sending"')
        following = re.findall(r'href="(/reports/sent\?after=[0-9.]+)"', page)
        path = following[0] if following else ""
    assert seen == 45
    assert ops.get(f"{PATH}?after=nonsense").status_code == 422


def figures() -> dict[str, object]:
    counts = dict.fromkeys(("opened", "resolved", "mean_seconds", "money_fen"), 0)
    before = {f"{name}_before": 0 for name in counts}
    rates = dict.fromkeys(("first_permille", "solution_permille", "reopen_permille"))
    return {**counts, **before, **rates, "top": []}


def test_the_page_takes_few_statements(ops: Client, world: World, now: datetime, statements: Statements) -> None:
    sent(world, now)
    ops.submit(PATH, form())
    ops.get(PATH)
    with statements() as seen:
        ops.get(PATH)
    assert len(seen) <= 12, "\n".join(seen)
