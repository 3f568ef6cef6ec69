"""A queue disputes its party's share of a ticket; a supervisor upholds it with other shares, or turns it down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from helpdesk.domain.access import Actor, Permission, Role, may
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.responsibility import Judge, check_appeal, check_judge, check_upheld
from helpdesk.domain.tickets import Party, Status
from helpdesk.models import Appeal, Responsibility, Ticket, User
from helpdesk.models.appeals import another_judge, decided_percent
from helpdesk.models.scope import readable
from helpdesk.services import outbox, responsibility, tickets
from helpdesk.services.events import record
from helpdesk.storage import session

MAX_REASON = 500


def appeal(number: str, party: Party, reason: str, *, revision: int, actor: Actor, now: datetime) -> int:
    """Dispute the share of a party whose queue the actor is a member of; returns the appeal's id.

    Possible for 48 h (wall clock) from when the shares were said, once at a time; what was decided isn't disputed
    again unless more is charged. Members of the blamed queue may do it on tickets that they can't open: what is
    needed stands in their list. ``Stale`` if other shares were said since ``revision``.
    """
    actor.require(Permission.SHARES_APPEAL)
    queue = responsibility.blamed_queue(party)
    ticket = _blamed_ticket(number)
    if ticket is None or queue is None or queue.id not in actor.queues:
        raise NotFound("ticket.not_found", number=number)
    share = _share(ticket, party)
    if share is None or ticket.status == Status.MERGED:
        _missing(number, ticket, actor)
        raise Conflict("appeal.no_share")
    if revision != responsibility.revision_of(ticket.id):
        raise Stale("shares.stale", number=number)
    check_appeal(
        percent=share.percent,
        settled_at=share.settled_at,
        open_already=any(row.party == party for row in responsibility.open_appeals(ticket.id)),
        decided_percent=session().scalar(select(decided_percent(ticket.id, party.value))),
        now=now,
    )
    note = tickets.add_note(ticket, _reason(reason), actor=actor, now=now)
    row = Appeal(
        ticket_id=ticket.id,
        party=party.value,
        percent=share.percent,
        queue_id=queue.id,
        note_id=note.id,
        appealed_by_id=actor.id,
        appealed_at=now,
        state="open",
    )
    session().add(row)
    session().flush()
    _record("appeal.filed", row, actor, now, note_id=note.id)
    judges = ["supervisor", "role:ops"] if _supervisors_are_partial(row, ticket) else ["supervisor"]
    _tell(row, "appeal.filed", judges, {"share": row.percent}, actor, now)
    return row.id


def uphold(id: int, shares: Mapping[Party, int], reason: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The queue is right: these are the shares, with less for its party. Whoever is charged more may appeal in turn."""
    row, ticket = _load_to_decide(id, actor, uphold=True)
    _check(row, version)
    check_upheld(Party(row.party), row.percent, shares)
    note = tickets.add_note(ticket, _reason(reason), actor=actor, now=now)
    _decide(row, "upheld", shares.get(Party(row.party), 0), note.id, actor, now)
    responsibility.say(ticket, shares, actor=actor, now=now, note_id=note.id)


def reject(id: int, reason: str, *, version: int, actor: Actor, now: datetime) -> None:
    """The shares stand, for a reason that the queue reads."""
    row, ticket = _load_to_decide(id, actor, uphold=False)
    _check(row, version)
    note = tickets.add_note(ticket, _reason(reason), actor=actor, now=now)
    _decide(row, "rejected", row.percent, note.id, actor, now)


def withdraw(id: int, *, version: int, actor: Actor, now: datetime) -> None:
    """Who appealed takes it back while nobody has decided."""
    row, _ticket = _load(id)
    if row.appealed_by_id != actor.id:
        if row.queue_id in actor.queues:
            raise NotAllowed("appeal.not_yours")
        raise NotFound("appeal.not_found", appeal=id)
    actor.require(Permission.SHARES_APPEAL)
    _check(row, version)
    row.state, row.decided_by_id, row.decided_at = "withdrawn", actor.id, now
    row.version += 1
    session().flush()
    _record("appeal.withdrawn", row, actor, now)


def _load(id: int) -> tuple[Appeal, Ticket]:
    """The appeal and its ticket, locked; the ticket first, as everywhere."""
    of = select(Appeal.ticket_id).where(Appeal.id == id).scalar_subquery()
    ticket = session().execute(select(Ticket).where(Ticket.id == of).with_for_update(of=Ticket)).scalar_one_or_none()
    if ticket is None:
        raise NotFound("appeal.not_found", appeal=id)
    return session().get_one(Appeal, id, with_for_update=True, populate_existing=True), ticket


def _load_to_decide(id: int, actor: Actor, *, uphold: bool) -> tuple[Appeal, Ticket]:
    row, ticket = _load(id)
    reaches = may(actor, Permission.SHARES_DECIDE, tickets.standing(ticket))
    if not reaches and row.queue_id not in actor.queues:
        raise NotFound("appeal.not_found", appeal=id)
    judge = Judge(
        reaches=reaches,
        appealed=row.appealed_by_id == actor.id,
        said_the_shares=responsibility.said_by(ticket.id) == actor.id,
        in_queue=row.queue_id in actor.queues,
        alone=not _has_another_judge(row, actor),
    )
    check_judge(judge, uphold=uphold)
    return row, ticket


def _check(row: Appeal, version: int) -> None:
    if row.version != version:
        raise Stale("appeal.stale", appeal=row.id)
    if row.state != "open":
        raise Stale("appeal.decided", state=row.state)


def _decide(row: Appeal, state: str, percent: int, note_id: int, actor: Actor, now: datetime) -> None:
    row.state, row.decided_by_id, row.decided_at, row.decision_note_id = state, actor.id, now, note_id
    row.decided_percent = percent
    row.version += 1
    session().flush()
    _record(f"appeal.{state}", row, actor, now, note_id=note_id)
    told = [f"user:{row.appealed_by_id}", f"queue:{row.queue_id}", "owner"]
    _tell(row, "appeal.decided", told, {"appeal_state": state}, actor, now)


def _record(code: str, row: Appeal, actor: Actor, now: datetime, *, note_id: int | None = None) -> None:
    record(
        code,
        actor=actor,
        now=now,
        ticket_id=row.ticket_id,
        reason_note_id=note_id,
        appeal=row.id,
        party=row.party,
        share=row.percent,
    )


def _tell(row: Appeal, code: str, notify: list[str], facts: dict[str, Any], actor: Actor, now: datetime) -> None:
    outbox.put(
        "notice",
        f"appeal:{row.id}:{code.partition('.')[2]}",
        ticket_id=row.ticket_id,
        payload={"code": code, "params": {"party": row.party, **facts}, "notify": notify, "actor": actor.id},
        now=now,
    )


def _blamed_ticket(number: str) -> Ticket | None:
    """Locked, whether the actor may open it or not: being blamed is what gives him the right."""
    return (
        session().execute(select(Ticket).where(Ticket.number == number).with_for_update(of=Ticket)).scalar_one_or_none()
    )


def _share(ticket: Ticket, party: Party) -> Responsibility | None:
    wanted = select(Responsibility).where(Responsibility.ticket_id == ticket.id, Responsibility.party == party.value)
    return session().execute(wanted).scalar_one_or_none()


def _missing(number: str, ticket: Ticket, actor: Actor) -> None:
    """Nobody learns of a ticket that he can't open, and that doesn't blame his queue, that it is there."""
    if not session().scalar(select(exists().where(Ticket.id == ticket.id, readable(actor)))):
        raise NotFound("ticket.not_found", number=number)


def _has_another_judge(row: Appeal, actor: Actor) -> bool:
    asked = select(another_judge(actor.id)).select_from(Appeal).join(Ticket, Ticket.id == Appeal.ticket_id)
    return bool(session().scalar(asked.where(Appeal.id == row.id)))


def _supervisors_are_partial(row: Appeal, ticket: Ticket) -> bool:
    """Theirs is the queue that appeals, or one of them said the shares: then ops hear of it, too."""
    said = select(User.role).where(User.id == responsibility.said_by(ticket.id))
    return row.queue_id == ticket.queue_id or session().scalar(said) == Role.SUPERVISOR.value


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("appeal.reason_required")
    if len(text) > MAX_REASON:
        raise Invalid("input.too_long", field="reason", limit=MAX_REASON)
    return text
