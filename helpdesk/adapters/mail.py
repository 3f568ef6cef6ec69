"""Mail by SMTP. One message, one connection; the same post gives the same message, down to its Message-ID."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from helpdesk.adapters.posts import Post
from helpdesk.adapters.senders import SendFailed

TIMEOUT_SECONDS = 15
LONGEST_SECONDS = 40
"""For all that is said about one mail, however slowly."""

LONGEST_SUBJECT = 200
NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. ``tls``: none, starttls or tls; ``sender`` is the mailbox it comes from.

    ``ca``: a file of certificates that are trusted instead of the system's. No answer takes longer than ``timeout``
    to begin, nor all of them longer than ``longest`` (seconds).
    """

    host: str
    port: int
    sender: str
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    timeout: float = TIMEOUT_SECONDS
    longest: float = LONGEST_SECONDS

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def send(self, post: Post) -> None:
        """Hand the post in. An answer in the 500s about this very message or mailbox is final, all else passes."""
        try:
            message = message_of(post, self)
        except ValueError as error:  # a mailbox that no mail can name
            raise SendFailed("mail.bad_mailbox", final=True) from error
        self.hand_in(message, post.to)

    def hand_in(self, message: EmailMessage, to: str) -> None:
        """One message for one mailbox; ``SendFailed`` as in ``send``."""
        smtp = self._connected()
        try:
            smtp.send_message(message, from_addr=self.sender, to_addrs=[to])
        except (smtplib.SMTPException, OSError) as error:
            raise _failure(error) from error
        finally:
            # The answer to the message counts, not how the server takes the farewell.
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        where: dict[str, Any] = {"host": self.host, "port": self.port, "local_hostname": self.domain}
        times = {"timeout": self.timeout, "longest": self.longest}
        try:
            if self.tls == "tls":
                smtp: smtplib.SMTP = _InTimeByTLS(**where, **times, context=self._trust())
            else:
                smtp = _InTime(**where, **times)
        except (smtplib.SMTPException, OSError) as error:
            raise _not_reached(error) from error
        try:
            if self.tls == "starttls":
                smtp.starttls(context=self._trust())
            if self.user:
                smtp.login(self.user, self.password)
        except (smtplib.SMTPException, OSError) as error:
            smtp.close()
            raise _not_reached(error) from error
        return smtp

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca or None)


class _InTime(smtplib.SMTP):
    """Hangs up on a server that dribbles: a socket's timeout begins anew with every byte."""

    def __init__(self, *, longest: float, **options: Any) -> None:
        self.until = time.monotonic() + longest
        super().__init__(**options)

    def getreply(self) -> tuple[int, bytes]:
        end = threading.Timer(max(0.0, self.until - time.monotonic()), self._hang_up)
        end.daemon = True
        end.start()
        try:
            return super().getreply()
        finally:
            end.cancel()

    def _hang_up(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # past TLS: another thread is reading through it


class _InTimeByTLS(_InTime, smtplib.SMTP_SSL):
    """The same where all is encrypted from the start."""


def message_of(post: Post, server: MailServer) -> EmailMessage:
    """The message as it is sent: plain text, UTF-8, nothing in a header that could begin another."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Unsnag", addr_spec=server.sender)
    message["To"] = Address(addr_spec=post.to)
    message["Subject"] = line(post.title)
    message["Date"] = format_datetime(post.at)
    message["Message-ID"] = f"<{NOT_IN_AN_ID.sub('.', post.id)}@{server.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(post.text + "\n", cte="base64")
    for file in post.files:
        maintype, _, subtype = file.type.partition("/")
        message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=line(file.name))
    if post.files:
        message.set_boundary(f"={NOT_IN_AN_ID.sub('.', post.id)}=")  # the same at every try
    return message


def line(text: str) -> str:
    """What stands in a header: one line, not too long."""
    return " ".join(text.split())[:LONGEST_SUBJECT]


def _not_reached(error: Exception) -> SendFailed:
    """The server takes nothing from anybody now, for whatever reason: no message is to blame."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SendFailed("mail.login_refused", unreachable=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendFailed("mail.untrusted_certificate", unreachable=True)
    if isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLError):
        return SendFailed("mail.no_tls", unreachable=True)
    return SendFailed("mail.unreachable", unreachable=True)


def _failure(error: Exception) -> SendFailed:
    match error:
        case smtplib.SMTPRecipientsRefused():
            code = max((answer[0] for answer in error.recipients.values()), default=0)
            return _by_answer(code, "mail.mailbox_refused")
        case smtplib.SMTPSenderRefused():
            return SendFailed(f"mail.sender_refused:{error.smtp_code}", unreachable=True)
        case smtplib.SMTPResponseException():
            return _by_answer(error.smtp_code, "mail.refused")
    return _not_reached(error)


def _by_answer(code: int, name: str) -> SendFailed:
    if code == 421:
        return SendFailed("mail.unreachable:421", unreachable=True)
    return SendFailed(f"{name}:{code}", final=500 <= code < 600)
