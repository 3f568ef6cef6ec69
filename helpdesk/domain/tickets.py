"""The words of a ticket and its legal moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from helpdesk.domain.problems import Conflict, Invalid


class TicketClass(StrEnum):
    """Who has to act."""

    A = "A"  # finance moves or checks money
    B = "B"  # customer service alone
    C = "C"  # the warehouse cooperates


class Status(StrEnum):
    NEW = "new"
    OPEN = "open"
    PENDING_CUSTOMER = "pending_customer"
    PENDING_INTERNAL = "pending_internal"
    PENDING_APPROVAL = "pending_approval"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"


class Priority(StrEnum):
    """Sets targets; only a person or an intake rule sets it."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class Outcome(StrEnum):
    EXPLAINED = "explained"
    RESENT = "resent"
    EXCHANGED = "exchanged"
    REFUNDED = "refunded"
    COMPENSATED = "compensated"
    REDIRECTED = "redirected"
    CANCELLED = "cancelled"
    INVOICED = "invoiced"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    NO_REPLY = "no_reply"
    SELF_HEALED = "self_healed"


class Party(StrEnum):
    """Who is responsible for what went wrong 责任归属."""

    WAREHOUSE = "warehouse"
    COURIER = "courier"
    CUSTOMER_SERVICE = "customer_service"
    PRODUCT = "product"
    SUPPLIER = "supplier"
    PLATFORM = "platform"
    SYSTEM = "system"
    CUSTOMER = "customer"
    UNDETERMINED = "undetermined"


ACTIVE = frozenset({Status.NEW, Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL, Status.PENDING_APPROVAL})
"""Somebody still has to do something."""

WORKED_ON = frozenset({Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL, Status.PENDING_APPROVAL})
PENDING = frozenset({Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL, Status.PENDING_APPROVAL})
FINAL = frozenset({Status.CLOSED, Status.MERGED})

MOVES: Mapping[Status, frozenset[Status]] = {
    Status.NEW: frozenset(
        {Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL, Status.RESOLVED, Status.MERGED}
    ),
    **{
        status: (WORKED_ON - {status}) | {Status.RESOLVED, Status.MERGED}
        for status in (Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL, Status.PENDING_APPROVAL)
    },
    Status.RESOLVED: frozenset({Status.OPEN, Status.CLOSED, Status.MERGED}),
    Status.CLOSED: frozenset(),
    Status.MERGED: frozenset(),
}
"""The one transition table (PRODUCT: ticket states)."""

JOB_OUTCOMES = frozenset({Outcome.NO_REPLY, Outcome.SELF_HEALED})
"""The only outcomes a job may resolve with."""

PARTY_REQUIRED = frozenset({TicketClass.A, TicketClass.C})
"""Classes that can't be resolved without a responsible party."""

REOPEN_WITHIN_SECONDS = 7 * 24 * 3600
"""A customer's message on a resolved ticket reopens it within this time; later it opens a new, linked one."""

CLOSE_AFTER_SECONDS = 7 * 24 * 3600
"""A resolved ticket is closed by a job after this time."""

NUDGE_WITHIN_SECONDS = 48 * 3600
"""Same order and type within this time of the last customer message is 催单, not a new ticket."""

TAKE_BACK_SECONDS = 10
"""A reply waits so long before it leaves, and can be taken back."""

MAX_URGENCY = 3
"""Urgency 0..3 changes order and alerts, never a target."""


def check_move(old: Status, new: Status) -> None:
    """Raise ``Conflict`` unless the move stands in the transition table."""
    if new not in MOVES[old]:
        raise Conflict("ticket.illegal_move", old=old.value, new=new.value)


def check_responsibility(shares: Mapping[Party, int]) -> None:
    """Raise ``Invalid`` unless the shares (percent) are positive and add up to 100.

    ``undetermined`` stands alone: a half-known blame is not a share anyone can be charged with.
    """
    if any(percent <= 0 for percent in shares.values()) or sum(shares.values()) != 100:
        raise Invalid("ticket.shares_must_be_100")
    if Party.UNDETERMINED in shares and len(shares) > 1:
        raise Invalid("ticket.undetermined_stands_alone")


def check_resolution(
    klass: TicketClass, outcome: Outcome | None, shares: Mapping[Party, int], *, by_job: bool = False
) -> None:
    """Raise ``Invalid`` unless the ticket may be resolved with this outcome and responsibility."""
    if outcome is None:
        raise Invalid("ticket.outcome_required")
    if klass in PARTY_REQUIRED and not shares:
        raise Invalid("ticket.party_required")
    if shares:
        check_responsibility(shares)
    if by_job and (outcome not in JOB_OUTCOMES or set(shares) - {Party.UNDETERMINED}):
        raise Invalid("ticket.job_outcome", outcome=outcome.value)


def legal_moves(status: Status) -> tuple[Status, ...]:
    """The statuses a person can choose from here, in the order the page shows them."""
    return in_order(MOVES[status] - {Status.MERGED})


def in_order(statuses: Iterable[Status]) -> tuple[Status, ...]:
    """Statuses in the order of a ticket's life."""
    chosen = set(statuses)
    return tuple(status for status in Status if status in chosen)
