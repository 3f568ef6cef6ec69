"""What a reply did beside being sent: the clocks it met and the status it chose, for when it is taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.clocks import Kind
from helpdesk.domain.tickets import WORKED_ON, Status
from helpdesk.models import ClockRow, Event, Message, Ticket
from helpdesk.services import clocks, tickets, urgency
from helpdesk.services.tickets import Change
from helpdesk.storage import session


def unmeet(ticket: Ticket, message: Message, *, now: datetime) -> None:
    """Clocks that this message met run again, or were met by the next one of the cycle that did as much.

    The ticket was not resolved since: ``messages.take_back`` refuses that.
    """
    met_here = select(ClockRow).where(
        ClockRow.ticket_id == ticket.id,
        ClockRow.cycle == ticket.cycle,
        ClockRow.met_at == message.created_at,
        ClockRow.kind.in_([Kind.FIRST_RESPONSE.value, Kind.SOLUTION.value]),
    )
    for row in session().scalars(met_here).all():
        kind = Kind(row.kind)
        met_again = _next_answer(row)
        clocks.unmeet(ticket, kind, now=now)
        if met_again is not None:
            clocks.meet(ticket, [kind], at=met_again)
    urgency.settle(ticket)


def take_back_status(ticket: Ticket, message: Message, *, actor: Actor, now: datetime) -> None:
    """The status chosen with the reply goes back, and its wait for the customer never was.

    Left alone when the ticket changed since. One that was new stays taken up.
    """
    happened = session().scalars(
        select(Event).where(
            Event.ticket_id == ticket.id,
            Event.code.in_(["ticket.status", "ticket.pending_on"]),
            Event.at == message.created_at,
            Event.actor_id == actor.id,
        )
    )
    before = {e.code: e.params["from"] for e in happened if e.params["version"] == ticket.version}
    if "ticket.status" not in before or ticket.status not in WORKED_ON:
        return
    earlier = Status(before["ticket.status"])
    tickets.change(
        ticket,
        Change(
            status=Status.OPEN if earlier is Status.NEW else earlier,
            pending_on=before.get("ticket.pending_on"),
        ),
        expected=None,
        actor=actor,
        now=now,
        clock_at=message.created_at,
        take_up_wait=True,
    )


def _next_answer(row: ClockRow) -> datetime | None:
    """When a person's earliest reply that is left met this clock."""
    answers = select(func.min(Message.created_at)).where(
        Message.ticket_id == row.ticket_id,
        Message.direction == "out",
        Message.automatic.is_(False),
        Message.state != "taken_back",
        Message.created_at >= row.started_at,
    )
    if row.kind == Kind.SOLUTION.value:
        answers = answers.where(Message.is_solution)
    return session().execute(answers).scalar_one()
