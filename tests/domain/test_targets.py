"""What may be entered as an address, and who may enter it."""

from __future__ import annotations

import pytest

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.problems import Invalid
from helpdesk.domain.targets import (
    LIMITS,
    checked_mailbox,
    checked_sign,
    checked_url,
    may_manage,
    shown_address,
)

DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=t0ken"


@pytest.mark.parametrize("text", ["a@b.example", " lin.xiao+orders@mail.example.com ", "root@localhost"])
def test_mailboxes(text: str) -> None:
    assert checked_mailbox(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "@b.example",
        "a@",
        "a@b@c",
        "a b@c.example",
        "a@c.example\nBcc: all@c.example",
        "a@c.example, d@c.example",
        "<a@c.example>",
        "林@例子.example",
        ".a@c.example",
        "a..b@c.example",
        "a@" + "b" * 200 + ".example",
        "a@[127.0.0.1]",
    ],
)
def test_what_is_no_mailbox(text: str) -> None:
    with pytest.raises(Invalid, match=r"target\.bad_mailbox"):
        checked_mailbox(text)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("dingtalk", DINGTALK),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/h"),
        ("feishu", "https://open.larksuite.com/open-apis/bot/v2/hook/h"),
        ("apprise", "tgram://123456789:abcdefg/12315544"),
    ],
)
def test_robots_of_their_makers_and_services_with_one_host(kind: str, url: str) -> None:
    assert checked_url(kind, f" {url} ", allow_internal=False) == url


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("dingtalk", ""),
        ("dingtalk", "oapi.dingtalk.com/robot"),
        ("dingtalk", DINGTALK.replace("https", "http")),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "oapi.dingtalk.com.evil.example")),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "oapi.dingtalk.com:8443")),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "oapi.dingtalk.com:99999")),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "user@oapi.dingtalk.com")),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "oapi.dingtalk.com@evil.example")),
        ("dingtalk", DINGTALK.replace("oapi.dingtalk.com", "169.254.169.254")),
        ("dingtalk", DINGTALK + "\r\nHost: evil.example"),
        ("dingtalk", DINGTALK + "x" * 1000),
        ("dingtalk", "https://例子.example/robot"),
        ("wecom", DINGTALK),
        ("mail", DINGTALK),
        ("apprise", "json://localhost"),
        ("apprise", "ntfy://internal.example/topic"),
        ("apprise", "syslog://"),
        ("apprise", "file:///etc/passwd"),
        ("apprise", "nonsense"),
        ("apprise", "tgram://123456789:abcdefg/12315544?rto=86400"),
        ("apprise", "tgram://123456789:abcdefg/12315544?verify=no"),
    ],
)
def test_what_is_not_posted_to(kind: str, url: str) -> None:
    with pytest.raises(Invalid):
        checked_url(kind, url, allow_internal=False)


def test_an_installation_may_allow_hosts_of_its_own_but_never_the_machine_itself() -> None:
    for kind, url in (("dingtalk", "http://robots.internal:8080/x"), ("apprise", "json://10.0.0.8:8080/x")):
        assert checked_url(kind, url, allow_internal=True) == url
    for url in ("syslog://", "dbus://", "json://10.0.0.8/x?cto=900"):
        with pytest.raises(Invalid):
            checked_url("apprise", url, allow_internal=True)


def test_what_may_be_shown_holds_no_token() -> None:
    assert shown_address("dingtalk", DINGTALK) == "oapi.dingtalk.com"
    assert shown_address("apprise", "tgram://123456789:abcdefg/12315544") == "tgram://"


def test_a_signing_key_is_short_and_plain() -> None:
    assert checked_sign(" SECabc ") == "SECabc"
    for sign in ("x" * 201, "密钥", "a\nb"):
        with pytest.raises(Invalid):
            checked_sign(sign)


def test_makers_limits_are_kept_with_a_margin() -> None:
    assert LIMITS["dingtalk"].a_minute < 20
    assert LIMITS["dingtalk"].rest_seconds > 600
    assert LIMITS["wecom"].a_minute < 20
    assert LIMITS["wecom"].bytes < 2048
    assert LIMITS["feishu"].a_minute < 100


def test_a_supervisor_manages_what_his_queues_hear_and_nothing_of_the_house() -> None:
    supervisor = Actor(1, Role.SUPERVISOR, frozenset({7}))
    assert [may_manage(supervisor, queue) for queue in (7, 8, None)] == [True, False, False]
    assert may_manage(Actor(2, Role.OPS), None)
    assert not may_manage(Actor(3, Role.AGENT, frozenset({7})), 7)


@pytest.mark.parametrize("kind", ["dingtalk", "apprise"])
def test_what_is_no_url_at_all_is_refused(kind: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_url(kind, "https://[oapi.dingtalk.com/robot", allow_internal=False)
    assert caught.value.code == "target.bad_url"
