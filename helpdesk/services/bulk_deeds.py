"""What a deed on many tickets does to one of them: the single act that its page would do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import case, func, select

from helpdesk.domain.access import WORKING_ROLES, Actor, TicketStanding
from helpdesk.domain.bulk import Deed, Ground, Kind, Seen
from helpdesk.domain.checklists import Item
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.tickets import ACTIVE, Outcome, Party, Priority, Status, TicketClass
from helpdesk.models import Membership, Queue, Responsibility, Stint, Ticket, TicketTag, User
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.scope import readable
from helpdesk.models.tickets import is_open_assist, is_open_stay
from helpdesk.services import (
    assignment,
    checklists,
    decisions,
    messages,
    operations,
    priorities,
    resolution,
    tags,
    tickets,
)
from helpdesk.services.tickets import Change
from helpdesk.storage import session


def carry_out(deed: Deed, number: str, version: int, *, actor: Actor, now: datetime) -> tuple[bool, int | None]:
    """Do it to one ticket: whether anything changed, and the operation that takes it back, if something can.

    Raises what the act itself raises: ``Stale`` where the ticket moved on since it was seen, and so on.
    """
    match deed.kind:
        case Kind.TYPE:
            operation: int | None = decisions.set_type(number, deed.value, version=version, actor=actor, now=now)
        case Kind.TRANSFER:
            operation = assignment.transfer(number, deed.value, reason=deed.text, version=version, actor=actor, now=now)
        case Kind.ASSIGN:
            operation = assignment.assign(number, deed.person, version=version, actor=actor, now=now)
        case Kind.OWNER:
            operation = assignment.hand_over(number, deed.person or 0, version=version, actor=actor, now=now)
        case Kind.PRIORITY:
            operation = priorities.set_priority(number, Priority(deed.value), version=version, actor=actor, now=now)
        case Kind.STATUS:
            operation = _move(deed, number, version, actor, now)
        case Kind.RESOLVE:
            operation = resolution.resolve(
                number,
                outcome=Outcome(deed.value),
                shares={Party(deed.party): 100} if deed.party else {},
                reason=deed.text,
                version=version,
                actor=actor,
                now=now,
            )
        case Kind.TAG | Kind.UNTAG:
            on = deed.kind is Kind.TAG
            operation = tags.set_tag(number, deed.value, on=on, version=version, actor=actor, now=now)
            return operation is not None, operation
        case Kind.NOTE:
            messages.add_note(number, deed.text, actor=actor, now=now)
            return True, None
    return True, operation


def _move(deed: Deed, number: str, version: int, actor: Actor, now: datetime) -> int:
    """``tickets.set_status``, kept as an operation."""
    status = Status(deed.value)
    ticket = tickets.load_to_work(number, actor)
    tickets.check_version(ticket, version)
    if ticket.status not in ACTIVE:
        raise Conflict("ticket.illegal_move", old=ticket.status, new=status.value)
    note = tickets.add_note(ticket, deed.text, actor=actor, now=now) if deed.text else None
    with operations.recorded("ticket.status", ticket, actor=actor, now=now) as operation:
        operation.changed = tickets.change(
            ticket,
            Change(status=status, pending_on=tickets.waits_for(status, deed.pending_on)),
            expected=version,
            actor=actor,
            now=now,
            reason_note_id=note.id if note else None,
            operation_id=operation.id,
        )
    return operation.id


def ground(deed: Deed) -> Ground:
    """What the deed stands on. ``Invalid`` or ``NotFound`` for a type, queue, person or tag that there isn't."""
    match deed.kind:
        case Kind.TYPE:
            types = published_rulebook().types
            if deed.value not in types:
                raise Invalid("input.bad_value")
            if types[deed.value].system:
                raise Invalid("ticket.system_type", type=deed.value)
        case Kind.TRANSFER:
            return Ground(queue=assignment.find_queue(deed.value).id)
        case Kind.ASSIGN | Kind.OWNER:
            writing = frozenset(session().scalars(select(Queue.id).where(Queue.writes_to_buyers)))
            return Ground(memberships=_queues_of(deed.person), writing=writing)
        case Kind.STATUS:
            tickets.waits_for(Status(deed.value), deed.pending_on)
        case Kind.TAG:
            tags.usable(deed.value)
        case _:
            pass
    return Ground()


def _queues_of(user_id: int | None) -> frozenset[int]:
    """Where he can have tickets in hand: the queues of somebody active who works."""
    if user_id is None:
        return frozenset()
    return frozenset(
        session().scalars(
            select(Membership.queue_id)
            .join(User, User.id == Membership.user_id)
            .where(User.id == user_id, User.active, User.role.in_([role.value for role in WORKING_ROLES]))
        )
    )


def look(ids: Iterable[int], deed: Deed, actor: Actor) -> dict[int, tuple[int, Seen]]:
    """Version and state of the tickets that the actor sees, by id. Two statements, and more where the deed asks."""
    wanted = list(ids)
    assists: dict[int, set[int]] = {}
    for ticket_id, queue_id in session().execute(
        select(Stint.ticket_id, Stint.queue_id).where(Stint.ticket_id.in_(wanted), is_open_assist)
    ):
        assists.setdefault(ticket_id, set()).add(queue_id)
    tagged: dict[int, set[str]] = {}
    carried: dict[int, int] = {}
    if deed.kind in {Kind.TAG, Kind.UNTAG}:
        stands = func.max(case((TicketTag.tag == tags.meant(deed.value), 1), else_=0)).label("stands")
        held = select(TicketTag.ticket_id, stands, func.count().label("carried")).where(TicketTag.ticket_id.in_(wanted))
        for row in session().execute(held.group_by(TicketTag.ticket_id)):
            tagged[row.ticket_id] = {deed.value} if row.stands else set()
            carried[row.ticket_id] = row.carried
    blamed: set[int] = set()
    left: dict[int, tuple[Item, ...]] = {}
    if deed.kind is Kind.RESOLVE:
        said = select(Responsibility.ticket_id).where(Responsibility.ticket_id.in_(wanted)).distinct()
        blamed, left = set(session().scalars(said)), checklists.left(wanted)
    rows = session().execute(
        select(
            *(Ticket.id, Ticket.version, Ticket.number, Ticket.status, Ticket.pending_on, Ticket.type, Ticket.tier),
            *(Ticket.klass, Ticket.priority, Ticket.queue_id, Ticket.owner_id, Stint.assignee_id),
        )
        .outerjoin(Stint, (Stint.ticket_id == Ticket.id) & is_open_stay)
        .where(Ticket.id.in_(wanted), readable(actor))
    )
    return {
        row.id: (
            row.version,
            Seen(
                number=row.number,
                status=Status(row.status),
                pending_on=row.pending_on,
                type=row.type,
                tier=row.tier,
                klass=TicketClass(row.klass),
                priority=Priority(row.priority),
                hands=row.assignee_id,
                standing=TicketStanding(row.queue_id, row.owner_id, frozenset(assists.get(row.id, ()))),
                tags=frozenset(tagged.get(row.id, ())),
                carried=carried.get(row.id, 0),
                blamed=row.id in blamed,
                left=left.get(row.id, ()),
            ),
        )
        for row in rows
    }
