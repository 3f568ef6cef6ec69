"""What is said to the customer, by him, and among ourselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from helpdesk.domain.access import Actor, Permission, Scope, may_note, may_reply
from helpdesk.domain.clocks import Kind
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.domain.replies import unresolved
from helpdesk.domain.tickets import ACTIVE, REOPEN_WITHIN_SECONDS, TAKE_BACK_SECONDS, WORKED_ON, Status
from helpdesk.models import Channel, Event, Inbound, Message, Outbox, Queue, Ticket
from helpdesk.services import (
    answers,
    attachments,
    clocks,
    compensations,
    intake,
    mentions,
    outbox,
    resolution,
    staging,
    template_uses,
    tickets,
    urgency,
)
from helpdesk.services.events import record
from helpdesk.services.staging import Staged
from helpdesk.services.tickets import KEEP, Change
from helpdesk.storage import insert_once, session

MAX_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply as the composer sends it. ``last_message_id`` is the last customer's message it showed (0: none).

    ``template_code`` and ``template_version`` name the template it was written from; ``filled`` are its words for
    this ticket, ``rank`` its place among the suggestions (None: found by hand). ``actions`` go along with it.
    ``suggested_code`` and ``suggested_version`` name the template that stood first among the suggestions, used or not.
    """

    text: str
    last_message_id: int
    is_solution: bool = False  # 给出方案
    status_after: Status | None = None
    pending_on: str | None = None
    template_code: str | None = None
    template_version: int | None = None
    cross_newer: bool = False  # the agent was asked, and sends it all the same
    actions: Staged = staging.NOTHING
    filled: str | None = None
    rank: int | None = None
    suggested_code: str | None = None
    suggested_version: int | None = None
    last_reply_id: int | None = None  # the last to the customer that it showed; None: nobody looked
    files: tuple[int, ...] = ()  # staged ones that go along


def reply(number: str, draft: Draft, *, version: int, actor: Actor, now: datetime) -> int:
    """Answer the customer, with a status and what else goes along, all or nothing. Returns the message's id.

    The first one by a person meets the first response, one marked as a solution meets the solution. On a
    channel with a sender it waits 10 s in the outbox; without one it waits until it is marked as copied.
    Raises ``Invalid`` for unresolved placeholders, ``Conflict`` when customer or colleague wrote meanwhile, ``Stale``
    when the ticket moved on under a chosen status or action. A template the actor may not use is left out.
    """
    if draft.actions.offer is not None:
        compensations.take_turn(number, draft.actions.offer, actor)
    ticket = tickets.load(number, actor)
    if not may_reply(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_reply", number=number)
    tickets.check_active(ticket)
    text = _checked(draft.text)
    names = unresolved(text)
    if names:
        raise Invalid("message.unresolved_placeholders", names=list(names))
    if not draft.cross_newer:
        _check_not_crossing(ticket, draft, actor)
    template_id = template_uses.find(draft.template_code, draft.template_version, actor)
    message = Message(
        ticket_id=ticket.id,
        direction="out",
        author_id=actor.id,
        text=text,
        state="queued",
        is_solution=draft.is_solution,
        template_code=draft.template_code if template_id else None,
        template_version=draft.template_version if template_id else None,
        sent_at=now,
        created_at=now,
    )
    session().add(message)
    session().flush()
    attachments.attach(ticket.id, draft.files, message_id=message.id, actor=actor, now=now)
    if template_id and draft.filled is not None:
        template_uses.note_use(template_id, message, draft.filled, draft.rank, actor=actor, now=now)
    suggested = draft.suggested_code, draft.suggested_version
    same = suggested == (draft.template_code, draft.template_version)
    suggested_id = template_id if same else template_uses.find(*suggested, actor)
    if suggested_id and draft.suggested_version is not None:
        template_uses.note_offer(suggested_id, draft.suggested_version, message, now=now)
    met = [Kind.FIRST_RESPONSE, Kind.SOLUTION] if draft.is_solution else [Kind.FIRST_RESPONSE]
    clocks.meet(ticket, met, at=now)
    _change_with_reply(ticket, draft, version, actor, now)
    urgency.settle(ticket)
    ticket.unread = False
    _hand_over(ticket, message, now)
    tickets.remember_reader(ticket, actor.id)
    record(
        "message.sent",
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        message=message.id,
        solution=draft.is_solution,
        template=message.template_code,
    )
    return message.id


def add_note(number: str, text: str, *, files: Sequence[int] = (), actor: Actor, now: datetime) -> int:
    """Write a note, also as a queue that is asked for help; tell whom it mentions. Returns the note's id."""
    ticket = tickets.load(number, actor)
    if not may_note(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_note", number=number)
    colleagues = mentions.checked(ticket, text, actor=actor)
    note = tickets.add_note(ticket, text, actor=actor, now=now)
    mentions.tell(ticket, note, colleagues, actor=actor, now=now)
    attachments.attach(ticket.id, files, note_id=note.id, actor=actor, now=now)
    return note.id


def record_customer_message(
    number: str,
    text: str,
    sent_at: datetime,
    *,
    actor: Actor,
    now: datetime,
    external_id: str = "",
    files: Sequence[int] = (),
) -> str:
    """Enter what the customer said elsewhere, at its own time (UTC). Returns the number of its ticket.

    On a resolved ticket it opens the next cycle within 7 days; later, and on a closed one, it opens a new,
    linked ticket; on a merged one it joins the ticket that took it in. ``external_id`` makes a repeated submit
    harmless; without one the same words at the same second are the same event.
    """
    ticket = tickets.load(number, actor)
    if not (may_reply(actor, tickets.standing(ticket)) or actor.scope(Permission.TICKETS_WORK) is Scope.ALL):
        raise NotAllowed("ticket.may_not_reply", number=number)
    text = _checked(text)
    if sent_at > now + intake.CLOCKS_MAY_DIFFER:
        raise Invalid("ticket.created_in_future")
    if sent_at < ticket.created_at:
        raise Invalid("message.before_ticket")
    source = f"form:{ticket.shop_id}:{ticket.channel_id}"
    event_id = _checked_id(external_id) or f"said:{number}:{sent_at.isoformat()}:{intake.hash_of([text])[:16]}"
    inbound_id = insert_once(
        Inbound, source=source, external_id=event_id, body_hash=intake.hash_of([text]), received_at=now
    )
    if inbound_id is None:
        return _known(source, event_id, text)
    landed = take_in(ticket, text, sent_at, inbound_id, actor=actor, now=now).number
    attachments.attach_heard(ticket.id, files, inbound_id, actor=actor, now=now)
    return landed


def take_in(
    ticket: Ticket, text: str, sent_at: datetime, inbound_id: int, *, actor: Actor, now: datetime
) -> intake.Opened:
    """What the customer said at ``sent_at`` (UTC) in a conversation that belongs to ``ticket``, which is locked.

    It is ``heard`` there, on the ticket that took a merged one in, or on a resolved one in its next cycle; otherwise a
    new, linked ticket is ``created``, or the active one of the same matter urged on (``appended``). ``inbound_id`` is
    the row of the event (``intake.claim``).
    """
    ticket = _merged_into(ticket)
    if _takes(ticket, sent_at):
        taken = intake.Opened(ticket.id, ticket.number, "heard")
        message_id = _hear(ticket, text, sent_at, actor, now)
    else:
        taken, message_id = _follow_up(ticket, text, sent_at, f"message:{inbound_id}", actor, now)
    session().execute(
        update(Inbound).where(Inbound.id == inbound_id).values(ticket_id=taken.ticket_id, message_id=message_id)
    )
    return taken


def mark_copied(number: str, message_id: int, *, actor: Actor, now: datetime) -> None:
    """复制并标记已发: a person carried the reply over, to a channel without a sender or whose sender failed."""
    ticket = tickets.load(number, actor)
    if not may_reply(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_reply", number=number)
    if _move_message(ticket, message_id, "failed", "copied"):
        pass
    elif _sender(ticket) is not None:
        raise Conflict("message.channel_sends_itself")
    elif not _move_message(ticket, message_id, "queued", "copied"):
        raise Conflict("message.not_queued", message=message_id)
    outbox.withdraw(f"message:{message_id}", now=now)  # of a channel that used to have a sender
    record("message.copied", actor=actor, now=now, ticket_id=ticket.id, message=message_id)


def try_again(number: str, message_id: int, *, actor: Actor, now: datetime) -> None:
    """Send a reply once more that its channel did not take, with all its tries, under the same id as before.

    Raises ``Conflict`` where it hasn't failed, or its channel sends nothing any more: then it can be copied.
    """
    ticket = tickets.load(number, actor)
    if not may_reply(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.may_not_reply", number=number)
    if _sender(ticket) is None:
        raise Conflict("message.channel_sends_nothing")
    row = session().scalar(select(Outbox.id).where(Outbox.message_id == message_id, Outbox.ticket_id == ticket.id))
    if row is None or not outbox.retry_dead(row, now=now):
        raise Conflict("message.not_failed")
    record("outbox.resent", actor=actor, now=now, ticket_id=ticket.id, letter=row)


def take_back(number: str, message_id: int, *, actor: Actor, now: datetime) -> None:
    """Take back a reply that has not left yet: what it met is unmet, as if it had never been sent.

    The status that was chosen with it and what else went along go back too, unless the ticket changed since.
    Raises ``Conflict`` after 10 s, once it is sent or copied, and once the ticket was resolved after it: the resolve
    found the promise kept, so what is reported could no longer be told from the ticket's history.
    """
    ticket = tickets.load(number, actor)
    message = (
        session()
        .execute(
            select(Message).where(Message.id == message_id, Message.ticket_id == ticket.id, Message.direction == "out")
        )
        .scalar_one_or_none()
    )
    if message is None:
        raise NotFound("message.not_found", message=message_id)
    if message.author_id != actor.id:
        raise NotAllowed("message.not_yours")
    too_late = Conflict("message.too_late_to_take_back", seconds=TAKE_BACK_SECONDS)
    if now >= message.created_at + timedelta(seconds=TAKE_BACK_SECONDS) or not _withdraw(message, now):
        raise too_late
    if not _move_message(ticket, message_id, "queued", "taken_back"):
        raise too_late
    if _resolved_since(ticket, message):
        raise Conflict("message.resolved_since")
    session().refresh(message)
    answers.unmeet(ticket, message, now=now)
    if not staging.take_back(ticket, message, actor=actor, now=now):
        answers.take_back_status(ticket, message, actor=actor, now=now)
    template_uses.forget_use(message.id)
    record("message.taken_back", actor=actor, now=now, ticket_id=ticket.id, message=message_id)


def _resolved_since(ticket: Ticket, message: Message) -> bool:
    """Whether the ticket was resolved after this reply, or a resolve was undone."""
    moves = session().scalars(
        select(Event.params).where(
            Event.ticket_id == ticket.id, Event.code == "ticket.status", Event.at >= message.created_at
        )
    )
    return any(Status.RESOLVED in (move["from"], move["to"]) for move in moves)


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("message.text_required")
    if len(text) > MAX_TEXT:
        raise Invalid("input.too_long", field="text", limit=MAX_TEXT)
    if "\x00" in text:
        raise Invalid("input.bad_character", field="text")
    return text


def _last_from_customer(ticket: Ticket) -> int:
    last = select(func.max(Message.id)).where(Message.ticket_id == ticket.id, Message.direction == "in")
    return session().scalar(last) or 0


def _check_not_crossing(ticket: Ticket, draft: Draft, actor: Actor) -> None:
    """Whoever writes has seen what the customer said last, and what a colleague has answered him since."""
    if _last_from_customer(ticket) > draft.last_message_id:
        raise Conflict("message.newer_message", number=ticket.number)
    if draft.last_reply_id is None:
        return
    crossed = select(Message.id).where(
        Message.ticket_id == ticket.id,
        Message.direction == "out",
        Message.id > draft.last_reply_id,
        Message.author_id.is_distinct_from(actor.id),
        Message.state != "taken_back",
    )
    if session().scalar(crossed.limit(1)) is not None:
        raise Conflict("message.colleague_replied", number=ticket.number)


def _change_with_reply(ticket: Ticket, draft: Draft, version: int, actor: Actor, now: datetime) -> None:
    """The first answer takes the ticket up; a chosen status is checked against the version it was chosen on."""
    status = draft.status_after
    if status is not None and status not in WORKED_ON:
        raise Invalid("message.status_after", status=status.value)
    taken_up = ticket.owner_id is None and bool(actor.writing_queues)
    wanted = Change(
        status=status or tickets.on_first_action(ticket),
        pending_on=tickets.waits_for(status, draft.pending_on) if status is not None else KEEP,
        owner_id=actor.id if taken_up else KEEP,
        assignee_id=actor.id if taken_up and _in_writing_queue(ticket) else KEEP,
    )
    if draft.actions:
        staging.carry_out(ticket, draft.actions, wanted, version, actor=actor, now=now)
        return
    chosen = status is not None and status != ticket.status
    tickets.change(ticket, wanted, expected=version if chosen else None, actor=actor, now=now)


def _in_writing_queue(ticket: Ticket) -> bool:
    return session().get_one(Queue, ticket.queue_id).writes_to_buyers


def _sender(ticket: Ticket) -> str | None:
    return session().get_one(Channel, ticket.channel_id).sender


def _hand_over(ticket: Ticket, message: Message, now: datetime) -> None:
    """To the outbox, where the channel has a sender; long enough that it can be taken back."""
    if _sender(ticket) is None:
        return
    later = now + timedelta(seconds=TAKE_BACK_SECONDS)
    session().add(
        Outbox(
            key=f"message:{message.id}",
            kind="reply",
            ticket_id=ticket.id,
            message_id=message.id,
            payload={"message": message.id, "channel": ticket.channel_id},
            state="waiting",
            not_before=later,
            next_try_at=later,
            created_at=now,
        )
    )


def _takes(ticket: Ticket, sent_at: datetime) -> bool:
    """Whether a message of this time still belongs to this ticket."""
    if ticket.status != Status.RESOLVED:
        return ticket.status in ACTIVE
    return ticket.resolved_at is not None and sent_at <= ticket.resolved_at + timedelta(seconds=REOPEN_WITHIN_SECONDS)


def _merged_into(ticket: Ticket) -> Ticket:
    """The ticket that lives on, where this one was merged."""
    while ticket.merged_into_id is not None:
        ticket = session().get_one(Ticket, ticket.merged_into_id, with_for_update=True)
    return ticket


def _hear(ticket: Ticket, text: str, sent_at: datetime, actor: Actor, now: datetime) -> int:
    """The message joins the ticket, and opens its next cycle where it was resolved."""
    message = Message(ticket_id=ticket.id, direction="in", text=text, state="received", sent_at=sent_at, created_at=now)
    session().add(message)
    session().flush()
    if ticket.status == Status.RESOLVED:
        resolution.begin_cycle(ticket, started_at=sent_at, actor=actor, now=now)
    intake.hear(ticket, message, actor=actor, now=now)
    record("message.received", actor=actor, now=now, ticket_id=ticket.id, message=message.id)
    return message.id


def _follow_up(
    ticket: Ticket, text: str, sent_at: datetime, event_id: str, actor: Actor, now: datetime
) -> tuple[intake.Opened, int]:
    """A new ticket that names the one it continues, or the active one of its order and type; with the message."""
    opened = intake.open_ticket(
        intake.TicketRequest(
            text=text,
            source=f"form:{ticket.shop_id}:{ticket.channel_id}",
            external_id=event_id,
            shop_id=ticket.shop_id,
            channel_id=ticket.channel_id,
            order_number=intake.order_number_of(ticket),
            created_at=sent_at,
            customer_id=ticket.customer_id,
            follows_id=ticket.id,
        ),
        actor=actor,
        now=now,
    )
    record("ticket.continued", actor=actor, now=now, ticket_id=ticket.id, number=opened.number)
    return opened, _last_from_customer(session().get_one(Ticket, opened.ticket_id))


def _checked_id(external_id: str) -> str:
    """The id that the sender gave the event, or ``Invalid``."""
    if len(external_id) > intake.MAX_EXTERNAL_ID:
        raise Invalid("input.too_long", field="external_id", limit=intake.MAX_EXTERNAL_ID)
    if "\x00" in external_id:
        raise Invalid("input.bad_character", field="external_id")
    return external_id


def _known(source: str, external_id: str, text: str) -> str:
    known = (
        session()
        .execute(
            select(Inbound.body_hash, Ticket.number)
            .join(Ticket, Ticket.id == Inbound.ticket_id)
            .where(Inbound.source == source, Inbound.external_id == external_id)
        )
        .one()
    )
    if known.body_hash != intake.hash_of([text]):
        raise Invalid("inbound.different_body", external_id=external_id, number=known.number)
    return known.number


def _move_message(ticket: Ticket, message_id: int, old: str, new: str) -> bool:
    moved = session().execute(
        update(Message)
        .where(
            Message.id == message_id,
            Message.ticket_id == ticket.id,
            Message.direction == "out",
            Message.state == old,
        )
        .values(state=new)
        .execution_options(synchronize_session=False)
    )
    return moved.rowcount == 1  # type: ignore[attr-defined]


def _withdraw(message: Message, now: datetime) -> bool:
    """Its outbox row, if it has one, has not been claimed yet."""
    row = session().execute(select(Outbox.id).where(Outbox.message_id == message.id)).scalar_one_or_none()
    if row is None:
        return True
    withdrawn = session().execute(
        update(Outbox)
        .where(Outbox.id == row, Outbox.state == "waiting", Outbox.not_before > now)
        .values(state="withdrawn")
        .execution_options(synchronize_session=False)
    )
    return withdrawn.rowcount == 1  # type: ignore[attr-defined]
