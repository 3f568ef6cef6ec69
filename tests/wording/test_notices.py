"""News in words: a line of the bell, a message of many, and why something did not arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.domain.notices import KINDS
from helpdesk.domain.rulebook import Label
from helpdesk.wording import notices
from helpdesk.wording.notices import News, failure_text, message, notice_text

ADAPTERS = Path(notices.__file__).parents[1] / "adapters"


@pytest.fixture(autouse=True)
def in_request(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("code", "params", "text"),
    [
        ("sla.stage", {"clock": "first_response", "percent": 75}, "首次响应已用 75%"),
        ("sla.stage", {"clock": "first_response", "percent": 150}, "首次响应已超时"),
        ("sla.stage", {"clock": "solution", "percent": None, "offset_seconds": -1800}, "解决时限还有 30分到期"),
        ("sla.stage", {"clock": "solution", "percent": None, "offset_seconds": 3600}, "解决时限已超时 1时"),
        ("sla.stage", {"clock": "solution", "percent": None, "offset_seconds": 0}, "解决时限已超时"),
        ("pause.step", {"waiting": "pending_customer", "pause_action": "resolve"}, "“待客户”太久：自动解决"),
        ("ticket.reminded", {"by": "孙领"}, "孙领催办"),
        ("ticket.mentioned", {"by": "孙领"}, "孙领在备注里提到你"),
        ("ticket.merged", {"by": "孙领", "number": "EX-1"}, "孙领把你的工单 EX-1 并入了这张"),
        ("ticket.transferred", {"from": Label("客服", "CS"), "to": Label("仓库", "WH")}, "从客服转到仓库"),
        ("assist.asked", {"queue": Label("仓库", "WH")}, "向仓库请求协助"),
        (
            "absence.stand_in",
            {"user": "林晓", "begins": "2026-11-24T01:00:00+00:00", "ends": "2026-11-25T10:00:00+00:00"},
            "林晓 11-24 09:00 到 11-25 18:00 不在，由你代班",
        ),
        ("absence.stand_in", {"user": "林晓", "begins": "soon"}, "林晓 soon 到 – 不在，由你代班"),
        ("ticket.assigned", {"user": "林晓", "assist": 7}, "请求的协助分派给林晓"),
        ("calendar.unconfirmed", {"year": 2027}, "2027 年的节假日还没有确认，之后的时限是暂定的"),
        (
            "outbox.dead",
            {"address": "客服群", "error": "robot.refused:300001"},
            "发给客服群的消息没有送到：机器人拒收：请核对地址、密钥和安全设置 (300001)",
        ),
        ("outbox.dead", {"address": "reply", "error": "sender.error"}, "发给客户的消息没有送到：发送程序出错"),
        ("ticket.reminded", {}, "–催办"),
        ("from.the_future", {"x": 1}, "from.the_future"),
    ],
)
def test_a_line_says_what_happened(code: str, params: dict[str, object], text: str) -> None:
    assert notice_text(code, params) == text


def test_the_ticket_stands_before_it() -> None:
    assert notice_text("ticket.customer_replied", {}, "EX-1") == "工单 EX-1：客户来消息了"


def test_every_kind_has_a_name_and_words() -> None:
    assert set(notices.NAMES) == set(KINDS)
    assert set(KINDS) <= set(notices.SENTENCES)


def test_every_notice_that_is_written_is_of_a_known_kind() -> None:
    written = {
        code
        for path in (ADAPTERS.parent / "services").glob("*.py")
        for code in re.findall(r'"code": "([a-z]+\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(written) > 7
    assert written <= set(KINDS)


def test_everything_that_can_go_wrong_outside_has_its_words() -> None:
    raised = {
        code
        for path in ADAPTERS.glob("*.py")
        for code in re.findall(r'"((?:apprise|mail|net|robot|sender)\.[a-z_]+)[":]', path.read_text(encoding="utf-8"))
    }
    assert len(raised) > 15
    assert raised - {"sender.busy"} <= set(notices.FAILURES)


def test_an_unknown_failure_is_shown_as_it_is() -> None:
    assert failure_text("robot.new_trouble:7") == "robot.new_trouble (7)"


def test_a_message_of_one_has_it_as_its_headline() -> None:
    worded = message([News("ticket.customer_replied", {}, "EX-1", "https://x/1")], 1, most_bytes=1000, locale="zh_CN")
    assert worded.title == "工单 EX-1：客户来消息了"
    assert worded.text == "工单 EX-1：客户来消息了\nhttps://x/1"


def test_a_message_of_many_counts_what_it_leaves_out_and_what_was_not_read() -> None:
    news = [News("ticket.customer_replied", {}, f"EX-{number}") for number in range(20)]
    whole = message(news, 20, most_bytes=10_000, locale="zh_CN")
    assert (whole.title, len(whole.text.splitlines())) == ("Unsnag：20 条", 20)
    assert message(news, 50, most_bytes=10_000, locale="zh_CN").text.splitlines()[-1] == "另有 30 条"
    for most in (200, 300, 400):
        cut = message(news, 50, most_bytes=most, locale="zh_CN")
        *lines, last = cut.text.splitlines()
        assert last == f"另有 {50 - len(lines)} 条"
        assert len(f"{cut.title}\n{cut.text}".encode()) <= most


def test_a_test_message_says_that_it_is_one() -> None:
    assert message([], 0, most_bytes=1000, locale="zh_CN").title == "Unsnag：测试消息"
