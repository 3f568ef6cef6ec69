"""Where a shop sells: what a channel's sender needs to know, by its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from helpdesk.domain.problems import Invalid
from helpdesk.domain.targets import checked_mailbox

BY_HAND = ""
"""People carry replies over."""

SENDERS = ("http", "mail")
LONGEST_NAME = 60
LONGEST_URL = 500
CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)


def checked_name(name: str) -> str:
    """One line, neither empty nor too long. ``Invalid`` for anything else."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid("channel.bad_name", most=LONGEST_NAME)
    return name


def checked_code(code: str) -> str:
    """What files and programs call it: small letters, digits, ``_`` and ``-``. It never changes."""
    if not CODE.fullmatch(code):
        raise Invalid("channel.bad_code")
    return code


def checked_settings(sender: str, *, url: str = "", mailbox: str = "") -> Mapping[str, str]:
    """What the sender of this kind keeps; ``Invalid`` for what it can't work with.

    That an address leads to no place inside is checked again whenever something is sent there.
    """
    match sender:
        case "http":
            return {"url": _checked_url(url)}
        case "mail":
            return {"from": checked_mailbox(mailbox)} if mailbox.strip() else {}
        case "":
            return {}
        case _:
            raise Invalid("channel.bad_sender")


def _checked_url(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username and not parts.fragment
        whole = whole and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("channel.bad_url", most=LONGEST_URL)
    return url


def test_prefix(channel_id: int) -> str:
    """What the keys of a channel's test messages begin with, in the outbox."""
    return f"channel-test:{channel_id}:"
