"""Reports leave by the clock: once, to those who want them, as mail with the workbook and as robots' messages."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select, update

from helpdesk.adapters.mail import MailServer
from helpdesk.adapters.net_guard import Guard
from helpdesk.adapters.posts import Deliver, File
from helpdesk.adapters.robots import ROBOTS
from helpdesk.domain.reports import Side
from helpdesk.jobs.deliver_news import deliver_news
from helpdesk.jobs.send_reports import send_reports
from helpdesk.models import Envelope, NotificationTarget, ReportDue, ReportSending, User
from helpdesk.queries import report_sendings as queries
from helpdesk.storage import db, session, unit_of_work
from tests.adapters.servers import Web, mail_server, web_server
from tests.factories import World, add
from tests.report_facts import fact, plant
from tests.tickets import ticket as a_ticket

FIRST = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)  # eight in the morning in Shanghai
LAST_DAY = date(2026, 10, 31)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def installation(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a mail server and an address; everybody has a mailbox; in October things happened in two queues."""
    mail = {"smtp_host": "127.0.0.1", "smtp_from": "unsnag@shop.example", "smtp_tls": "none"}
    settings = replace(app.config["UNSNAG"], base_url="https://tickets.example", **mail)
    monkeypatch.setitem(app.config, "UNSNAG", settings)
    with unit_of_work():
        session().execute(update(User).where(User.role != "system").values(email=User.login + "@shop.example"))
    queues = world.queues
    happened = [
        (queues.warehouse, "wrong_item", 36_000),
        (queues.warehouse, "wrong_item", 18_000),
        (queues.customer_service, "quality", 3_600),
    ]
    facts = []
    for number, (queue, code, seconds) in enumerate(happened, 1):
        of = {"ticket_id": number, "queue_id": queue.id, "type": code}
        facts.append(fact(world, Side.OPENED, LAST_DAY, **of))
        facts.append(fact(world, Side.RESOLVED, LAST_DAY, wall_seconds=seconds, **of))
    plant(world, facts)


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


def robot(now: datetime, web: Web, **columns: Any) -> None:
    values = {"kind": "dingtalk", "secret": {"url": web.url()}, "kinds": ["report.month", "report.day"], **columns}
    with unit_of_work():
        add(NotificationTarget(name=f"群 {columns}", created_at=now, **values))


def sendings() -> dict[str, int]:
    rows = session().execute(select(ReportSending.key, ReportSending.receivers).order_by(ReportSending.id))
    return {row.key: row.receivers for row in rows}


def body(mail: EmailMessage) -> str:
    part = mail.get_body()
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def ways(port: int, **more: Deliver) -> dict[str, Deliver]:
    mail = MailServer("127.0.0.1", port, sender="unsnag@shop.example", tls="none", timeout=1.0)
    guard = Guard(allow_internal=True, timeout=1.0)

    def robots(kind: str) -> Deliver:
        return lambda post: ROBOTS[kind].send(post, guard)

    return {"mail": mail.send, **{kind: robots(kind) for kind in ROBOTS}, **more}


def test_on_the_first_at_eight_the_month_goes_out_and_at_nine_the_day(world: World) -> None:
    queue = world.queues.customer_service.id
    assert send_reports(lambda: FIRST - MINUTE) == 2  # the day before yesterday's, on which nothing happened
    assert set(sendings().values()) == {0}
    assert send_reports(lambda: FIRST) == 2
    assert send_reports(lambda: FIRST + HOUR) == 2
    assert sendings() == {
        "day:2026-10-30:all": 0,
        f"day:2026-10-30:q{queue}": 0,
        "month:2026-10:all": 1,
        f"month:2026-10:q{queue}": 1,
        "day:2026-10-31:all": 1,
        f"day:2026-10-31:q{queue}": 1,
    }


def test_it_is_sent_once_however_often_it_runs(world: World) -> None:
    for minute in range(5):
        send_reports(lambda at=FIRST + minute * MINUTE: at)  # type: ignore[misc]
    assert [key for key in sendings() if key.startswith("month")].count("month:2026-10:all") == 1


def test_after_a_week_of_downtime_the_month_still_goes_out_but_only_the_last_day(world: World) -> None:
    send_reports(lambda: FIRST + timedelta(days=7))
    assert {key.rpartition(":")[0] for key in sendings()} == {"month:2026-10", "day:2026-11-06"}


def test_after_the_tenth_a_month_is_not_sent_any_more(world: World) -> None:
    send_reports(lambda: FIRST + timedelta(days=10))
    assert {key.rpartition(":")[0] for key in sendings()} == {"day:2026-11-09"}


def test_it_waits_for_what_is_still_to_be_counted_but_not_for_ever(world: World) -> None:
    with unit_of_work():
        row = a_ticket(world, FIRST)
        add(ReportDue(ticket_id=row.id))
    at = FIRST + HOUR * 0.1
    send_reports(lambda: at)
    assert not any(key.startswith("month") for key in sendings())
    send_reports(lambda: FIRST + 10 * MINUTE)
    assert "month:2026-10:all" in sendings()


def test_two_job_workers_at_once_send_once(app: Flask, world: World) -> None:
    db.session.remove()
    start, made = threading.Barrier(2), []

    def work() -> None:
        with app.app_context():
            start.wait()
            made.append(send_reports(lambda: FIRST + HOUR))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(made) == len(sendings()) == 4


def test_mail_brings_the_workbook_of_what_its_reader_sees(world: World, web: Web) -> None:
    send_reports(lambda: FIRST)
    with mail_server() as post:
        assert deliver_news(lambda: FIRST, "one", ways=ways(post.port)) == 2
        assert deliver_news(lambda: FIRST + MINUTE, "one", ways=ways(post.port)) == 0
    mails = {mail["to"]: mail for mail in post.taken}
    assert set(mails) == {"ops@shop.example", "supervisor@shop.example"}
    opened = {}
    for to, mail in mails.items():
        assert mail["subject"] == "Unsnag 月报 2026-10"
        (sheet,) = mail.iter_attachments()
        assert sheet.get_filename() == "unsnag-report-2026-10.xlsx"
        book = openpyxl.load_workbook(io.BytesIO(sheet.get_content()))
        opened[to] = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
        text = body(mail)
        assert "https://tickets.example/reports?month=2026-10" in text
        assert "unsnag-report-2026-10.xlsx" in text
    ops, supervisor = (
        " ".join(str(cell) for row in opened[f"{login}@shop.example"] for cell in row)
        for login in ("ops", "supervisor")
    )
    assert ("发错货" in ops, "质量问题" in ops) == (True, True)
    assert ("发错货" in supervisor, "质量问题" in supervisor) == (False, True)
    told = body(mails["ops@shop.example"])
    assert "新增 3 张，解决 3 张" in told.replace("\r\n", "\n")
    assert "发错货：占用时 93.8%，平均 7.5 小时，2 张" in told


def test_robots_of_the_house_and_of_a_queue_say_their_own_figures(world: World, web: Web) -> None:
    robot(FIRST, web)
    robot(FIRST, web, kind="wecom", queue_id=world.queues.warehouse.id, locale="en")
    send_reports(lambda: FIRST)
    with mail_server() as post:
        deliver_news(lambda: FIRST, "one", ways=ways(post.port))
    said = {document["msgtype"] + str("title" in document["markdown"]): document for _, _, document in web.asked}
    assert len(web.asked) == 2
    house, queue = said["markdownTrue"]["markdown"]["text"], said["markdownFalse"]["markdown"]["content"]
    assert house.startswith("### Unsnag 月报 2026-10\n- 新增 3 张")
    assert "[打开报表](https://tickets.example/reports?month=2026-10)" in house
    assert "3" not in queue.splitlines()[1]
    assert len(queue.encode()) <= 1_950


def test_the_file_is_made_outside_any_transaction_and_once_for_all_who_get_it(world: World, now: datetime) -> None:
    with unit_of_work():
        add(User(login="ops2", name="二", role="ops", email="ops2@shop.example", created_at=now))
    send_reports(lambda: FIRST)
    made: list[int] = []

    def book(sending: int, _locale: str) -> File:
        from helpdesk.storage import _writing

        assert _writing.get() is None
        made.append(sending)
        return File("a.xlsx", "text/plain", b"x")

    taken: list[str] = []
    deliver_news(lambda: FIRST, "one", ways={"mail": lambda post: taken.append(post.to)}, book=book)
    assert sorted(taken) == ["ops2@shop.example", "ops@shop.example", "supervisor@shop.example"]
    assert len(made) == 2


def test_a_file_that_can_not_be_made_is_tried_again(world: World) -> None:
    send_reports(lambda: FIRST)

    def broken(_sending: int, _locale: str) -> File:
        raise ZeroDivisionError

    taken: list[Any] = []
    through: dict[str, Deliver] = {"mail": taken.append}
    deliver_news(lambda: FIRST, "one", ways=through, book=broken)
    rows = session().execute(select(Envelope.state, Envelope.error)).all()
    assert {tuple(row) for row in rows} == {("waiting", "report.no_file")}
    assert taken == []
    deliver_news(lambda: FIRST + HOUR, "one", ways=through)
    assert [post.files[0].name for post in taken] == ["unsnag-report-2026-10.xlsx"] * 2
    with ZipFile(io.BytesIO(taken[0].files[0].content)) as archive:
        assert archive.testzip() is None


def test_the_list_shows_what_became_of_each(world: World, web: Web) -> None:
    robot(FIRST, web)
    send_reports(lambda: FIRST)
    ops, supervisor = world.actors.ops, world.actors.supervisor

    def states(actor: Any = ops) -> list[tuple[str, list[str]]]:
        return [(row.state, [one.state for one in row.deliveries]) for row in queries.page(actor).rows]

    assert states()[2:] == [("queued", ["queued"]), ("queued", ["queued", "queued"])]
    assert states(supervisor) == [("empty", []), ("queued", ["queued"])]
    with mail_server() as post:
        post.refuse_mailboxes["ops@shop.example"] = "550 no such mailbox"
        deliver_news(lambda: FIRST, "one", ways=ways(post.port))
    assert states()[2:] == [("sent", ["sent"]), ("failed", ["failed", "sent"])]
    whole = queries.page(ops).rows[3]
    failed = whole.deliveries[0]
    assert (failed.name, failed.way, failed.error) == ("吴营", "mail", "mail.mailbox_refused:550")
    assert (whole.figures["opened"], whole.queues, whole.bells, whole.made_by) == (3, None, ("吴营",), None)
