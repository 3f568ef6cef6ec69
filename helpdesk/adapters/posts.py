"""What leaves for one of us or for a group's robot, whichever way it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class File:
    """What a mail carries along. ``type`` is its media type, such as ``text/csv``."""

    name: str
    type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """One worded message. ``id`` and ``at`` (UTC, when it was made) are the same at every try.

    ``to`` is a mailbox, ``url`` and ``sign`` what opens a robot. ``now`` (UTC) is the time of this try, which robots
    want signed. ``markdown``: the text is laid out in it; robots show it so, mail as it stands. ``files`` go by mail.
    """

    id: str
    at: datetime
    now: datetime
    to: str
    url: str = field(repr=False)
    sign: str = field(repr=False)
    title: str
    text: str
    markdown: bool = False
    files: tuple[File, ...] = ()


Deliver = Callable[[Post], None]
"""Returns when it was taken, raises ``SendFailed`` when not. Knows no database, never runs in a transaction."""

Ways = Mapping[str, Deliver]
"""By kind of target."""
