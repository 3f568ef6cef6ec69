"""What a person did, with what is needed to undo it.

Undoing is a new command: it is checked like any other, recorded like any other, and refused if
something moved since.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.merging import check_in_time
from helpdesk.domain.problems import Conflict, NotAllowed, NotFound, Problem
from helpdesk.domain.tickets import Outcome, Party, Priority, Status
from helpdesk.models import Correction, Event, Operation, Ticket
from helpdesk.models.scope import readable
from helpdesk.services import clocks, links, merging, responsibility, splitting, stints, tags, tickets, urgency
from helpdesk.services.events import record
from helpdesk.services.tickets import Change, Changed
from helpdesk.storage import savepoint, session

NEEDS = {
    "ticket.assign": (Permission.TICKETS_WORK, Permission.TICKETS_ASSIGN),
    "ticket.transfer": (Permission.TICKETS_TRANSFER,),
    "ticket.type": (Permission.TICKETS_WORK,),
    "ticket.priority": (Permission.TICKETS_WORK,),
    "ticket.order": (Permission.TICKETS_WORK,),
    "ticket.resolve": (Permission.TICKETS_WORK,),
    "ticket.reply": (Permission.TICKETS_REPLY,),
    "ticket.link": (Permission.TICKETS_WORK,),
    "ticket.unlink": (Permission.TICKETS_WORK,),
    "ticket.merge": (Permission.TICKETS_WORK,),
    "ticket.split": (Permission.TICKETS_WORK,),
    "ticket.status": (Permission.TICKETS_WORK,),
    "ticket.tag": (Permission.TICKETS_WORK,),
}
"""Any of these it takes to undo it: a role taken away since takes that away too."""

LIMITED = frozenset({"ticket.link", "ticket.unlink", "ticket.merge", "ticket.split"})
"""What can be undone for a day only; the rest lasts until somebody moves the ticket on."""

HANDED_OUT = {"ticket.assignee": "assignee_id", "ticket.owner": "owner_id"}
"""Events that handing out leaves, and the field that each tells of."""


@dataclass(slots=True)
class Recording:
    """An operation being carried out; ``changed`` is filled in by who does it, ``shares`` by who resolves."""

    id: int
    changed: Changed | None = None
    shares: list[list[Any]] | None = None


@contextmanager
def recorded(code: str, ticket: Ticket, *, actor: Actor, now: datetime) -> Iterator[Recording]:
    """Keep what the block changes on the ticket as one operation that can be undone."""
    operation = Operation(code=code, actor_id=actor.id, at=now, before=[])
    session().add(operation)
    session().flush()
    recording = Recording(operation.id)
    yield recording
    if recording.changed is not None and recording.changed.before:
        shares = {"shares": recording.shares} if recording.shares else {}
        operation.before = [_entry(ticket, recording.changed) | shares]
        session().flush()


def undo(operation_id: int, *, actor: Actor, now: datetime) -> str:
    """Bring back what the operation changed; returns the ticket's number.

    Only who did it and still has the right to, only once, and only while nothing moved since: else ``Conflict``
    and nothing changes.
    """
    operation = (
        session()
        .execute(
            select(Operation).where(Operation.id == operation_id, Operation.actor_id == actor.id).with_for_update()
        )
        .scalar_one_or_none()
    )
    if operation is None or not operation.before:
        raise NotFound("operation.not_found")
    if not any(actor.may(permission) for permission in NEEDS[operation.code]):
        raise NotAllowed("access.denied", permission=NEEDS[operation.code][0].value)
    if operation.code in LIMITED:
        check_in_time(operation.at, now)
    claimed = session().execute(
        update(Operation)
        .where(Operation.id == operation_id, Operation.undone_at.is_(None))
        .values(undone_at=now, undone_by_id=actor.id)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("operation.already_undone")
    for entry in operation.before:
        number = _bring_back(entry, operation, actor, now)
    return number


def mark(operation_id: int, batch: str) -> None:
    """Say that the operation was one of several at once. ``batch`` (36 letters at most) is theirs alone."""
    session().get_one(Operation, operation_id).batch = batch


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one of several: brought back, or why not."""

    number: str
    problem: Problem | None = None


def undo_batch(batch: str, *, actor: Actor, now: datetime) -> list[Undone]:
    """Bring back what the actor did at once, each for itself: what moved since stays and says so.

    ``NotFound`` if there is nothing of his under this mark that changed anything.
    """
    rows = (
        session()
        .execute(
            select(Operation.id, Operation.before)
            .where(Operation.batch == batch, Operation.actor_id == actor.id)
            .order_by(Operation.id)
        )
        .all()
    )
    done = [row for row in rows if row.before]
    if not done:
        raise NotFound("operation.not_found")
    ids = {row.before[0]["ticket"] for row in done}
    found = session().execute(select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids)))
    numbers = {row.id: row.number for row in found}
    return [_undone(row.id, numbers[row.before[0]["ticket"]], actor, now) for row in done]


def _undone(operation_id: int, number: str, actor: Actor, now: datetime) -> Undone:
    try:
        with savepoint():
            undo(operation_id, actor=actor, now=now)
    except Problem as problem:
        return Undone(number, problem)
    return Undone(number)


def _entry(ticket: Ticket, changed: Changed) -> dict[str, Any]:
    return {
        "ticket": ticket.id,
        "version": changed.version,
        "values": changed.before,
        "stints": changed.stints_ended,
        "met": changed.clocks_met,
    }


def _bring_back(entry: dict[str, Any], operation: Operation, actor: Actor, now: datetime) -> str:
    if "link" in entry:
        return links.bring_back(entry, operation, actor, now)
    if "merge" in entry:
        return merging.bring_back(entry, operation, actor, now)
    if "split" in entry:
        return splitting.bring_back(entry, operation, actor, now)
    if "tag" in entry:
        return tags.bring_back(entry, operation, actor, now)
    ticket = (
        session()
        .execute(select(Ticket).where(Ticket.id == entry["ticket"], readable(actor)).with_for_update(of=Ticket))
        .scalar_one_or_none()
    )
    if ticket is None:
        raise NotFound("operation.not_found")
    entry = {**entry, "values": {**_handed_out_since(ticket, entry), **entry["values"]}, "version": ticket.version}
    values = entry["values"]
    if operation.code == "ticket.status" and values.get("status") == Status.NEW:
        values = {**values, "status": Status.OPEN}
    if operation.code == "ticket.resolve":
        _take_up_resolved(ticket, entry, operation, actor, now)
    elif "queue_id" in values:
        _move_back(ticket, entry, operation, actor, now)
    else:
        stays = {"queue_id": ticket.queue_id} if "type" in values else {}  # it didn't move then, so it doesn't now
        tickets.change(
            ticket,
            _as_change({**stays, **values}),
            expected=entry["version"],
            actor=actor,
            now=now,
            take_up_wait=operation.code in {"ticket.reply", "ticket.status"},
        )
    if operation.code == "ticket.type":
        _withdraw_correction(ticket, operation)
    record("operation.undone", actor=actor, now=now, ticket_id=ticket.id, operation=operation.id, what=operation.code)
    return ticket.number


def _handed_out_since(ticket: Ticket, entry: dict[str, Any]) -> dict[str, Any]:
    """Nobody changed the ticket since, or ``Conflict``. Returns whose it was before it was handed out by itself.

    Handing out follows from what is undone, such as a transfer to a queue that does it: that moves nothing on.
    """
    if ticket.version == entry["version"]:
        return {}
    since = session().scalars(
        select(Event)
        .where(Event.ticket_id == ticket.id, Event.params["version"].as_integer() > entry["version"])
        .order_by(Event.id)
    )
    before: dict[str, Any] = {}
    for event in since:
        why = event.params.get("why")
        if why is None or "stage" in why or event.code not in HANDED_OUT:
            raise Conflict("operation.moved_on", number=ticket.number)
        before.setdefault(HANDED_OUT[event.code], event.params["from"])
    return before


def _withdraw_correction(ticket: Ticket, operation: Operation) -> None:
    """A slip of the finger is no evidence about words; that it happened stays in the events."""
    session().execute(
        delete(Correction).where(
            Correction.ticket_id == ticket.id,
            Correction.actor_id == operation.actor_id,
            Correction.created_at == operation.at,
        )
    )


def _take_up_resolved(ticket: Ticket, entry: dict[str, Any], operation: Operation, actor: Actor, now: datetime) -> None:
    """resolved -> open, the only legal way back, then on to where it waited before."""
    tickets.change(ticket, Change(status=Status.OPEN, outcome=None), expected=entry["version"], actor=actor, now=now)
    _take_back_shares(ticket, entry, actor, now)
    if ticket.first_resolved_at == operation.at:
        tickets.forget_first_resolve(ticket)
    stints.resume(entry["stints"], at=now)
    clocks.take_up(ticket, met=entry["met"], cancelled_since=operation.at, at=now)
    urgency.settle(ticket)
    earlier = Status(entry["values"]["status"])
    if earlier not in {Status.NEW, Status.OPEN}:
        tickets.change(
            ticket,
            Change(status=earlier, pending_on=entry["values"].get("pending_on")),
            expected=None,
            actor=actor,
            now=now,
            take_up_wait=True,
        )


def shares_of(ticket_id: int) -> list[list[Any]]:
    """Who was responsible before, as an operation keeps it: party, percent, when it was said."""
    times = responsibility.settled_times(ticket_id)
    return [
        [party.value, percent, at.isoformat() if (at := times[party]) else None]
        for party, percent in responsibility.said(ticket_id).items()
    ]


def _take_back_shares(ticket: Ticket, entry: dict[str, Any], actor: Actor, now: datetime) -> None:
    """What was said before the resolve stands again, with its own time; what it disputed lapses where it changes."""
    rows = entry.get("shares", [])
    shares = {Party(party): percent for party, percent, _at in rows}
    settled = {Party(party): datetime.fromisoformat(at) if at else None for party, _percent, at in rows}
    if shares != responsibility.said(ticket.id):
        responsibility.say(ticket, shares, actor=actor, now=now, settled=settled)


def _move_back(ticket: Ticket, entry: dict[str, Any], operation: Operation, actor: Actor, now: datetime) -> None:
    """The stay that the move began counts for nobody, and the one before goes on."""
    stay = stints.stay_of(ticket)
    if stay is not None:
        stints.abandon(stay, at=now)
    stints.end_assists(ticket.id, entry["values"]["queue_id"], at=now)
    stints.resume(entry["stints"], at=now)
    values = {name: value for name, value in entry["values"].items() if name != "assignee_id"}
    tickets.change(
        ticket,
        _as_change(values),
        expected=entry["version"],
        actor=actor,
        now=now,
        keep_stints=True,
        take_up_wait=operation.code == "ticket.reply",
    )


def _as_change(values: dict[str, Any]) -> Change:
    """Stored values as a change; a ticket that was new stays taken up."""
    wanted: dict[str, Any] = dict(values)
    if wanted.get("status") in {None, Status.NEW.value}:
        wanted.pop("status", None)
    if "status" in wanted:
        wanted["status"] = Status(wanted["status"])
    if "priority" in wanted:
        wanted["priority"] = Priority(wanted["priority"])
    if wanted.get("outcome"):
        wanted["outcome"] = Outcome(wanted["outcome"])
    return Change(**wanted)
