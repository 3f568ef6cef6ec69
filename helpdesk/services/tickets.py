"""The one function that changes a ticket, and what everything else does with it.

``change`` alone writes status (with what it is merged into), type, queue, owner, priority and outcome:
compare-and-set on the version, an event per field, the stints, the clocks and the times of resolution.
Reports, search and undo hang on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from helpdesk.domain.access import PEOPLE, Actor, TicketStanding, may_work
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.routing import route
from helpdesk.domain.tickets import ACTIVE, FINAL, Outcome, Party, Priority, Status, check_move
from helpdesk.models import Note, Queue, Stint, Ticket, TicketReader
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.scope import readable
from helpdesk.services import clocks, owners, pauses, stints
from helpdesk.services.events import record
from helpdesk.storage import insert_all_once, session

MAX_NOTE = 5_000

PARTS_OF_ANOTHER = frozenset({"tier", "merged_into_id", "customer_id"})
"""Fields that change together with one that is told."""


class _Keep:
    """Leave the field as it is, where None would mean something."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final = _Keep()


@dataclass(frozen=True, slots=True)
class Change:
    """What a ticket should become; fields left out stay.

    ``pending_on`` and ``merged_into_id`` are parts of the status, ``tier`` of the type, ``customer_id`` of the order,
    ``assignee_id`` of the stay in the queue.
    """

    status: Status | _Keep = KEEP
    pending_on: str | _Keep | None = KEEP
    type: str | _Keep = KEEP
    tier: str | _Keep = KEEP
    queue_id: int | _Keep = KEEP
    owner_id: int | _Keep | None = KEEP
    assignee_id: int | _Keep | None = KEEP
    priority: Priority | _Keep = KEEP
    outcome: Outcome | _Keep | None = KEEP
    merged_into_id: int | _Keep = KEEP
    order_id: int | _Keep | None = KEEP
    customer_id: int | _Keep | None = KEEP

    def values(self) -> dict[str, Any]:
        return {f.name: value for f in fields(self) if not isinstance(value := getattr(self, f.name), _Keep)}


@dataclass(slots=True)
class Changed:
    """What was: the version after, and what an undo needs to bring it back."""

    version: int
    before: dict[str, Any] = field(default_factory=dict)
    stints_ended: list[int] = field(default_factory=list)
    clocks_met: list[int] = field(default_factory=list)


def load(number: str, actor: Actor) -> Ticket:
    """The ticket of this number, locked for writing; ``NotFound`` outside the actor's sight."""
    ticket = (
        session()
        .execute(select(Ticket).where(Ticket.number == number, readable(actor)).with_for_update(of=Ticket))
        .scalar_one_or_none()
    )
    if ticket is None:
        raise NotFound("ticket.not_found", number=number)
    return ticket


def standing(ticket: Ticket) -> TicketStanding:
    """What of the ticket decides over rights to it."""
    assists = session().scalars(
        select(Stint.queue_id).where(Stint.ticket_id == ticket.id, Stint.kind == "assist", Stint.left_at.is_(None))
    )
    return TicketStanding(queue=ticket.queue_id, owner=ticket.owner_id, assists=frozenset(assists))


def load_to_work(number: str, actor: Actor) -> Ticket:
    """``load``, and ``NotAllowed`` unless the actor may act on it."""
    ticket = load(number, actor)
    if not may_work(actor, standing(ticket)):
        raise NotAllowed("ticket.not_yours", number=number)
    return ticket


def load_active(number: str, actor: Actor) -> Ticket:
    """``load_to_work``, and ``Conflict`` once it is resolved or ended: what was reported stays as it was."""
    ticket = load_to_work(number, actor)
    check_active(ticket)
    return ticket


def check_active(ticket: Ticket) -> None:
    """Raise ``Conflict`` unless somebody still has to do something."""
    if ticket.status not in ACTIVE:
        raise Conflict("ticket.not_active", number=ticket.number, status=ticket.status)


def check_version(ticket: Ticket, expected: int | None) -> None:
    """Raise ``Stale`` if the ticket moved on since the actor saw ``expected`` (None: he takes it as it is)."""
    if expected is not None and expected != ticket.version:
        raise Stale("ticket.stale", number=ticket.number, version=ticket.version)


def change(
    ticket: Ticket,
    wanted: Change,
    *,
    expected: int | None,
    actor: Actor,
    now: datetime,
    clock_at: datetime | None = None,
    reason_note_id: int | None = None,
    operation_id: int | None = None,
    keep_stints: bool = False,
    take_up_wait: bool = False,
    why: Mapping[str, Any] | None = None,
) -> Changed:
    """Change a ticket: the only writer of status, type, queue, owner, priority and outcome.

    ``expected`` is the version that the actor saw (None: whatever it is now); ``Stale`` if it moved on.
    ``clock_at`` is the instant at which clocks pause or resume (``now`` unless a message says otherwise).
    ``keep_stints`` is for an undo, which takes up the earlier stay itself; with ``take_up_wait`` the wait that it
    brings back goes on where it was. ``why`` is what a rule went by, as codes and figures: it stands with each event.
    An illegal move raises ``Conflict``, and so does any change of a ticket that is closed or merged. Nothing is
    written when nothing differs.
    """
    check_version(ticket, expected)
    values = wanted.values()
    _complete(ticket, values, now)
    stay = stints.stay_of(ticket) if {"assignee_id", "queue_id", "status"} & values.keys() else None
    before = _differences(ticket, stay, values)
    if not before:
        return Changed(ticket.version)
    if "status" in before:
        check_move(Status(ticket.status), Status(values["status"]))
    elif ticket.status in FINAL:
        check_active(ticket)
    _compare_and_set(ticket, {name: value for name, value in values.items() if name in before}, now)
    changed = Changed(ticket.version, before)
    if not keep_stints:
        _move_stints(ticket, stay, before, values, changed, now)
    _move_clocks(ticket, before, changed, clock_at or now, now)
    if {"status", "pending_on"} & before.keys():
        was = Status(before.get("status", ticket.status))
        pauses.follow_status(ticket, was, at=clock_at or now, take_up=take_up_wait)
    if "queue_id" in before and actor.role in PEOPLE:
        remember_reader(ticket, actor.id)  # who moved it may see where it went, and undo it
    for name, old in before.items():
        if name not in PARTS_OF_ANOTHER:
            record(
                f"ticket.{name.removesuffix('_id')}",
                actor=actor,
                now=now,
                ticket_id=ticket.id,
                reason_note_id=reason_note_id,
                operation_id=operation_id,
                **{"from": _plain(old), "to": _plain(values[name]), "version": ticket.version},
                **({"why": dict(why)} if why else {}),
            )
    return changed


def part(
    ticket: Ticket, was: Mapping[str, Any], *, expected: int, actor: Actor, now: datetime, operation_id: int
) -> None:
    """Undo of a merge, the only way out of merged: the ticket is again what it was.

    ``was`` are the values that ``change`` gave as those before. The caller takes up stays, clocks and the wait.
    ``Stale`` if the ticket moved on since ``expected``.
    """
    check_version(ticket, expected)
    values = {name: was.get(name) for name in ("status", "pending_on", "merged_into_id") if name in was}
    _write(ticket, values)
    moved: dict[str, Any] = {"from": Status.MERGED.value}
    record(
        "ticket.status",
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        operation_id=operation_id,
        version=ticket.version,
        to=ticket.status,
        **moved,
    )


def forget_first_resolve(ticket: Ticket) -> None:
    """Undo of the first resolve: it never was."""
    ticket.first_resolved_at = None


def add_note(ticket: Ticket, text: str, *, actor: Actor, now: datetime) -> Note:
    """Write a word among ourselves; also what keeps the reason of a change."""
    text = text.strip()
    if not text:
        raise Invalid("note.text_required")
    if len(text) > MAX_NOTE:
        raise Invalid("input.too_long", field="text", limit=MAX_NOTE)
    if "\x00" in text:
        raise Invalid("input.bad_character", field="text")
    note = Note(ticket_id=ticket.id, author_id=actor.id, text=text, created_at=now)
    session().add(note)
    session().flush()
    remember_reader(ticket, actor.id)
    return note


def remember_reader(ticket: Ticket, user_id: int | None) -> None:
    """He owned it, wrote in it or was mentioned: he may open it later, wherever it went."""
    remember_readers(ticket, {user_id})


def remember_readers(ticket: Ticket, user_ids: Iterable[int | None]) -> None:
    """``remember_reader`` for several; None is nobody."""
    known = sorted(user_id for user_id in user_ids if user_id is not None)
    insert_all_once(TicketReader, [{"ticket_id": ticket.id, "user_id": user_id} for user_id in known])


def on_first_action(ticket: Ticket) -> Status | _Keep:
    """new -> open on claim or first action."""
    return Status.OPEN if ticket.status == Status.NEW else KEEP


def set_status(
    number: str,
    status: Status,
    *,
    pending_on: str | None = None,
    reason: str = "",
    version: int,
    actor: Actor,
    now: datetime,
) -> int:
    """Move an active ticket between open and the waiting states. Resolving has its own function.

    ``pending_on`` is whom 待内部 waits for (a queue's code or a party), ``reason`` why. Returns the new version.
    """
    ticket = load_to_work(number, actor)
    check_version(ticket, version)
    if status not in ACTIVE or ticket.status not in ACTIVE:
        raise Conflict("ticket.illegal_move", old=ticket.status, new=status.value)
    note = add_note(ticket, reason, actor=actor, now=now) if reason.strip() else None
    return change(
        ticket,
        Change(status=status, pending_on=waits_for(status, pending_on)),
        expected=version,
        actor=actor,
        now=now,
        reason_note_id=note.id if note else None,
    ).version


def waits_for(status: Status | None, pending_on: str | None) -> str | None:
    """Whom a ticket in this status waits for, if it is known: only 待内部 says it. ``Invalid`` for nobody we know."""
    if status is not Status.PENDING_INTERNAL or not pending_on:
        return None
    known = session().execute(select(Queue.id).where(Queue.code == pending_on, Queue.active)).first()
    if known is None and pending_on not in list(Party):
        raise Invalid("ticket.unknown_pending_on", value=pending_on[:40])
    return pending_on


def _complete(ticket: Ticket, values: dict[str, Any], now: datetime) -> None:
    """What follows: a new status waits for nobody else, a new type has its queue, a new queue needs an owner."""
    if values.get("status", ticket.status) != ticket.status:
        values.setdefault("pending_on", None)
    if values.get("type", ticket.type) != ticket.type:
        _follow_type(ticket, values)
    if values.get("queue_id", ticket.queue_id) != ticket.queue_id and ticket.owner_id is None:
        _find_owner(values, now)


def _follow_type(ticket: Ticket, values: dict[str, Any]) -> None:
    """Correcting the type moves the ticket to the new type's queue; a transfer stands if that is where it came from."""
    book = published_rulebook()
    code = route(book, values["type"]).queue
    if ticket.type not in book.types or route(book, ticket.type).queue != code:
        values.setdefault("queue_id", session().execute(select(Queue.id).where(Queue.code == code)).scalar_one())


def _find_owner(values: dict[str, Any], now: datetime) -> None:
    """Nobody owns the ticket; where its new queue doesn't write to buyers, somebody has to answer the customer."""
    if not session().get_one(Queue, values["queue_id"]).writes_to_buyers:
        values.setdefault("owner_id", owners.least_loaded(published_rulebook().answering_queue, now))


def _differences(ticket: Ticket, stay: Stint | None, values: dict[str, Any]) -> dict[str, Any]:
    """The present values of the fields that would change."""
    before = {}
    for name, value in values.items():
        holder = stay if name == "assignee_id" else ticket
        old = getattr(holder, name, None)
        if old != value:
            before[name] = old
    return before


def _compare_and_set(ticket: Ticket, values: dict[str, Any], now: datetime) -> None:
    columns = {name: value for name, value in values.items() if name != "assignee_id"}
    if "type" in columns:
        book = published_rulebook()
        columns |= {"klass": book.type(columns["type"]).klass.value, "rule_version": book.version}
    match columns.get("status"):
        case Status.RESOLVED:
            columns |= {"resolved_at": now, "first_resolved_at": ticket.first_resolved_at or now}
        case Status.CLOSED:
            columns["closed_at"] = now
        case Status.OPEN:
            columns["resolved_at"] = None
    columns = {
        name: _plain(value) if isinstance(value, (Status, Priority, Outcome)) else value
        for name, value in columns.items()
    }
    _write(ticket, columns)


def _write(ticket: Ticket, columns: Mapping[str, Any]) -> None:
    """Compare-and-set on the version, which goes up."""
    statement = (
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.version == ticket.version)
        .values(version=ticket.version + 1, **columns)
        .execution_options(synchronize_session=False)
    )
    session().flush()
    if session().execute(statement).rowcount != 1:  # type: ignore[attr-defined]
        raise Stale("ticket.stale", number=ticket.number, version=ticket.version)
    session().refresh(ticket)


def _move_stints(
    ticket: Ticket,
    stay: Stint | None,
    before: dict[str, Any],
    values: dict[str, Any],
    changed: Changed,
    now: datetime,
) -> None:
    """Stays follow queue and status; an assignee hangs on the stay."""
    if ticket.status == Status.RESOLVED:
        changed.stints_ended = stints.end_all(ticket, at=now)
    elif ticket.status == Status.MERGED:
        stints.abandon_all(ticket, at=now)
    elif before.get("status") == Status.RESOLVED and ticket.status == Status.OPEN:
        pass  # who reopens says how: a new cycle, or the old stint taken up again
    elif "queue_id" in before and stay is not None:
        changed.stints_ended = stints.end_for_transfer(stay, ticket.queue_id, at=now)
        stay = stints.open_stay(ticket, assignee_id=values.get("assignee_id"), book=published_rulebook(), now=now)
    elif "assignee_id" in before and stay is not None:
        stay.assignee_id, stay.previous_id = values["assignee_id"], before["assignee_id"]
    for user_id in (before.get("owner_id"), ticket.owner_id, before.get("assignee_id"), values.get("assignee_id")):
        remember_reader(ticket, user_id)


def _move_clocks(ticket: Ticket, before: dict[str, Any], changed: Changed, clock_at: datetime, now: datetime) -> None:
    """Clocks follow type, priority, order and status."""
    if {"type", "priority"} & before.keys():
        clocks.retarget(ticket, book=published_rulebook() if "type" in before else None, now=now)
    if "order_id" in before:
        clocks.follow_order(ticket, now=now)
    if "status" not in before:
        return
    if ticket.status == Status.RESOLVED:
        changed.clocks_met = clocks.resolve(ticket, at=clock_at, now=now)
    elif ticket.status == Status.MERGED:
        clocks.cancel(ticket, clocks.TICKET_KINDS, at=now)
    elif before["status"] != Status.RESOLVED:
        clocks.follow_status(ticket, Status(ticket.status), at=clock_at)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, (Status, Priority, Outcome)) else value
