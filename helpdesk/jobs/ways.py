"""How news and replies leave this installation, by its settings."""

from __future__ import annotations

from functools import partial

from helpdesk.adapters import apprise_targets
from helpdesk.adapters.http_sender import HttpSender
from helpdesk.adapters.mail import MailServer
from helpdesk.adapters.mail_sender import MailSender
from helpdesk.adapters.net_guard import Guard
from helpdesk.adapters.posts import Deliver, Ways
from helpdesk.adapters.robots import ROBOTS
from helpdesk.adapters.senders import Send, Senders
from helpdesk.config import Settings


def ways_of(settings: Settings) -> Ways:
    """By kind of target. Without a mail server there is no way for mail, and what waits for it waits."""
    guard = Guard(allow_internal=settings.allow_internal_targets)
    ways: dict[str, Deliver] = {kind: partial(robot.send, guard=guard) for kind, robot in ROBOTS.items()}
    ways["apprise"] = partial(apprise_targets.send, allow_internal=settings.allow_internal_targets)
    if settings.smtp_host:
        ways["mail"] = mail_server(settings).send
    return ways


def senders_of(settings: Settings) -> Senders:
    """How replies leave for customers, by the name in ``channel.sender``. Mail takes a mail server."""
    guard = Guard(allow_internal=settings.allow_internal_targets)
    senders: dict[str, Send] = {"http": HttpSender(guard).send}
    if settings.smtp_host:
        senders["mail"] = MailSender(mail_server(settings), settings.secret_key).send
    return senders


def mail_server(settings: Settings) -> MailServer:
    """Where mail is handed in."""
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        tls=settings.smtp_tls,
        user=settings.smtp_user,
        password=settings.smtp_password,
        ca=settings.smtp_ca,
    )
