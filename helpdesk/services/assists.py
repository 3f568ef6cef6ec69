"""Another queue's help, while the ticket stays where it is."""

from __future__ import annotations

from datetime import datetime

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.tickets import Party
from helpdesk.models import Stint
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import clocks, tickets
from helpdesk.services.assignment import find_queue
from helpdesk.services.events import record
from helpdesk.storage import insert_once, session

MAX_QUESTION = 2_000


def ask_for_help(
    number: str, queue_code: str, *, party: Party | None, question: str, version: int, actor: Actor, now: datetime
) -> int:
    """Ask a queue something. Opens an assist with a queue clock of its own; returns the stint's id.

    The ticket keeps queue, owner and customer clocks. A queue is asked one thing at a time: ``Conflict``
    while an assist of it is open. ``party`` says whom the question is about, if anybody.
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
    return stint_id
