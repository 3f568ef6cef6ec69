"""责任归属: evidence is ticked, shares are said, and those who are blamed hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from helpdesk.domain.access import Actor, may_note
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, Stale
from helpdesk.domain.responsibility import SAID
from helpdesk.domain.tickets import Party, Status, check_responsibility
from helpdesk.models import Appeal, Event, Queue, Responsibility, Ticket, TicketEvidence
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import outbox, tickets
from helpdesk.services.events import record
from helpdesk.storage import session

OVER = frozenset({Status.CLOSED, Status.MERGED})


def mark_evidence(
    number: str,
    marks: Mapping[str, bool | None],
    *,
    seen: Mapping[str, bool | None],
    actor: Actor,
    now: datetime,
) -> int:
    """Tick pieces of the type's list: True seen, False missing, None not said. Returns how many changed.

    ``seen`` is how they stood when the form was made; ``Stale`` if one that changes was ticked by somebody else
    since, ``Invalid`` for a piece that the type doesn't ask for, ``Conflict`` once the ticket is closed. Whoever may
    write notes may tick: members of an assist's queue have the records that are asked for.
    """
    ticket = tickets.load(number, actor)
    if not may_note(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.not_yours", number=number)
    _check_not_over(ticket)
    asked = published_rulebook().responsibility.asked_of(ticket.type).codes
    rows = {row.code: row for row in session().scalars(_evidence_of(ticket.id))}
    changed = {code: mark for code, mark in marks.items() if mark is not seen.get(code)}
    for code in changed:
        if code not in asked:
            raise Invalid("shares.unknown_evidence", evidence=code[:40])
        stands = rows[code].present if code in rows else None
        if stands is not seen.get(code):
            raise Stale("shares.evidence_stale", evidence=code)
    for code, mark in changed.items():
        _tick(ticket, rows.get(code), code, mark, actor, now)
    if changed:
        session().flush()
        record("ticket.evidence", actor=actor, now=now, ticket_id=ticket.id, **_told(changed))
    return len(changed)


def set_shares(
    number: str,
    shares: Mapping[Party, int],
    *,
    revision: int,
    version: int | None = None,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Say who is responsible, in percent that add up to 100, on a ticket that is active or resolved.

    ``revision`` is what ``revision_of`` gave when the form was made (0: nothing was said), ``version`` the ticket's;
    ``Stale`` if either moved on. ``Conflict`` once the ticket is closed, and while an appeal is open: then only its
    decision changes the shares. ``undetermined`` is allowed, alone.
    """
    ticket = tickets.load_to_work(number, actor)
    tickets.check_version(ticket, version)
    _check_not_over(ticket)
    check_responsibility(shares)
    if revision != revision_of(ticket.id):
        raise Stale("shares.stale", number=number)
    if open_appeals(ticket.id):
        raise Conflict("shares.appeal_open")
    note = tickets.add_note(ticket, reason, actor=actor, now=now) if reason.strip() else None
    say(ticket, shares, actor=actor, now=now, note_id=note.id if note else None)


def say(
    ticket: Ticket,
    shares: Mapping[Party, int],
    *,
    actor: Actor,
    now: datetime,
    note_id: int | None = None,
    settled: Mapping[Party, datetime | None] | None = None,
) -> None:
    """Write the shares of a locked ticket: the only writer of its rows. An empty mapping takes back what was said.

    ``settled`` brings earlier times back (an undo); else an appeal is open from ``now``. Open appeals against a
    share that changes lapse; queues that are blamed hear of it, unless one of their own said so.
    """
    if shares:
        check_responsibility(shares)
    before = said(ticket.id)
    if not shares and not before:
        return
    session().execute(delete(Responsibility).where(Responsibility.ticket_id == ticket.id))
    for party, percent in shares.items():
        at = now if settled is None else settled.get(party)
        session().add(Responsibility(ticket_id=ticket.id, party=party.value, percent=percent, settled_at=at))
    session().flush()
    facts: dict[str, Any] = {"shares": {party.value: percent for party, percent in shares.items()}} if shares else {}
    code = SAID[0] if shares else SAID[1]
    record(code, actor=actor, now=now, ticket_id=ticket.id, reason_note_id=note_id, **facts)
    gone = [row for row in open_appeals(ticket.id) if shares.get(Party(row.party)) != row.percent]
    lapse(ticket, gone, actor=actor, now=now)
    if settled is None:
        _tell_blamed(ticket, before, shares, actor, now)


def said(ticket_id: int) -> dict[Party, int]:
    """Who is responsible, in percent; empty while nobody has said."""
    rows = session().execute(
        select(Responsibility.party, Responsibility.percent)
        .where(Responsibility.ticket_id == ticket_id)
        .order_by(Responsibility.id)
    )
    return {Party(party): percent for party, percent in rows}


def settled_times(ticket_id: int) -> dict[Party, datetime | None]:
    """When each share was said (UTC); None for those that were before anybody kept it."""
    rows = session().execute(
        select(Responsibility.party, Responsibility.settled_at).where(Responsibility.ticket_id == ticket_id)
    )
    return {Party(party): at for party, at in rows}


def revision_of(ticket_id: int) -> int:
    """What a form about the ticket's shares is made on; it grows whenever they are said or taken back."""
    latest = select(func.max(Event.id)).where(Event.ticket_id == ticket_id, Event.code.in_(SAID))
    return session().scalar(latest) or 0


def said_by(ticket_id: int) -> int | None:
    """Who said the shares last."""
    latest = (
        select(Event.actor_id)
        .where(Event.ticket_id == ticket_id, Event.code.in_(SAID))
        .order_by(Event.id.desc())
        .limit(1)
    )
    return session().scalar(latest)


def blamed_queue(party: Party) -> Queue | None:
    """The queue that is blamed with this party and may appeal; None for a party outside the house."""
    code = published_rulebook().responsibility.queues.get(party)
    return session().execute(select(Queue).where(Queue.code == code, Queue.active)).scalar_one_or_none()


def open_appeals(ticket_id: int) -> list[Appeal]:
    """Appeals of the ticket that wait for a decision."""
    return list(session().scalars(select(Appeal).where(Appeal.ticket_id == ticket_id, Appeal.state == "open")))


def lapse(ticket: Ticket, appeals: list[Appeal], *, actor: Actor, now: datetime) -> None:
    """What they dispute doesn't stand any more, so that there is nothing left to decide."""
    for row in appeals:
        row.state, row.decided_by_id, row.decided_at = "withdrawn", actor.id, now
        row.version += 1
        record("appeal.lapsed", actor=actor, now=now, ticket_id=ticket.id, appeal=row.id, party=row.party)
    session().flush()


def _tell_blamed(
    ticket: Ticket, before: Mapping[Party, int], shares: Mapping[Party, int], actor: Actor, now: datetime
) -> None:
    for party, percent in shares.items():
        queue = blamed_queue(party) if percent > before.get(party, 0) else None
        if queue is None or queue.id in actor.queues:
            continue
        outbox.put(
            "notice",
            f"shares:{revision_of(ticket.id)}:{party.value}",
            ticket_id=ticket.id,
            payload={
                "code": "shares.blamed",
                "params": {"party": party.value, "share": percent},
                "notify": [f"queue:{queue.id}"],
                "actor": actor.id,
            },
            now=now,
        )


def _check_not_over(ticket: Ticket) -> None:
    if ticket.status in OVER:
        raise Conflict("ticket.not_active", number=ticket.number, status=ticket.status)


def _evidence_of(ticket_id: int) -> Any:
    return select(TicketEvidence).where(TicketEvidence.ticket_id == ticket_id)


def _tick(
    ticket: Ticket, row: TicketEvidence | None, code: str, mark: bool | None, actor: Actor, now: datetime
) -> None:
    if mark is None:
        if row is not None:
            session().delete(row)
    elif row is None:
        session().add(TicketEvidence(ticket_id=ticket.id, code=code, present=mark, said_by_id=actor.id, said_at=now))
    else:
        row.present, row.said_by_id, row.said_at = mark, actor.id, now


def _told(changed: Mapping[str, bool | None]) -> dict[str, Any]:
    """The pieces by what was said of them."""
    named = {"present": True, "absent": False, "unsaid": None}
    parts = {name: [code for code, given in changed.items() if given is mark] for name, mark in named.items()}
    return {"evidence": sorted(changed), **{name: codes for name, codes in parts.items() if codes}}
