"""Mail by SMTP. One message, one connection; the same post gives the same message, down to its Message-ID."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from helpdesk.adapters.posts import Post
from helpdesk.adapters.senders import SendFailed

TIMEOUT_SECONDS = 15
LONGEST_SUBJECT = 200
NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. ``tls``: none, starttls or tls; ``sender`` is the mailbox it comes from."""

    host: str
    port: int
    sender: str
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = TIMEOUT_SECONDS

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def send(self, post: Post) -> None:
        """Hand the post in. An answer in the 500s about this very message or mailbox is final, all else passes."""
        try:
            message = message_of(post, self)
        except ValueError as error:  # a mailbox that no mail can name
            raise SendFailed("mail.bad_mailbox", final=True) from error
        smtp = self._connected()
        try:
            smtp.send_message(message, from_addr=self.sender, to_addrs=[post.to])
        except (smtplib.SMTPException, OSError) as error:
            raise _failure(error) from error
        finally:
            # The answer to the message counts, not how the server takes the farewell.
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        try:
            if self.tls == "tls":
                context = ssl.create_default_context()
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.host, self.port, local_hostname=self.domain, timeout=self.timeout, context=context
                )
            else:
                smtp = smtplib.SMTP(self.host, self.port, local_hostname=self.domain, timeout=self.timeout)
        except (smtplib.SMTPException, OSError) as error:
            raise _not_reached(error) from error
        try:
            if self.tls == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if self.user:
                smtp.login(self.user, self.password)
        except (smtplib.SMTPException, OSError) as error:
            smtp.close()
            raise _not_reached(error) from error
        return smtp


def message_of(post: Post, server: MailServer) -> EmailMessage:
    """The message as it is sent: plain text, UTF-8, nothing in a header that could begin another."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Unsnag", addr_spec=server.sender)
    message["To"] = Address(addr_spec=post.to)
    message["Subject"] = _line(post.title)
    message["Date"] = format_datetime(post.at)
    message["Message-ID"] = f"<{NOT_IN_AN_ID.sub('.', post.id)}@{server.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(post.text + "\n", cte="base64")
    return message


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_SUBJECT]


def _not_reached(error: Exception) -> SendFailed:
    """The server takes nothing from anybody now, for whatever reason: no message is to blame."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SendFailed("mail.login_refused", unreachable=True)
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
