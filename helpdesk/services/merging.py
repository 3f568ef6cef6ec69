"""Tickets about one trouble become one, and are taken apart again while it isn't too late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from helpdesk.domain.access import Actor, may_work
from helpdesk.domain.merging import check_can_part, check_named, check_settled
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.domain.tickets import ACTIVE, Status, check_move
from helpdesk.models import Appeal, Compensation, Event, Message, Operation, Stint, Ticket, TicketReader
from helpdesk.models.scope import readable
from helpdesk.models.tickets import is_open_stay
from helpdesk.services import clocks, outbox, pauses, stints, tickets, urgency
from helpdesk.services.assignment import MAX_REASON
from helpdesk.services.events import record
from helpdesk.services.tickets import Change
from helpdesk.storage import session


def merge(
    sources: Mapping[str, int], into: str, *, reason: str, version: int | None = None, actor: Actor, now: datetime
) -> int:
    """End the tickets ``sources``: ``into`` goes on with their matter. Returns the operation, for an undo.

    All belong to one shop, and each to the order or the customer of ``into``, which is active; the actor may work on
    all of them. The merged tickets' clocks and stays end without a result (PRODUCT: merging cancels the source's
    clocks), while those of ``into`` run on as they were. What was said stays with its ticket; the readers of each may
    read ``into`` too, and what nobody has read there is unread here.
    ``sources`` gives the version on which each was chosen, ``version`` that of ``into`` (None: as it is). All or none:
    raises ``Invalid`` for some that don't belong together or a missing reason, ``Conflict`` for one that has ended or
    on which money, an appeal or an assist waits for an answer, ``Stale`` if one moved on.
    """
    check_named(sources, into)
    found = _locked([*sources, into], actor)
    target = found[into]
    for number, seen in sources.items():
        tickets.check_version(found[number], seen)
    tickets.check_version(target, version)
    chosen = [found[number] for number in sources]
    waiting = _waiting([one.id for one in chosen])
    for source in chosen:
        _check(source, target)
        check_settled(source.number, waiting.get(source.id, set()))
    if not reason.strip() or len(reason) > MAX_REASON:
        raise Invalid("ticket.reason_required", limit=MAX_REASON)
    operation = Operation(code="ticket.merge", actor_id=actor.id, at=now, before=[])
    session().add(operation)
    session().flush()
    kept = {"unread": target.unread, "readers": _readers(target.id), "last_message": _last_heard(target.id)}
    entries = [_take_in(source, target, reason, operation.id, actor, now) for source in chosen]
    operation.before = [{"ticket": target.id, "merge": kept | {"sources": entries}}]
    session().flush()
    return operation.id


def bring_back(entry: dict[str, Any], operation: Operation, actor: Actor, now: datetime) -> str:
    """Undo: each of the merged tickets is again what it was, its clocks as if they had never stopped.

    All or none. ``Conflict`` once the ticket that took them in has ended, or its customer has written there, since.
    Returns that ticket's number.
    """
    kept = entry["merge"]
    ids = [entry["ticket"], *(one["ticket"] for one in kept["sources"])]
    numbers = session().scalars(select(Ticket.number).where(Ticket.id.in_(ids), readable(actor))).all()
    if len(numbers) != len(ids):
        raise NotFound("operation.not_found")
    by_id = {ticket.id: ticket for ticket in _locked(numbers, actor).values()}
    target = by_id[entry["ticket"]]
    heard = _last_heard(target.id) != kept["last_message"]
    check_can_part(target.number, Status(target.status), heard=heard)
    for one in kept["sources"]:
        source = by_id[one["ticket"]]
        if source.version != one["version"]:
            raise Conflict("operation.moved_on", number=source.number)
        _part(source, target, one, operation.id, actor, now)
    target.unread = target.unread and kept["unread"]
    _forget_readers(target, kept["readers"], operation.at)
    session().flush()
    return target.number


def _take_in(
    source: Ticket, target: Ticket, reason: str, operation_id: int, actor: Actor, now: datetime
) -> dict[str, Any]:
    """End one of them. Returns what it takes to bring it back."""
    kept = {
        "ticket": source.id,
        "clocks": clocks.open_ids(source),
        "stints": stints.open_ids(source),
        "pause": pauses.lasting_id(source),
        "urgency": source.urgency,
        "unread": source.unread,
    }
    _tell_holders(source, target, operation_id, actor, now)
    note = tickets.add_note(source, reason, actor=actor, now=now)
    changed = tickets.change(
        source,
        Change(status=Status.MERGED, merged_into_id=target.id),
        expected=source.version,
        actor=actor,
        now=now,
        reason_note_id=note.id,
        operation_id=operation_id,
    )
    urgency.settle(source)
    _hand_over_reading(source, target)
    told: dict[str, Any] = {"number": target.number, "version": changed.version}
    record("ticket.merged", actor=actor, now=now, ticket_id=source.id, reason_note_id=note.id, **told)
    record("ticket.merged_in", actor=actor, now=now, ticket_id=target.id, number=source.number)
    return kept | {"values": changed.before, "version": changed.version}


def _tell_holders(source: Ticket, target: Ticket, operation_id: int, actor: Actor, now: datetime) -> None:
    """Whose ticket it was finds it gone from his list, and hears where to. Written before the hands let go of it."""
    stay = select(Stint.assignee_id).where(Stint.ticket_id == source.id, is_open_stay)
    people = {source.owner_id, session().scalar(stay)} - {None, actor.id}
    if people:
        outbox.put(
            "notice",
            f"merged:{operation_id}:{source.id}",
            ticket_id=target.id,
            payload={
                "code": "ticket.merged",
                "params": {"number": source.number},
                "notify": [f"user:{user_id}" for user_id in sorted(filter(None, people))],
                "actor": actor.id,
            },
            now=now,
        )


def _part(source: Ticket, target: Ticket, kept: dict[str, Any], operation_id: int, actor: Actor, now: datetime) -> None:
    tickets.part(source, kept["values"], expected=kept["version"], actor=actor, now=now, operation_id=operation_id)
    stints.take_up(kept["stints"])
    clocks.uncancel(source, kept["clocks"])
    if kept["pause"] is not None:
        pauses.go_on(kept["pause"])
    source.urgency, source.unread = kept["urgency"], kept["unread"]
    session().flush()
    for here, there in ((source, target), (target, source)):
        record("ticket.parted", actor=actor, now=now, ticket_id=here.id, operation_id=operation_id, number=there.number)


def _locked(numbers: Sequence[str], actor: Actor) -> dict[str, Ticket]:
    """All of them, if the actor may work on them, locked in the order of their ids whichever is merged.

    So of two merges that cross one waits for the other, and then finds that its target has ended.
    """
    rows = session().scalars(
        select(Ticket).where(Ticket.number.in_(numbers), readable(actor)).order_by(Ticket.id).with_for_update(of=Ticket)
    )
    found = {ticket.number: ticket for ticket in rows}
    for wanted in numbers:
        if wanted not in found:
            raise NotFound("ticket.not_found", number=wanted)
        if not may_work(actor, tickets.standing(found[wanted])):
            raise NotAllowed("ticket.not_yours", number=wanted)
    return found


def _check(source: Ticket, target: Ticket) -> None:
    check_move(Status(source.status), Status.MERGED)
    if target.status not in ACTIVE:
        raise Conflict("ticket.merge_into_ended", number=target.number, status=target.status)
    same_order = source.order_id is not None and source.order_id == target.order_id
    same_customer = source.customer_id is not None and source.customer_id == target.customer_id
    if source.shop_id != target.shop_id or not (same_order or same_customer):
        raise Invalid("ticket.merge_unrelated", number=source.number, into=target.number)


def _waiting(ticket_ids: Sequence[int]) -> dict[int, set[str]]:
    """On which of these tickets somebody still owes an answer, and about what."""
    asked = {
        "money": select(Compensation.ticket_id).where(Compensation.state == "proposed"),
        "appeal": select(Appeal.ticket_id).where(Appeal.state == "open"),
        "assist": select(Stint.ticket_id).where(Stint.kind == "assist", Stint.left_at.is_(None)),
    }
    found: dict[int, set[str]] = {}
    for what, statement in asked.items():
        column = statement.selected_columns[0]
        for ticket_id in session().scalars(statement.where(column.in_(ticket_ids))):
            found.setdefault(ticket_id, set()).add(what)
    return found


def _last_heard(ticket_id: int) -> int:
    """The customer's latest message on the ticket; 0 if there is none."""
    latest = select(func.max(Message.id)).where(Message.ticket_id == ticket_id, Message.direction == "in")
    return session().scalar(latest) or 0


def _readers(ticket_id: int) -> list[int]:
    rows = select(TicketReader.user_id).where(TicketReader.ticket_id == ticket_id).order_by(TicketReader.user_id)
    return list(session().scalars(rows))


def _hand_over_reading(source: Ticket, target: Ticket) -> None:
    """Who had to do with the one finds the other; an unread word doesn't get lost between them."""
    tickets.remember_readers(target, _readers(source.id))
    if source.unread:
        source.unread, target.unread = False, True


def _forget_readers(target: Ticket, before: Sequence[int], since: datetime) -> None:
    """Who may read the ticket only because of the merge may no more, unless he has had to do with it since."""
    did = select(Event.actor_id).where(
        Event.ticket_id == target.id, Event.at >= since, Event.code.not_in(["ticket.merged_in", "ticket.parted"])
    )
    hands = select(Stint.assignee_id).where(Stint.ticket_id == target.id, Stint.assignee_id.is_not(None))
    known = {*before, target.owner_id, *session().scalars(did), *session().scalars(hands)} - {None}
    session().execute(
        delete(TicketReader).where(TicketReader.ticket_id == target.id, TicketReader.user_id.not_in(known)),
        execution_options={"synchronize_session": False},
    )
