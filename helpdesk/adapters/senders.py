"""Senders: how a reply leaves for its channel.

The contract: ``send`` returns when the channel took the message and raises ``SendFailed`` when it did
not. It may be called again with the same ``Delivery.id``; where the channel can tell repeats apart, the
sender passes that id on. It knows no database and never runs inside a transaction.

A sender stands in the registry by the name in ``channel.sender``; which there are follows from the installation's
settings (``jobs.ways.senders_of``). A channel without one has its replies carried over by people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way. ``id`` and ``sent_at`` (UTC) stay the same over all tries; ``now`` is this one's.

    ``settings`` and ``secret`` are the channel's, ``buyer_id`` is the buyer's name there. ``answers`` is the
    channel's own id of what the customer said last, if it told one.
    """

    id: str
    message_id: int
    channel: str
    shop: str
    ticket: str
    order_number: str
    buyer_id: str
    text: str
    answers: str
    sent_at: datetime
    now: datetime
    settings: Mapping[str, Any]
    secret: Mapping[str, Any] = field(repr=False)


class SendFailed(Exception):  # noqa: N818  says what happened
    """The other side did not take the message.

    ``code`` says why, for people; ``final`` that another try would change nothing (an unknown buyer).
    ``retry_after``: it said "too many", so many seconds of rest. ``unreachable``: nobody there takes anything now.
    """

    def __init__(
        self, code: str, *, final: bool = False, retry_after: int | None = None, unreachable: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.final = final
        self.retry_after = retry_after
        self.unreachable = unreachable


Send: TypeAlias = Callable[[Delivery], None]
Senders: TypeAlias = Mapping[str, Send]
