"""Senders: how a reply leaves for its channel.

The contract: ``send`` returns when the channel took the message and raises ``SendFailed`` when it did
not. It may be called again with the same ``Delivery.id``; where the channel can tell repeats apart, the
sender passes that id on. It knows no database and never runs inside a transaction.

``SENDERS`` is the registry by the name in ``channel.sender``. It is empty: for now every channel is one
without a sender, where the agent copies the reply and marks it as sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way. ``id`` stays the same over all tries."""

    id: str
    channel: str
    buyer_id: str | None
    text: str


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


Send = Callable[[Delivery], None]

SENDERS: Mapping[str, Send] = MappingProxyType({})
