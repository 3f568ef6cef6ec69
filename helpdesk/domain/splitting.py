"""Messages of a ticket that are about another matter become a ticket of their own, and how that is taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from helpdesk.domain.links import Relation
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.tickets import FINAL, Status

MOST_AT_ONCE = 50
"""So many messages are split off at a time."""

RELATIONS = (Relation.CHILD, Relation.CAUSED_BY, Relation.SAME_ORDER)
"""What the new ticket can be to the one that it comes from."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message: its id, whether the customer said it, and when (UTC)."""

    id: int
    by_customer: bool
    at: datetime


def movable(messages: Iterable[Said], began_at: datetime) -> frozenset[int]:
    """The messages that can be split off: the customer's, after the one with which the ticket's present cycle began.

    That one stays, for the ticket's clocks started with it; and so do those of cycles that have a result already.
    """
    heard = sorted((said.at, said.id) for said in messages if said.by_customer and said.at >= began_at)
    return frozenset(message_id for _at, message_id in heard[1:])


def check_chosen(chosen: Collection[int], can_move: Collection[int], relation: Relation) -> None:
    """Something is split off, not too much, all of it is there and may go, and the tickets stay related."""
    if not chosen:
        raise Invalid("split.nothing_chosen")
    if len(chosen) > MOST_AT_ONCE:
        raise Invalid("split.too_many", limit=MOST_AT_ONCE)
    if relation not in RELATIONS:
        raise Invalid("link.unknown_relation")
    if not set(chosen) <= set(can_move):
        raise Conflict("split.not_movable")


def check_can_rejoin(number: str, *, moved_on: bool, into: str, status: Status) -> None:
    """What was split off as ticket ``number`` can go back to ticket ``into``.

    ``moved_on``: something was done on the new one, or said there, since; that belongs to it alone.
    """
    if moved_on:
        raise Conflict("split.moved_on", number=number)
    if status in FINAL:
        raise Conflict("split.source_ended", number=into)
