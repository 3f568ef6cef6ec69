"""Appeals that wait, those that one's queues may still file, and what became of the last ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.responsibility import APPEAL_WITHIN, SAID
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Party, Status
from helpdesk.models import Appeal, Event, Note, Queue, Responsibility, Ticket, TicketEvidence, User
from helpdesk.models.appeals import another_judge, decided_percent
from helpdesk.models.scope import readable
from helpdesk.queries.keyset import Statement
from helpdesk.storage import session

V = TypeVar("V")

MOST = 50
MOST_DECIDED = 20


@dataclass(frozen=True, slots=True)
class Case:
    """A share that may be, is or was disputed. ``until``: the last instant to appeal (only where nobody has yet).

    ``openable``: the reader may open the ticket. ``shares`` are the ticket's as they stand, ``evidence`` its ticks.
    ``alone``: nobody but the reader could decide it either way.
    """

    ticket: str
    subject: str
    type: str
    klass: str
    party: Party
    percent: int
    shares: tuple[tuple[Party, int], ...]
    evidence: Mapping[str, bool]
    openable: bool
    revision: int = 0
    until: datetime | None = None
    id: int = 0
    version: int = 0
    state: str = ""
    queue_id: int = 0
    by_id: int = 0
    by: str = ""
    said_by_id: int | None = None
    at: datetime | None = None
    why: str = ""
    alone: bool = False
    decider: str | None = None
    decided_at: datetime | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class AppealDesk:
    """``to_decide`` reaches the reader's right to decide, ``filed`` are other open ones of his queues."""

    to_decide: tuple[Case, ...]
    filed: tuple[Case, ...]
    disputable: tuple[Case, ...]
    decided: tuple[Case, ...]
    more: bool


def appeal_desk(actor: Actor, book: RuleBook, now: datetime) -> AppealDesk:
    """What the reader has to do with, the oldest appeal and the nearest end first. Six statements."""
    waiting = _appeals(actor, Appeal.state == "open").order_by(Appeal.appealed_at, Appeal.id).limit(MOST + 1)
    ended = _appeals(actor, Appeal.state.in_(("upheld", "rejected"))).order_by(
        Appeal.decided_at.desc(), Appeal.id.desc()
    )
    waits = session().execute(waiting).all()
    over = session().execute(ended.limit(MOST_DECIDED)).all()
    open_to = session().execute(_disputable(actor, book, now)).all()
    known = _Known.of({row.ticket_id for row in (*waits, *over, *open_to)})
    cases = [known.case(row) for row in waits[:MOST]]
    mine = {row.id for row in waits if row.reaches}
    return AppealDesk(
        to_decide=tuple(one for one in cases if one.id in mine),
        filed=tuple(one for one in cases if one.id not in mine),
        disputable=tuple(known.share(row) for row in open_to),
        decided=tuple(known.case(row) for row in over),
        more=len(waits) > MOST,
    )


def reach(actor: Actor) -> ColumnElement[bool]:
    """Appeals on tickets that the actor's right to decide reaches."""
    match actor.scope(Permission.SHARES_DECIDE):
        case Scope.ALL:
            return true()
        case Scope.OWN:
            return or_(Ticket.queue_id.in_(sorted(actor.queues)), Ticket.owner_id == actor.id)
        case _:
            return false()


def _appeals(actor: Actor, state: ColumnElement[bool]) -> Statement:
    decider, answer = aliased(User), aliased(Note)
    reaches, of_his = reach(actor), Appeal.queue_id.in_(sorted(actor.queues))
    return (
        select(
            *(Appeal.id, Appeal.version, Appeal.ticket_id, Appeal.party, Appeal.percent, Appeal.state),
            *(Appeal.queue_id, Appeal.appealed_by_id, Appeal.appealed_at, Appeal.decided_at),
            *(Ticket.number, Ticket.subject, Ticket.type, Ticket.klass),
            reaches.label("reaches"),
            readable(actor).label("openable"),
            another_judge(actor.id).label("another"),
            User.name.label("by"),
            Note.text.label("why"),
            decider.name.label("decider"),
            answer.text.label("answer"),
        )
        .join(Ticket, Ticket.id == Appeal.ticket_id)
        .join(User, User.id == Appeal.appealed_by_id)
        .join(Note, Note.id == Appeal.note_id)
        .outerjoin(decider, decider.id == Appeal.decided_by_id)
        .outerjoin(answer, answer.id == Appeal.decision_note_id)
        .where(state, or_(reaches, of_his))
    )


def _disputable(actor: Actor, book: RuleBook, now: datetime) -> Statement:
    """Shares of the reader's queues that can be appealed against now (``domain.responsibility.check_appeal``)."""
    queues = select(Queue.code).where(Queue.id.in_(sorted(actor.queues)), Queue.active)
    codes = set(session().scalars(queues)) if actor.queues and actor.may(Permission.SHARES_APPEAL) else set()
    parties = [party.value for party, code in book.responsibility.queues.items() if code in codes]
    waiting = exists().where(
        Appeal.ticket_id == Responsibility.ticket_id,
        Appeal.party == Responsibility.party,
        Appeal.state == "open",
    )
    last = decided_percent(Responsibility.ticket_id.expression, Responsibility.party.expression)
    return (
        select(
            *(Responsibility.ticket_id, Responsibility.party, Responsibility.percent, Responsibility.settled_at),
            *(Ticket.number, Ticket.subject, Ticket.type, Ticket.klass),
            readable(actor).label("openable"),
        )
        .join(Ticket, Ticket.id == Responsibility.ticket_id)
        .where(
            Responsibility.party.in_(parties),
            Responsibility.settled_at >= now - APPEAL_WITHIN,
            Ticket.status != Status.MERGED.value,
            ~waiting,
            func.coalesce(last, 0) < Responsibility.percent,
        )
        .order_by(Responsibility.settled_at, Responsibility.id)
        .limit(MOST)
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """Shares, ticks and last sayings of some tickets."""

    shares: Mapping[int, tuple[tuple[Party, int], ...]]
    evidence: Mapping[int, Mapping[str, bool]]
    said: Mapping[int, tuple[int, int | None]]

    @staticmethod
    def of(tickets: Collection[int]) -> _Known:
        shares = session().execute(
            select(Responsibility.ticket_id, Responsibility.party, Responsibility.percent)
            .where(Responsibility.ticket_id.in_(tickets))
            .order_by(Responsibility.percent.desc(), Responsibility.party)
        )
        ticks = session().execute(
            select(TicketEvidence.ticket_id, TicketEvidence.code, TicketEvidence.present).where(
                TicketEvidence.ticket_id.in_(tickets)
            )
        )
        latest = (
            select(func.max(Event.id))
            .where(Event.ticket_id.in_(tickets), Event.code.in_(SAID))
            .group_by(Event.ticket_id)
        )
        said = session().execute(select(Event.ticket_id, Event.id, Event.actor_id).where(Event.id.in_(latest)))
        return _Known(
            _grouped((ticket, (Party(party), percent)) for ticket, party, percent in shares),
            {ticket: dict(found) for ticket, found in _grouped((t, (c, bool(p))) for t, c, p in ticks).items()},
            {row.ticket_id or 0: (row.id, row.actor_id) for row in said},
        )

    def case(self, row: Any) -> Case:
        """An appeal's."""
        return self._case(
            row,
            id=row.id,
            version=row.version,
            state=row.state,
            queue_id=row.queue_id,
            by_id=row.appealed_by_id,
            by=row.by,
            at=row.appealed_at,
            why=row.why,
            alone=not row.another,
            decider=row.decider,
            decided_at=row.decided_at,
            answer=row.answer or "",
        )

    def share(self, row: Any) -> Case:
        """That of a share which nobody has disputed."""
        return self._case(row, until=row.settled_at + APPEAL_WITHIN)

    def _case(self, row: Any, **more: Any) -> Case:
        revision, said_by = self.said.get(row.ticket_id, (0, None))
        return Case(
            ticket=row.number,
            subject=row.subject,
            type=row.type,
            klass=row.klass,
            party=Party(row.party),
            percent=row.percent,
            shares=self.shares.get(row.ticket_id, ()),
            evidence=self.evidence.get(row.ticket_id, {}),
            openable=bool(row.openable),
            revision=revision,
            said_by_id=said_by,
            **more,
        )


def _grouped(pairs: Iterable[tuple[int, V]]) -> dict[int, tuple[V, ...]]:
    found: dict[int, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}
