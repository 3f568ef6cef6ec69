"""Robots: what they are sent, and what their answers mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from helpdesk.adapters import apprise_targets
from helpdesk.adapters.net_guard import Guard
from helpdesk.adapters.posts import Post
from helpdesk.adapters.robots import ROBOTS
from helpdesk.adapters.senders import SendFailed
from tests.adapters.servers import Web, breaks_off, hangs, says, web_server

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""apprise loads all its services at its first use."""

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
GUARD = Guard(allow_internal=True, timeout=0.5)


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


def post(url: str, sign: str = "", title: str = "Unsnag：2 条", text: str = "一\n二") -> Post:
    return Post(id="news:1", at=NOW, now=NOW, to="", url=url, sign=sign, title=title, text=text)


def failure(kind: str, url: str, guard: Guard = GUARD) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        ROBOTS[kind].send(post(url), guard)
    return failed.value


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("dingtalk", {"msgtype": "text", "text": {"content": "Unsnag：2 条\n一\n二"}}),
        ("wecom", {"msgtype": "text", "text": {"content": "Unsnag：2 条\n一\n二"}}),
        ("feishu", {"msg_type": "text", "content": {"text": "Unsnag：2 条\n一\n二"}}),
    ],
)
def test_what_each_robot_is_sent(web: Web, kind: str, document: dict[str, object]) -> None:
    ROBOTS[kind].send(post(web.url()), GUARD)
    path, _, said = web.asked[0]
    assert (path, said) == ("/robot/send?access_token=t0ken", document)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("dingtalk", {"msgtype": "markdown", "markdown": {"title": "月报", "text": "### 月报\n- **3** 张 <at>"}}),
        ("wecom", {"msgtype": "markdown", "markdown": {"content": "### 月报\n- **3** 张 <at>"}}),
        (
            "feishu",
            {
                "msg_type": "interactive",
                "card": {
                    "header": {"title": {"tag": "plain_text", "content": "月报"}},
                    "elements": [{"tag": "markdown", "content": "- **3** 张 ＜at>"}],
                },
            },
        ),
    ],
)
def test_what_is_laid_out_is_shown_so(web: Web, kind: str, document: dict[str, object]) -> None:
    laid_out = replace(post(web.url(), title="月报", text="- **3** 张 <at>"), markdown=True)
    ROBOTS[kind].send(laid_out, GUARD)
    assert web.asked[0][2] == document


def test_a_single_line_is_not_said_twice(web: Web) -> None:
    ROBOTS["wecom"].send(post(web.url(), title="客户来消息了", text="客户来消息了\nhttps://x"), GUARD)
    assert web.asked[0][2]["text"]["content"] == "客户来消息了\nhttps://x"


def test_dingtalk_is_signed_over_the_time_in_milliseconds(web: Web) -> None:
    ROBOTS["dingtalk"].send(post(web.url(), "SECabc"), GUARD)
    query = parse_qs(urlsplit(web.asked[0][0]).query)
    stamp = str(int(NOW.timestamp() * 1000))
    digest = hmac.new(b"SECabc", f"{stamp}\nSECabc".encode(), hashlib.sha256).digest()
    assert query == {
        "access_token": ["t0ken"],
        "timestamp": [stamp],
        "sign": [base64.b64encode(digest).decode()],
    }


def test_feishu_is_signed_with_the_time_in_the_key(web: Web) -> None:
    ROBOTS["feishu"].send(post(web.url(), "abc"), GUARD)
    said = web.asked[0][2]
    stamp = str(int(NOW.timestamp()))
    digest = hmac.new(f"{stamp}\nabc".encode(), b"", hashlib.sha256).digest()
    assert (said["timestamp"], said["sign"]) == (stamp, base64.b64encode(digest).decode())


def test_a_name_cannot_call_everybody_on_feishu(web: Web) -> None:
    ROBOTS["feishu"].send(post(web.url(), text='<at user_id="all"></at>'), GUARD)
    assert "<at" not in web.asked[0][2]["content"]["text"]


@pytest.mark.parametrize(
    ("kind", "said", "code", "final", "rest"),
    [
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, "robot.too_many:130101", False, 660),
        ("wecom", {"errcode": 45009}, "robot.too_many:45009", False, 60),
        ("feishu", {"code": 11232}, "robot.too_many:11232", False, 60),
        ("dingtalk", {"errcode": 300001}, "robot.refused:300001", True, None),
        ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, "robot.refused:310000", True, None),
        ("wecom", {"errcode": 93000}, "robot.refused:93000", True, None),
        ("feishu", {"code": 19021}, "robot.refused:19021", True, None),
        ("dingtalk", {"errcode": -1}, "robot.refused:-1", False, None),
        ("wecom", {"errcode": 77777}, "robot.refused:77777", False, None),
    ],
)
def test_what_their_answers_mean(
    web: Web, kind: str, said: dict[str, object], code: str, final: bool, rest: int | None
) -> None:
    web.answers = [says(said)]
    failed = failure(kind, web.url())
    assert (failed.code, failed.final, failed.retry_after) == (code, final, rest)


def test_feishu_of_old_says_its_code_elsewhere(web: Web) -> None:
    web.answers = [says({"StatusCode": 0, "StatusMessage": "success"})]
    ROBOTS["feishu"].send(post(web.url()), GUARD)


@pytest.mark.parametrize(
    ("status", "final"), [(400, True), (401, True), (403, True), (404, True), (408, False), (500, False), (503, False)]
)
def test_http_errors(web: Web, status: int, final: bool) -> None:
    web.answers = [says({}, status)]
    failed = failure("dingtalk", web.url())
    assert (failed.code, failed.final) == (f"robot.http:{status}", final)


@pytest.mark.parametrize(
    ("after", "rest"),
    [
        ("17", 17),
        ("0", 1),
        ("999999999999", 86_400),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 1),
        ("soon", 660),
        ("", 660),
    ],
)
def test_too_many_says_until_when(web: Web, after: str, rest: int) -> None:
    web.answers = [says({}, 429, Retry_After=after)]
    failed = failure("dingtalk", web.url())
    assert (failed.code, failed.final, failed.retry_after) == ("robot.too_many:429", False, rest)


@pytest.mark.parametrize(
    "said", [b"", b"<html>", b"null", b"[]", b'{"errcode": "0"}', b'{"errcode": true}', b"\xff\xfe"]
)
def test_an_answer_nobody_can_read_is_no_success(web: Web, said: bytes) -> None:
    web.answers = [says(said)]
    failed = failure("dingtalk", web.url())
    assert (failed.code, failed.final) == ("robot.garbled", False)


def test_redirects_hanging_and_breaking_off(web: Web) -> None:
    web.answers = [says({}, 302, Location="http://127.0.0.1:1/"), hangs(1), breaks_off]
    seen = [failure("wecom", web.url()) for _ in range(3)]
    assert [(each.code, each.final) for each in seen] == [
        ("net.redirected", True),
        ("net.too_slow", False),
        ("net.unreachable", False),
    ]


def test_no_log_tells_a_token(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ROBOTS["dingtalk"].send(post(web.url(), "SECabc"), GUARD)
    web.answers = [says({}, 500)]
    failed = failure("dingtalk", web.url())
    assert "t0ken" not in caplog.text
    assert "t0ken" not in str(failed)
    assert "t0ken" not in repr(post(web.url()))


def test_without_leave_no_robot_is_inside(web: Web) -> None:
    failed = failure("dingtalk", web.url().replace(str(web.port), "80"), Guard())
    assert (failed.code, failed.final) == ("net.internal_address", True)
    assert web.asked == []


def test_apprise_sends_where_the_installation_allows_it(web: Web) -> None:
    web.usual = says({})
    url = f"json://127.0.0.1:{web.port}/hook"
    apprise_targets.send(post(url), allow_internal=True)
    assert (web.asked[0][2]["title"], web.asked[0][2]["message"]) == ("Unsnag：2 条", "一\n二")
    web.answers = [says({}, 500)]
    with pytest.raises(SendFailed) as failed:
        apprise_targets.send(post(url), allow_internal=True)
    assert (failed.value.code, failed.value.final) == ("apprise.refused", False)


@pytest.mark.parametrize("url", ["json://127.0.0.1/x", "syslog://", "tgram://t/1?verify=no"])
def test_apprise_is_asked_again_whether_it_may(url: str) -> None:
    """An address that was saved while the installation allowed it is not served when it doesn't any more."""
    with pytest.raises(SendFailed) as failed:
        apprise_targets.send(post(url), allow_internal=False)
    assert (failed.value.code, failed.value.final) == ("apprise.not_allowed", True)


def test_apprise_cannot_read_everything() -> None:
    with pytest.raises(SendFailed) as failed:
        apprise_targets.send(post("discord://"), allow_internal=False)
    assert (failed.value.code, failed.value.final) == ("apprise.bad_url", True)
