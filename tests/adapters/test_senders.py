"""Senders against real servers on this machine, which also fail, hang, limit, redirect and talk nonsense."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.adapters.http_sender import HttpSender
from helpdesk.adapters.mail import MailServer
from helpdesk.adapters.mail_sender import MailSender
from helpdesk.adapters.net_guard import Guard
from helpdesk.adapters.senders import Delivery, SendFailed
from helpdesk.domain.mail_references import message_of
from helpdesk.domain.signatures import is_signed
from tests.adapters.servers import (
    Answer,
    Post,
    Web,
    breaks_off,
    free_port,
    hangs,
    mail_server,
    says,
    silent_server,
    trickles,
    web_server,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DELIVERY = Delivery(
    id="message:7",
    message_id=7,
    channel="tmall",
    shop="一号店",
    ticket="EX-261123-0001",
    order_number="260-1",
    buyer_id="b-1",
    text="您好，\n已补发",
    answers="",
    sent_at=NOW - timedelta(minutes=3),
    now=NOW,
    settings={},
    secret={"sign": "unsnag_chs_test"},
)


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as web:
        yield web


def send(url: str, **more: object) -> None:
    guard = Guard(allow_internal=True, timeout=0.4, deadline=0.8)
    HttpSender(guard).send(replace(DELIVERY, settings={"url": url}, **more))  # type: ignore[arg-type]


def failure(web: Web, answer: Answer) -> tuple[str, bool, int | None]:
    web.answers = [answer]
    with pytest.raises(SendFailed) as refused:
        send(web.url())
    return refused.value.code, refused.value.final, refused.value.retry_after


def test_a_reply_is_posted_once_signed_with_what_hands_it_over(web: Web) -> None:
    send(web.url("/replies"))
    ((path, headers, body),) = web.asked
    assert path == "/replies"
    assert body == {
        "id": "message:7",
        "channel": "tmall",
        "shop": "一号店",
        "ticket": "EX-261123-0001",
        "order_number": "260-1",
        "buyer_id": "b-1",
        "text": "您好，\n已补发",
        "sent_at": "2026-11-23T01:57:00+00:00",
    }
    sent = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    at, signature = headers["x-unsnag-timestamp"], headers["x-unsnag-signature"]
    assert headers["idempotency-key"] == "message:7"
    assert is_signed(["unsnag_chs_test"], at, signature, sent)
    assert not is_signed(["another"], at, signature, sent)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 409])
def test_taken_now_or_taken_before_is_taken(web: Web, status: int) -> None:
    web.answers = [says({}, status)]
    send(web.url())


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (says({}, 400), ("channel.answered:400", True, None)),
        (says({}, 404), ("channel.answered:404", True, None)),
        (says({}, 302, Location="http://127.0.0.1:1/"), ("channel.answered:302", True, None)),
        (says({}, 500), ("channel.answered:500", False, None)),
        (says({}, 503), ("channel.answered:503", False, None)),
        (says({}, 429, Retry_After="90"), ("channel.too_many", False, 90)),
        (says({}, 429), ("channel.too_many", False, 60)),
        (says({}, 429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), ("channel.too_many", False, 60)),
        (says({}, 429, Retry_After="99999999"), ("channel.too_many", False, 3600)),
        (says(b"x" * 100_000), ("net.answer_too_long", False, None)),
        (breaks_off, ("net.unreachable", False, None)),
        (hangs(1.0), ("net.too_slow", False, None)),
        (trickles(2.0), ("net.too_slow", False, None)),
    ],
    ids=[str(place) for place in range(13)],
)
def test_what_the_other_side_says_decides_what_becomes_of_it(
    web: Web, answer: Answer, failed: tuple[str, bool, int | None]
) -> None:
    assert failure(web, answer) == failed
    assert len(web.asked) == 1, "a redirect is not followed"


def test_nobody_there_and_no_place_to_post_to() -> None:
    for url, code, final in (
        (f"http://127.0.0.1:{free_port()}/", "net.unreachable", False),
        ("ftp://127.0.0.1/", "net.bad_url", True),
        ("", "net.bad_url", True),
    ):
        with pytest.raises(SendFailed) as refused:
            send(url)
        assert (refused.value.code, refused.value.final) == (code, final)


def test_it_posts_to_no_host_inside_unless_the_installation_allows_it(web: Web) -> None:
    with pytest.raises(SendFailed) as refused:
        HttpSender(Guard()).send(replace(DELIVERY, settings={"url": "http://127.0.0.1/"}))
    assert (refused.value.code, refused.value.final) == ("net.internal_address", True)
    assert web.asked == []


# ---- mail


def mail(port: int, **more: object) -> None:
    server = MailServer("127.0.0.1", port, sender="service@shop.example", tls="none", timeout=0.5, longest=1.0)
    MailSender(server, "a key").send(replace(DELIVERY, **{"buyer_id": "wang@example.com", **more}))  # type: ignore[arg-type]


def test_a_mail_names_the_ticket_and_answers_what_the_customer_wrote() -> None:
    with mail_server() as post:
        for _ in range(2):  # the same again, after a crash
            mail(post.port, settings={"from": "help@shop.example"}, answers="<abc@mail.example>")
    first, second = post.taken
    assert first.as_bytes() == second.as_bytes()
    assert post.to[0] == "wang@example.com"
    assert (first["From"], first["Reply-To"]) == ("一号店 <service@shop.example>", "一号店 <help@shop.example>")
    assert first["Subject"] == "[EX-261123-0001] 一号店"
    assert (first["In-Reply-To"], first["References"]) == ("<abc@mail.example>", "<abc@mail.example>")
    assert message_of(first["Message-ID"], "a key") == 7
    assert message_of(first["Message-ID"], "another key") is None
    assert first.get_content().split() == ["您好，", "已补发"]
    assert "Auto-Submitted" not in first, "a person wrote it"


@pytest.mark.parametrize("answers", ["", "chat-1001", "<é@x>", "<a@b>\r\nBcc: everybody@example.com"])
def test_what_is_no_mails_id_is_not_named(answers: str) -> None:
    with mail_server() as post:
        mail(post.port, answers=answers)
    assert post.taken[0]["In-Reply-To"] is None
    assert post.taken[0]["Bcc"] is None


@pytest.mark.parametrize("buyer", ["", "b-1", "wang@example.com\nBcc: x@example.com", "wang@@example.com"])
def test_a_buyer_without_a_mailbox_gets_no_mail(buyer: str) -> None:
    with pytest.raises(SendFailed) as refused:
        mail(free_port(), buyer_id=buyer)
    assert (refused.value.code, refused.value.final) == ("mail.bad_mailbox", True)


def test_a_mail_server_that_refuses_hangs_or_is_down() -> None:
    refusing = Post(free_port(), refuse_mailboxes={"wang@example.com": "550 no such user"})
    with mail_server(refusing) as post, pytest.raises(SendFailed) as refused:
        mail(post.port)
    assert (refused.value.code, refused.value.final) == ("mail.mailbox_refused:550", True)
    with silent_server() as port, pytest.raises(SendFailed) as refused:
        mail(port)
    assert (refused.value.code, refused.value.unreachable) == ("mail.unreachable", True)
    with pytest.raises(SendFailed) as refused:
        mail(free_port())
    assert (refused.value.code, refused.value.unreachable) == ("mail.unreachable", True)
