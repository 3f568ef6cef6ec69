"""Replies by mail, through the installation's mail server, so that an answer finds its ticket again."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from helpdesk.adapters.mail import MailServer, line
from helpdesk.adapters.senders import Delivery, SendFailed
from helpdesk.domain.mail_references import reply_reference
from helpdesk.domain.problems import Invalid
from helpdesk.domain.targets import checked_mailbox


@dataclass(frozen=True, slots=True)
class MailSender:
    """``key`` proves that a Message-ID is ours. A mailbox of the channel's stands in ``settings["from"]``."""

    server: MailServer
    key: str = field(repr=False)

    def send(self, delivery: Delivery) -> None:
        try:
            to = checked_mailbox(delivery.buyer_id)
        except Invalid as error:
            raise SendFailed("mail.bad_mailbox", final=True) from error
        self.server.hand_in(self.message(delivery, to), to)

    def message(self, delivery: Delivery, to: str) -> EmailMessage:
        """Plain text; the same for each try."""
        sender = delivery.settings.get("from") or self.server.sender
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(line(delivery.shop), addr_spec=self.server.sender)
        message["Reply-To"] = Address(line(delivery.shop), addr_spec=sender)
        message["To"] = Address(addr_spec=to)
        message["Subject"] = line(f"[{delivery.ticket}] {delivery.shop}")
        message["Date"] = format_datetime(delivery.sent_at)
        message["Message-ID"] = reply_reference(delivery.message_id, self.key, self.server.domain)
        if delivery.answers.startswith("<") and delivery.answers.endswith(">") and delivery.answers.isascii():
            message["In-Reply-To"] = message["References"] = line(delivery.answers)
        message.set_content(delivery.text + "\n", cte="base64")
        return message
