"""Another queue's help, while the ticket stays where it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update

from helpdesk.domain.access import (
    Actor,
    Permission,
    may_answer,
    may_assign,
    may_assign_assist,
    may_withdraw,
)
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.routing import MANUAL
from helpdesk.domain.tickets import Party, Status
from helpdesk.models import ClockRow, Queue, Stint, Ticket
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.scope import readable
from helpdesk.services import attachments, clocks, dispatch, outbox, stints, tickets
from helpdesk.services.assignment import MAX_REASON, check_member, find_queue
from helpdesk.services.events import record
from helpdesk.storage import insert_once, session

MAX_QUESTION = 2_000
MAX_ANSWER = 5_000


def ask_for_help(
    number: str, queue_code: str, *, party: Party | None, question: str, version: int, actor: Actor, now: datetime
) -> int:
    """Ask a queue something. Opens an assist with a queue clock of its own; returns the stint's id.

    The ticket keeps queue, owner and customer clocks. A queue is asked one thing at a time: ``Conflict``
    while an assist of it is open. ``party`` says whom the question is about, if anybody. The queue is told; one that
    hands out by itself gives the question to somebody at once.
    """
    ticket = tickets.load_active(number, actor)
    queue = find_queue(queue_code)
    if queue.id == ticket.queue_id:
        raise Invalid("assist.own_queue", queue=queue_code)
    if not question.strip() or len(question) > MAX_QUESTION:
        raise Invalid("assist.question_required", limit=MAX_QUESTION)
    note = tickets.add_note(ticket, question, actor=actor, now=now)
    stint_id = insert_once(
        Stint,
        ticket_id=ticket.id,
        kind="assist",
        queue_id=queue.id,
        entered_at=now,
        party=party.value if party else None,
        question_note_id=note.id,
        asked_by_id=actor.id,
    )
    if stint_id is None:
        raise Conflict("assist.open_already", queue=queue_code)
    clocks.start_queue_clock(ticket, session().get_one(Stint, stint_id), book=published_rulebook(), now=now)
    tickets.change(
        ticket, tickets.Change(status=tickets.on_first_action(ticket)), expected=version, actor=actor, now=now
    )
    record(
        "assist.asked",
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        reason_note_id=note.id,
        queue=queue_code,
        party=party.value if party else None,
    )
    _tell(ticket, stint_id, "assist.asked", [f"queue:{queue.id}"], queue.code, actor, now)
    if queue.assignment != MANUAL:
        dispatch.hand_out(queue.id, actor=actor, now=now)
    return stint_id


def answer(
    stint_id: int, text: str, *, files: Sequence[int] = (), actor: Actor, now: datetime, version: int | None
) -> str:
    """Answer what a queue was asked: its assist and its clock end. Returns the ticket's number.

    For members of that queue. The answer is a note of the ticket; owner and asker are told. A ticket that waited for
    this queue (待内部) goes on, unless another answer is still due. ``version`` is the ticket's that the answer was
    written on (None: whatever it is now). ``Conflict`` once it was answered or withdrawn, ``Stale`` if the ticket
    moved on.
    """
    ticket, assist = _open_assist(stint_id, actor)
    if not may_answer(actor, assist.queue_id):
        raise NotAllowed("assist.not_yours", number=ticket.number)
    tickets.check_version(ticket, version)
    if not text.strip() or len(text) > MAX_ANSWER:
        raise Invalid("assist.answer_required", limit=MAX_ANSWER)
    queue = session().get_one(Queue, assist.queue_id)
    note = tickets.add_note(ticket, text, actor=actor, now=now)
    attachments.attach(ticket.id, files, note_id=note.id, actor=actor, now=now)
    assist.answer_note_id = note.id
    stints.end(assist, at=now)
    record(
        "assist.answered",
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        reason_note_id=note.id,
        queue=queue.code,
        stint=assist.id,
    )
    _go_on(ticket, queue, actor, now)
    told = ["owner", f"user:{assist.asked_by_id}"] if assist.asked_by_id else ["owner"]
    _tell(ticket, assist.id, "assist.answered", told, queue.code, actor, now)
    dispatch.serve(actor, now, freed=[assist.assignee_id])
    return ticket.number


def claim_assist(stint_id: int, *, actor: Actor, now: datetime) -> str:
    """Take a question of one's queue into one's hands. Two people, one question, one winner: else ``Conflict``.

    Claiming one's own again changes nothing. Returns the ticket's number.
    """
    ticket, assist = _open_assist(stint_id, actor)
    if not may_answer(actor, assist.queue_id):
        raise NotAllowed("assist.not_yours", number=ticket.number)
    if assist.assignee_id != actor.id:
        _move(ticket, assist, None, actor.id, actor, now)
    return ticket.number


def assign_assist(stint_id: int, user_id: int | None, *, instead_of: int | None, actor: Actor, now: datetime) -> str:
    """Put a question into the hands of a member of its queue, or into nobody's. Returns the ticket's number.

    For who assigns in that queue or on that ticket, and for members of the queue as to themselves. ``instead_of`` is
    in whose hands it was seen: ``Stale`` if that changed meanwhile.
    """
    ticket, assist = _open_assist(stint_id, actor)
    own = may_answer(actor, assist.queue_id) and {user_id, assist.assignee_id} <= {actor.id, None}
    if not (own or may_assign_assist(actor, assist.queue_id) or may_assign(actor, tickets.standing(ticket))):
        raise NotAllowed("assist.may_not_assign", number=ticket.number)
    if user_id is not None:
        check_member(user_id, Queue.id == assist.queue_id)
    if assist.assignee_id != instead_of:
        raise Stale("assist.stale", number=ticket.number)
    if user_id != instead_of:
        _move(ticket, assist, instead_of, user_id, actor, now)
        if user_id is not None:
            dispatch.tell_assignee(ticket, assist.id, user_id, mode="person", actor=actor, now=now, assist=True)
        dispatch.serve(actor, now, freed=[instead_of], but=ticket.id)
    return ticket.number


def withdraw_assist(stint_id: int, *, reason: str = "", actor: Actor, now: datetime) -> str:
    """The question is not asked any more. Returns the ticket's number.

    For who asked, the owner, and who assigns on the ticket. Its clock counts for nobody, unless it was late already:
    that stays with the queue that was asked. A ticket that waited for this queue goes on.
    """
    ticket, assist = _open_assist(stint_id, actor)
    if not may_withdraw(actor, tickets.standing(ticket), asked_by=assist.asked_by_id):
        raise NotAllowed("assist.may_not_withdraw", number=ticket.number)
    if len(reason) > MAX_REASON:
        raise Invalid("input.too_long", field="reason", limit=MAX_REASON)
    note = tickets.add_note(ticket, reason, actor=actor, now=now) if reason.strip() else None
    queue = session().get_one(Queue, assist.queue_id)
    (stints.end if _is_late(assist, now) else stints.abandon)(assist, at=now)
    record(
        "assist.withdrawn",
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        reason_note_id=note.id if note else None,
        queue=queue.code,
        stint=assist.id,
    )
    _go_on(ticket, queue, actor, now)
    dispatch.serve(actor, now, freed=[assist.assignee_id])
    return ticket.number


def _open_assist(stint_id: int, actor: Actor) -> tuple[Ticket, Stint]:
    """The assist with its ticket, locked; ``NotFound`` outside the actor's sight, ``Conflict`` once it has ended.

    What his queue was asked he may hear of also when it is over: he may have an answer half written.
    """
    actor.require(Permission.TICKETS_READ)
    in_sight = or_(readable(actor), Stint.queue_id.in_(sorted(actor.queues)))
    found = (
        session()
        .execute(
            select(Ticket, Stint)
            .join(Stint, Stint.ticket_id == Ticket.id)
            .where(Stint.id == stint_id, Stint.kind == "assist", in_sight)
            .with_for_update(of=Ticket)
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("assist.not_found")
    ticket, assist = found
    if assist.left_at is not None:
        raise Conflict("assist.not_open", number=ticket.number)
    return ticket, assist


def _move(ticket: Ticket, assist: Stint, old: int | None, new: int | None, actor: Actor, now: datetime) -> None:
    """The row decides who was first."""
    won = session().execute(
        update(Stint)
        .where(Stint.id == assist.id, Stint.left_at.is_(None), Stint.assignee_id.is_not_distinct_from(old))
        .values(assignee_id=new)
        .execution_options(synchronize_session=False)
    )
    if won.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("assist.claimed_already", number=ticket.number)
    queue = session().get_one(Queue, assist.queue_id)
    dispatch.put_assist(ticket, assist, new, queue=queue, actor=actor, now=now)


def _go_on(ticket: Ticket, queue: Queue, actor: Actor, now: datetime) -> None:
    """Back to work, if it was this queue's answer that the ticket waited for, and no other is due."""
    if ticket.status != Status.PENDING_INTERNAL or ticket.pending_on not in {None, queue.code}:
        return
    due = (
        select(func.count())
        .select_from(Stint)
        .where(Stint.ticket_id == ticket.id, Stint.kind == "assist", Stint.left_at.is_(None))
    )
    if not session().scalar(due):
        tickets.change(ticket, tickets.Change(status=Status.OPEN), expected=None, actor=actor, now=now)


def _is_late(assist: Stint, now: datetime) -> bool:
    late_after = session().scalar(
        select(ClockRow.late_after).where(ClockRow.stint_id == assist.id, ClockRow.cancelled_at.is_(None))
    )
    return late_after is not None and late_after < now


def _tell(ticket: Ticket, stint_id: int, code: str, notify: list[str], queue: str, actor: Actor, now: datetime) -> None:
    outbox.put(
        "notice",
        f"assist:{stint_id}:{code.partition('.')[2]}",
        ticket_id=ticket.id,
        payload={
            "code": code,
            "params": {"queue": queue, "assist": stint_id},
            "notify": notify,
            "actor": actor.id,
        },
        now=now,
    )
