"""One deed for many tickets: what it may be, and what it would do to a ticket, before anything is done.

``foresee`` asks what the service of the single act asks, of plain values; a test holds that both say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from helpdesk.domain.access import (
    Actor,
    Permission,
    TicketStanding,
    may_assign,
    may_hand_over,
    may_note,
    may_transfer,
    may_work,
)
from helpdesk.domain.checklists import Item, check_done
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed
from helpdesk.domain.tags import check_room
from helpdesk.domain.tickets import (
    ACTIVE,
    Outcome,
    Party,
    Priority,
    Status,
    TicketClass,
    check_move,
    check_resolution,
)

MOST = 5_000
"""Tickets of one run."""

IN_ONE_GO = 49
"""So many are done while the person waits; more are worked off in the background."""

MAX_TEXT = {"transfer": 500, "status": 500, "resolve": 1_000, "note": 5_000}
MAX_TAG = 30
MAX_VALUE = 60
NOBODY = "none"


class Kind(StrEnum):
    TYPE = "type"
    TRANSFER = "transfer"
    ASSIGN = "assign"
    OWNER = "owner"
    PRIORITY = "priority"
    STATUS = "status"
    RESOLVE = "resolve"
    TAG = "tag"
    UNTAG = "untag"
    NOTE = "note"


NEEDS: Mapping[Kind, tuple[Permission, ...]] = {
    Kind.TYPE: (Permission.TICKETS_WORK,),
    Kind.TRANSFER: (Permission.TICKETS_TRANSFER,),
    Kind.ASSIGN: (Permission.TICKETS_ASSIGN, Permission.TICKETS_WORK),
    Kind.OWNER: (Permission.TICKETS_ASSIGN, Permission.TICKETS_REPLY),
    Kind.PRIORITY: (Permission.TICKETS_WORK,),
    Kind.STATUS: (Permission.TICKETS_WORK,),
    Kind.RESOLVE: (Permission.TICKETS_WORK,),
    Kind.TAG: (Permission.TICKETS_WORK,),
    Kind.UNTAG: (Permission.TICKETS_WORK,),
    Kind.NOTE: (Permission.TICKETS_WORK,),
}
"""Any of these it takes to do such a thing at all; each ticket asks again for itself."""

STATUSES = (Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL)
"""That many tickets can be put into at once. Approval comes with money, and resolving is a deed of its own."""


@dataclass(frozen=True, slots=True)
class Deed:
    """``value`` is what it becomes: a code, a person's id or ``none``, a tag. ``text`` is the reason, or the note."""

    kind: Kind
    value: str = ""
    text: str = ""
    pending_on: str = ""
    party: str = ""

    @property
    def person(self) -> int | None:
        """Whom it goes to; None: nobody."""
        return None if self.value == NOBODY else int(self.value)


@dataclass(frozen=True, slots=True)
class Seen:
    """A ticket as it stood when it was looked at."""

    number: str
    status: Status
    pending_on: str | None
    type: str
    tier: str
    klass: TicketClass
    priority: Priority
    hands: int | None
    standing: TicketStanding
    tags: frozenset[str] = frozenset()
    carried: int = 0  # how many tags it has
    blamed: bool = False  # somebody has said who is responsible
    left: tuple[Item, ...] = ()  # of its checklist, of what is required


@dataclass(frozen=True, slots=True)
class Ground:
    """What the deed stands on, the same for all tickets: the queues of its person, and the queue it leads to."""

    memberships: frozenset[int] = frozenset()
    writing: frozenset[int] = frozenset()  # queues that write to buyers
    queue: int | None = None


def offered(actor: Actor) -> tuple[Kind, ...]:
    """The kinds of deeds that the actor may do to some ticket."""
    return tuple(kind for kind in Kind if any(actor.may(permission) for permission in NEEDS[kind]))


def parse(document: Mapping[str, str]) -> Deed:
    """The deed that was stored or sent; ``Invalid`` for what can't be one. Whether its queue exists comes later."""
    known = {field.name for field in fields(Deed)}
    values = {name: value.strip() for name, value in document.items() if name in known}
    if values.get("kind") not in list(Kind):
        raise Invalid("bulk.choose_a_deed")
    deed = Deed(Kind(values.pop("kind")), **values)
    if any("\x00" in value for value in values.values()):
        raise Invalid("input.bad_character")
    if max(len(deed.value), len(deed.pending_on), len(deed.party)) > MAX_VALUE or not deed.value.isprintable():
        raise Invalid("input.bad_value")
    if len(deed.text) > MAX_TEXT.get(deed.kind, 0):
        raise Invalid("input.too_long", limit=MAX_TEXT.get(deed.kind, 0))
    _check_value(deed)
    return deed


def to_document(deed: Deed) -> dict[str, str]:
    """What ``parse`` reads; empty fields are left out."""
    return {field.name: str(value) for field in fields(Deed) if (value := getattr(deed, field.name))}


def _check_value(deed: Deed) -> None:
    if deed.kind is Kind.NOTE:
        if not deed.text:
            raise Invalid("note.text_required")
        return
    if not deed.value:
        raise Invalid("bulk.choose_a_value")
    if deed.kind is Kind.TRANSFER and not deed.text:
        raise Invalid("ticket.reason_required", limit=MAX_TEXT["transfer"])
    if not _FITS.get(deed.kind, _anything)(deed):
        raise Invalid("input.bad_value")


def _anything(_deed: Deed) -> bool:
    return True


def _is_person(deed: Deed) -> bool:
    return deed.value.isascii() and deed.value.isdigit() and 0 < int(deed.value) < 2**31


_FITS: Mapping[Kind, Callable[[Deed], bool]] = {
    Kind.ASSIGN: lambda deed: deed.value == NOBODY or _is_person(deed),
    Kind.OWNER: _is_person,
    Kind.PRIORITY: lambda deed: deed.value in list(Priority),
    Kind.STATUS: lambda deed: deed.value in STATUSES,
    Kind.RESOLVE: lambda deed: deed.value in list(Outcome) and (not deed.party or deed.party in list(Party)),
    Kind.TAG: lambda deed: len(deed.value) <= MAX_TAG,
    Kind.UNTAG: lambda deed: len(deed.value) <= MAX_TAG,
}


def foresee(deed: Deed, seen: Seen, ground: Ground, actor: Actor) -> bool:
    """Whether the deed would change this ticket; False where it is so already. Raises what the act itself would."""
    return _AHEAD[deed.kind](deed, seen, ground, actor)


def _type(deed: Deed, seen: Seen, _ground: Ground, actor: Actor) -> bool:
    _check_works(seen, actor)
    _check_active(seen)
    return (seen.type, seen.tier) != (deed.value, "manual")


def _transfer(_deed: Deed, seen: Seen, ground: Ground, actor: Actor) -> bool:
    if not may_transfer(actor, seen.standing):
        raise NotAllowed("ticket.may_not_transfer", number=seen.number)
    _check_active(seen)
    return seen.standing.queue != ground.queue


def _assign(deed: Deed, seen: Seen, ground: Ground, actor: Actor) -> bool:
    queue = seen.standing.queue
    own = deed.person == actor.id and actor.may(Permission.TICKETS_WORK) and queue in actor.queues
    if not (may_assign(actor, seen.standing) or own):
        raise NotAllowed("ticket.may_not_assign", number=seen.number)
    _check_active(seen)
    if deed.person is not None and queue not in ground.memberships:
        raise Invalid("ticket.not_a_member", user=deed.person)
    return seen.hands != deed.person or (queue in ground.writing and seen.standing.owner != deed.person)


def _owner(deed: Deed, seen: Seen, ground: Ground, actor: Actor) -> bool:
    if not may_hand_over(actor, seen.standing):
        raise NotAllowed("ticket.may_not_assign", number=seen.number)
    _check_active(seen)
    if not ground.memberships & ground.writing:
        raise Invalid("ticket.not_a_member", user=deed.person)
    return seen.standing.owner != deed.person


def _priority(deed: Deed, seen: Seen, _ground: Ground, actor: Actor) -> bool:
    _check_works(seen, actor)
    _check_active(seen)
    return seen.priority != deed.value


def _status(deed: Deed, seen: Seen, _ground: Ground, actor: Actor) -> bool:
    _check_works(seen, actor)
    wanted = Status(deed.value)
    if seen.status not in ACTIVE:
        raise Conflict("ticket.illegal_move", old=seen.status.value, new=wanted.value)
    awaited = deed.pending_on if wanted is Status.PENDING_INTERNAL else ""
    if seen.status is wanted:
        return (seen.pending_on or "") != awaited
    check_move(seen.status, wanted)
    return True


def _resolve(deed: Deed, seen: Seen, _ground: Ground, actor: Actor) -> bool:
    _check_works(seen, actor)
    if seen.status is Status.RESOLVED:
        return False
    check_move(seen.status, Status.RESOLVED)
    shares = {Party(deed.party): 100} if deed.party else {Party.UNDETERMINED: 100} if seen.blamed else {}
    check_resolution(seen.klass, Outcome(deed.value), shares)
    check_done(seen.left)
    return True


def _tag(deed: Deed, seen: Seen, _ground: Ground, actor: Actor) -> bool:
    _check_works(seen, actor)
    changes = (deed.value in seen.tags) is (deed.kind is Kind.UNTAG)
    if changes and deed.kind is Kind.TAG:
        check_room(seen.carried)
    return changes


def _note(_deed: Deed, seen: Seen, _ground: Ground, actor: Actor) -> bool:
    if not may_note(actor, seen.standing):
        raise NotAllowed("ticket.may_not_note", number=seen.number)
    return True


_AHEAD: Mapping[Kind, Callable[[Deed, Seen, Ground, Actor], bool]] = {
    Kind.TYPE: _type,
    Kind.TRANSFER: _transfer,
    Kind.ASSIGN: _assign,
    Kind.OWNER: _owner,
    Kind.PRIORITY: _priority,
    Kind.STATUS: _status,
    Kind.RESOLVE: _resolve,
    Kind.TAG: _tag,
    Kind.UNTAG: _tag,
    Kind.NOTE: _note,
}


def _check_works(seen: Seen, actor: Actor) -> None:
    if not may_work(actor, seen.standing):
        raise NotAllowed("ticket.not_yours", number=seen.number)


def _check_active(seen: Seen) -> None:
    if seen.status not in ACTIVE:
        raise Conflict("ticket.not_active", number=seen.number, status=seen.status.value)
