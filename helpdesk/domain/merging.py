"""Several tickets about one trouble become one, and how long that can be taken back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.tickets import ACTIVE, Status

MOST_AT_ONCE = 10
"""So many tickets are merged into another one at a time."""

UNDO_WITHIN = timedelta(hours=24)
"""Merging, linking and taking a link away can be undone for this long: later others have gone by it."""


def check_named(numbers: Collection[str], into: str) -> None:
    """Something is to be merged, not too much, and nothing into itself."""
    if not numbers:
        raise Invalid("merge.nothing_chosen")
    if into in numbers:
        raise Invalid("ticket.merge_into_itself", number=into)
    if len(numbers) > MOST_AT_ONCE:
        raise Invalid("merge.too_many", limit=MOST_AT_ONCE)


def check_settled(number: str, waiting: Collection[str]) -> None:
    """Nobody owes an answer on the ticket: it would be given on one that has ended.

    ``waiting`` says what is open: ``money`` for a proposed compensation, ``appeal``, ``assist``.
    """
    if "money" in waiting:
        raise Conflict("merge.money_waits", number=number)
    if "appeal" in waiting:
        raise Conflict("merge.appeal_waits", number=number)
    if "assist" in waiting:
        raise Conflict("merge.assist_waits", number=number)


def check_can_part(number: str, status: Status, *, heard: bool) -> None:
    """What was merged into ticket ``number`` can stand alone again.

    ``heard``: its customer has written since; nobody knows for which of the tickets that was.
    """
    if status not in ACTIVE and status is not Status.RESOLVED:
        raise Conflict("merge.target_ended", number=number)
    if heard:
        raise Conflict("merge.heard_since", number=number)


def check_in_time(done_at: datetime, now: datetime) -> None:
    """It isn't too late to take back what was done at ``done_at`` (both UTC)."""
    if now - done_at > UNDO_WITHIN:
        raise Conflict("operation.too_late", hours=UNDO_WITHIN // timedelta(hours=1))
