"""Channels: what they are called, what carries their replies, and whether they take new tickets.

What a sender signs with is shown once, when it is made; no query returns it and no event names it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.channels import BY_HAND, checked_code, checked_name, checked_settings
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale
from helpdesk.models import Channel
from helpdesk.services import events
from helpdesk.storage import session

MOST_CHANNELS = 100


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """``sender``: http, mail, or nothing where people carry replies over; ``url`` and ``mailbox`` are for it."""

    name_zh: str
    name_en: str
    sender: str = BY_HAND
    url: str = ""
    mailbox: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A channel that was stored. ``sign``: what its sender signs with from now on, shown this once; or nothing."""

    id: int
    sign: str = field(default="", repr=False)


def create_channel(code: str, wanted: ChannelSettings, *, actor: Actor, now: datetime) -> Kept:
    """A new channel. ``Invalid`` for a bad code, name or address, ``Conflict`` for a code that is taken."""
    actor.require(Permission.CHANNELS_MANAGE)
    code = checked_code(code)
    if session().scalar(select(Channel.id).where(Channel.code == code)) is not None:
        raise Conflict("channel.code_taken", code=code)
    if (session().scalar(select(func.count()).select_from(Channel)) or 0) >= MOST_CHANNELS:
        raise Conflict("channel.too_many", most=MOST_CHANNELS)
    secret = _new_secret() if wanted.sender == "http" else {}
    channel = Channel(code=code, secret=secret, **_columns(wanted))
    session().add(channel)
    session().flush()
    events.record("channel.created", actor=actor, now=now, channel=channel.id, name=code)
    return Kept(channel.id, secret.get("sign", ""))


def update_channel(channel_id: int, version: int, wanted: ChannelSettings, *, actor: Actor, now: datetime) -> Kept:
    """Change it as seen at ``version``. Replies that wait when its sender goes can be copied; none is lost.

    A channel that begins to send by HTTP gets a secret. ``Stale`` if somebody changed it meanwhile.
    """
    channel = _locked(channel_id, version, actor)
    secret: dict[str, str] = {}
    if wanted.sender == "http" and "sign" not in channel.secret:
        secret = _new_secret()
    changes = events.apply_changes(channel, _columns(wanted))
    if not changes:
        return Kept(channel_id)
    if {"sender", "settings"} & changes.keys():
        channel.held_until = None  # the rest was for the old place
    if secret:
        channel.secret = secret
    channel.version += 1
    events.record("channel.changed", actor=actor, now=now, channel=channel_id, name=channel.code, changes=changes)
    return Kept(channel_id, secret.get("sign", ""))


def rotate_sign(channel_id: int, version: int, *, actor: Actor, now: datetime) -> Kept:
    """Sign with another secret from now on; it is shown this once. ``Invalid`` where nothing is signed."""
    channel = _locked(channel_id, version, actor)
    if channel.sender != "http":
        raise Invalid("channel.signs_nothing")
    channel.secret = _new_secret()
    channel.version += 1
    events.record("channel.rotated", actor=actor, now=now, channel=channel_id, name=channel.code)
    return Kept(channel_id, channel.secret["sign"])


def _columns(wanted: ChannelSettings) -> dict[str, Any]:
    return {
        "name_zh": checked_name(wanted.name_zh),
        "name_en": checked_name(wanted.name_en),
        "sender": wanted.sender or None,
        "settings": dict(checked_settings(wanted.sender, url=wanted.url, mailbox=wanted.mailbox)),
        "active": wanted.active,
    }


def _new_secret() -> dict[str, str]:
    """32 random bytes, with letters in front by which a scanner of repositories would know it."""
    return {"sign": f"unsnag_chs_{secrets.token_urlsafe(32)}"}


def _locked(channel_id: int, version: int, actor: Actor) -> Channel:
    actor.require(Permission.CHANNELS_MANAGE)
    channel = session().get(Channel, channel_id, with_for_update=True)
    if channel is None:
        raise NotFound("channel.not_found")
    if channel.version != version:
        raise Stale("channel.stale")
    return channel


def secret_of(channel_id: int) -> Mapping[str, Any]:
    """What the channel's sender signs with, for a test that somebody asks for now."""
    return session().get_one(Channel, channel_id).secret
