"""What leaves for one of us or for a group's robot, whichever way it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Post:
    """One worded message. ``id`` and ``at`` (UTC, when it was made) are the same at every try.

    ``to`` is a mailbox, ``url`` and ``sign`` what opens a robot. ``now`` (UTC) is the time of this try, which robots
    want signed.
    """

    id: str
    at: datetime
    now: datetime
    to: str
    url: str = field(repr=False)
    sign: str = field(repr=False)
    title: str
    text: str


Deliver = Callable[[Post], None]
"""Returns when it was taken, raises ``SendFailed`` when not. Knows no database, never runs in a transaction."""

Ways = Mapping[str, Deliver]
"""By kind of target."""
