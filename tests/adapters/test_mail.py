"""Mail: well formed, the same at every try, and refused for the right reason."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from helpdesk.adapters.mail import MailServer, message_of
from helpdesk.adapters.posts import File, Post
from helpdesk.adapters.senders import SendFailed
from tests.adapters import servers
from tests.adapters.servers import dribbling_server, free_port, mail_server, silent_server

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def post(**changed: Any) -> Post:
    values = {
        "id": "news:17.20261123020000",
        "at": AT,
        "now": AT,
        "to": "lin@shop.example",
        "url": "",
        "sign": "",
        "title": "工单 EX-261123-0001：首次响应已超时",
        "text": "工单 EX-261123-0001：首次响应已超时\nhttps://tickets.example/tickets/EX-261123-0001",
    }
    return Post(**{**values, **changed})


def server(port: int, **changed: Any) -> MailServer:
    return MailServer(
        host="127.0.0.1", port=port, sender="unsnag@shop.example", **{"tls": "none", "timeout": 2.0, **changed}
    )


@pytest.fixture
def mailbox() -> Iterator[servers.Post]:
    with mail_server() as running:
        yield running


def failure(mail: MailServer, **changed: Any) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        mail.send(post(**changed))
    return failed.value


def test_a_mail_arrives_as_it_was_written(mailbox: servers.Post) -> None:
    server(mailbox.port).send(post())
    (message,) = mailbox.taken
    assert mailbox.to == ["lin@shop.example"]
    assert message["subject"] == "工单 EX-261123-0001：首次响应已超时"
    assert (message["from"], message["to"]) == ("Unsnag <unsnag@shop.example>", "lin@shop.example")
    assert message["message-id"] == "<news.17.20261123020000@shop.example>"
    assert message["date"].datetime == AT
    assert message["auto-submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == post().text.splitlines()


def test_files_come_along_under_their_names(mailbox: servers.Post) -> None:
    content = bytes(range(256)) * 40
    files = (File("月报 2026-10.xlsx", XLSX, content), File("a\r\nBcc: x@y.example", "text/csv", b"1,2"))
    server(mailbox.port).send(post(files=files))
    server(mailbox.port).send(post(files=files))
    first, again = mailbox.taken
    assert first.as_bytes() == again.as_bytes()
    body = first.get_body()
    assert body is not None
    assert body.get_content().splitlines() == post().text.splitlines()
    sheet, hostile = first.iter_attachments()
    assert (sheet.get_filename(), sheet.get_content_type(), sheet.get_content()) == (files[0].name, XLSX, content)
    assert hostile.get_filename() == "a Bcc: x@y.example"
    assert first["bcc"] is None


def test_the_same_post_makes_the_same_message() -> None:
    mail = server(25)
    assert message_of(post(), mail).as_bytes() == message_of(post(now=AT.replace(hour=9)), mail).as_bytes()
    assert message_of(post(id="news:18"), mail)["message-id"] != message_of(post(), mail)["message-id"]


def test_nothing_in_a_headline_begins_another_header(mailbox: servers.Post) -> None:
    server(mailbox.port).send(post(title="催办\r\nBcc: everybody@shop.example\r\n\r\n假的正文", id="x\r\nX-Evil: 1"))
    (message,) = mailbox.taken
    assert message["subject"] == "催办 Bcc: everybody@shop.example 假的正文"
    assert set(message.keys()) & {"Bcc", "X-Evil"} == set()
    assert mailbox.to == ["lin@shop.example"]
    assert message["message-id"] == "<x.X-Evil.1@shop.example>"


def test_long_lines_and_a_lone_dot_survive(mailbox: servers.Post) -> None:
    text = "长" * 3000 + "\n.\nend"
    server(mailbox.port).send(post(text=text))
    assert mailbox.taken[0].get_content().splitlines() == text.splitlines()


def test_a_mailbox_that_does_not_exist_is_final_and_a_busy_one_is_not(mailbox: servers.Post) -> None:
    mailbox.refuse_mailboxes = {"lin@shop.example": "550 no such user", "zhou@shop.example": "450 greylisted"}
    gone = failure(server(mailbox.port))
    assert (gone.code, gone.final, gone.unreachable) == ("mail.mailbox_refused:550", True, False)
    busy = failure(server(mailbox.port), to="zhou@shop.example")
    assert (busy.code, busy.final, busy.unreachable) == ("mail.mailbox_refused:450", False, False)
    assert failure(server(mailbox.port), to="not a mailbox").final


def test_a_message_that_is_refused(mailbox: servers.Post) -> None:
    mailbox.refuse = ["554 looks like spam", "451 try later", "421 closing"]
    seen = [failure(server(mailbox.port)) for _ in range(3)]
    assert [(each.code, each.final, each.unreachable) for each in seen] == [
        ("mail.refused:554", True, False),
        ("mail.refused:451", False, False),
        ("mail.unreachable:421", False, True),
    ]
    server(mailbox.port).send(post())
    assert len(mailbox.taken) == 1


def test_a_server_that_is_away_or_says_nothing_is_to_blame_itself() -> None:
    away = failure(server(free_port()))
    assert (away.code, away.final, away.unreachable) == ("mail.unreachable", False, True)
    with silent_server() as port:
        silent = failure(server(port, timeout=0.3))
    assert (silent.code, silent.unreachable) == ("mail.unreachable", True)


def test_a_server_without_the_encryption_that_is_asked_for_gets_nothing(mailbox: servers.Post) -> None:
    for tls in ("starttls", "tls"):
        refused = failure(server(mailbox.port, tls=tls))
        assert (refused.code, refused.unreachable) == ("mail.no_tls", True)
    assert mailbox.taken == []


def test_the_login() -> None:
    def check(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = data.password == b"right"
        return AuthResult(success=right, handled=right)

    with mail_server(auth_require_tls=False, authenticator=check) as mailbox:
        refused = failure(server(mailbox.port, user="unsnag", password="wrong"))
        assert (refused.code, refused.final, refused.unreachable) == ("mail.login_refused", False, True)
        server(mailbox.port, user="unsnag", password="right").send(post())
        assert len(mailbox.taken) == 1


def test_a_password_is_not_shown() -> None:
    assert "right" not in repr(server(25, user="unsnag", password="right"))


def certificate(folder: Path, name: str, host: str = "IP:127.0.0.1") -> tuple[str, ssl.SSLContext]:
    """A certificate that vouches for itself, as a file to trust, and what its server serves with."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    key, made = folder / f"{name}.key", folder / f"{name}.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    names = ("-subj", "/CN=mail", "-addext", f"subjectAltName={host}")
    subprocess.run(
        [openssl, "req", "-x509", *kind, *names, "-keyout", key, "-out", made], check=True, capture_output=True
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    return str(made), context


@contextmanager
def encrypted(tls: str, context: ssl.SSLContext) -> Iterator[servers.Post]:
    options = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {"ssl_context": context}
    with mail_server(**options) as running:
        yield running


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_goes_encrypted_to_a_server_whose_certificate_is_trusted(tmp_path: Path, tls: str) -> None:
    trusted, context = certificate(tmp_path, "own")
    with encrypted(tls, context) as mailbox:
        server(mailbox.port, tls=tls, ca=trusted).send(post())
    assert mailbox.to == ["lin@shop.example"]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path, tls: str) -> None:
    _own, context = certificate(tmp_path, "own")
    other, _context = certificate(tmp_path, "other")
    elsewhere, misnamed = certificate(tmp_path, "elsewhere", "DNS:mail.shop.example")
    with encrypted(tls, context) as mailbox, encrypted(tls, misnamed) as wrong:
        refused = [
            failure(server(mailbox.port, tls=tls)),
            failure(server(mailbox.port, tls=tls, ca=other)),
            failure(server(wrong.port, tls=tls, ca=elsewhere)),
        ]
    assert {(each.code, each.final, each.unreachable) for each in refused} == {
        ("mail.untrusted_certificate", False, True)
    }
    assert mailbox.taken == wrong.taken == []


def test_a_server_that_dribbles_is_hung_up_on() -> None:
    began = time.monotonic()
    with dribbling_server() as port:
        slow = failure(server(port, timeout=2.0, longest=0.3))
    assert (slow.code, slow.unreachable) == ("mail.unreachable", True)
    assert time.monotonic() - began < 2
