"""What waits for somebody to agree, with all that is needed to decide it, and what was decided lately.

Who has to be asked is the rung of the ladder that is ``asked`` at present; a stand-in of somebody absent is asked
in his place. The page reads this as rows (``desk``), the menu as a count (``waiting_on``): a test holds them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, and_, exists, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from helpdesk.domain.access import NO_MONEY, Actor, Permission, Role
from helpdesk.domain.compensation import Approval
from helpdesk.models import (
    Absence,
    Compensation,
    CompensationApproval,
    Membership,
    Note,
    Order,
    Shop,
    Ticket,
    User,
)
from helpdesk.models.duty import absence_at
from helpdesk.models.promised import stands
from helpdesk.queries.keyset import Statement
from helpdesk.queries.ledger import Sum, in_sight
from helpdesk.storage import session

MOST_WAITING = 200
MOST_DECIDED = 20
MOST_HISTORY = 2_000
"""Earlier promises that are read for all customers of a page together."""

IS_WAITING = Compensation.state == literal_column("'proposed'")
"""As in the index of what waits."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """Somebody has agreed for his part."""

    part: str
    name: str
    stands_in_for: str | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the customer has been promised before, on all of his orders and tickets."""

    id: int
    ticket: str
    kind: str
    amount_fen: int
    is_remedy: bool
    state: str
    type: str
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal and what decides over it. Money in fen, instants in UTC.

    ``before``: what stands on the order (on the ticket, where it has none) without this one and without remedies.
    ``passed``: rungs that were passed over, each {rung, why}.
    ``on_me``: the reader is asked; ``instead_of`` names whom he stands in for, if it is that which gives him the right.
    """

    id: int
    version: int
    ticket_id: int
    ticket: str
    subject: str
    klass: str
    type: str
    order: str | None
    shop: str
    paid_fen: int | None
    before: Sum
    policy: str
    kind: str
    amount_fen: int
    is_remedy: bool
    basis: Mapping[str, Any]
    evidence: tuple[str, ...]
    why: str
    proposer_id: int
    proposer: str
    proposed_at: datetime
    ask_until: datetime | None
    approval: Approval
    asked: Approval
    passed: tuple[Mapping[str, str], ...]
    customer_id: int | None
    earlier: tuple[Earlier, ...] = ()
    agreed: tuple[Agreed, ...] = ()
    on_me: bool = False
    instead_of: str | None = None

    @property
    def share(self) -> float | None:
        """Percent of what was paid; None where that isn't known or was nothing."""
        return round(100 * self.amount_fen / self.paid_fen, 1) if self.paid_fen else None


@dataclass(frozen=True, slots=True)
class Decided:
    """A proposal that was answered lately."""

    id: int
    version: int
    ticket: str
    policy: str
    kind: str
    amount_fen: int
    state: str
    why_not: str
    proposer: str
    decider: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """``more``: there is more waiting than is shown."""

    waiting: tuple[Waiting, ...]
    decided: tuple[Decided, ...]
    more: bool

    @property
    def on_me(self) -> tuple[Waiting, ...]:
        return tuple(one for one in self.waiting if one.on_me)

    @property
    def on_others(self) -> tuple[Waiting, ...]:
        return tuple(one for one in self.waiting if not one.on_me)


def desk(actor: Actor, now: datetime) -> Desk:
    """What waits in the actor's sight, first what he is asked, then what has the least time; and the latest decisions.

    His sight is what he is asked, what he may read of money, and what he proposed himself. Five statements.
    """
    asked = waiting_on(actor.id, now).label("on_me")
    seen = or_(asked, in_sight(actor), Compensation.proposed_by_id == actor.id)
    rows = (
        session()
        .execute(
            _columns()
            .add_columns(asked)
            .where(IS_WAITING, seen)
            .order_by(asked.desc(), Compensation.ask_until, Compensation.id)
            .limit(MOST_WAITING + 1)
        )
        .all()
    )
    shown = rows[:MOST_WAITING]
    parts = _parts([row.id for row in shown])
    history = earlier_of({row.customer_id for row in shown if row.customer_id is not None})
    absent = _stands_in_for(actor, now)
    waiting = tuple(_waiting(row, actor, parts, history, absent) for row in shown)
    return Desk(waiting, _decided(actor), len(rows) > MOST_WAITING)


def waiting_on(user_id: int | BindParameter[int], now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether this person is asked, by his role or as a stand-in: of rows of ``Compensation`` joined with ``Ticket``.

    Nobody is asked about what he proposed himself, nor in the place of who proposed it, nor for a second part.
    """
    person, asker, mine = aliased(User), aliased(User), aliased(CompensationApproval)
    away = select(Absence.user_id).where(Absence.stand_in_id == user_id, absence_at(now))  # type: ignore[arg-type]
    taken = (
        exists()
        .where(mine.compensation_id == Compensation.id, or_(mine.part == person.role, mine.user_id == user_id))
        .correlate(person, Compensation)
    )
    member = (
        exists()
        .where(Membership.user_id == person.id, Membership.queue_id == Ticket.queue_id)
        .correlate(person, Ticket)
    )
    answers = or_(
        and_(Compensation.asked == Approval.SUPERVISOR.value, person.role == Role.SUPERVISOR.value, member),
        and_(Compensation.asked == Approval.FINANCE.value, person.role == Role.FINANCE.value),
        and_(
            Compensation.asked == Approval.FINANCE_AND_OPS.value,
            person.role.in_((Role.FINANCE.value, Role.OPS.value)),
            ~taken,
        ),
    )
    asked = exists().where(
        or_(person.id == user_id, person.id.in_(away)),
        person.id != Compensation.proposed_by_id,
        answers,
    )
    able = exists().where(asker.id == user_id, asker.role.not_in(sorted(NO_MONEY))).correlate(None)
    return and_(Compensation.proposed_by_id != user_id, able, asked.correlate(Compensation, Ticket))


def count_waiting_on(
    user_id: int | BindParameter[int], now: datetime | BindParameter[datetime], most: int
) -> ScalarSelect[int]:
    """How many wait for this person, as a column of the menu's statement; nobody counts beyond ``most``."""
    found = (
        select(literal_column("1"))
        .select_from(Compensation)
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .where(IS_WAITING, waiting_on(user_id, now))
        .limit(most)
        .subquery()
    )
    return select(func.count()).select_from(found).scalar_subquery()


def earlier_of(customer_ids: Iterable[int]) -> dict[int, tuple[Earlier, ...]]:
    """By customer: what he has been promised on all of his tickets, the latest first. One statement, or none."""
    ids = sorted(set(customer_ids))
    if not ids:
        return {}
    rows: Iterable[Any] = session().execute(
        select(
            *(Compensation.id, Ticket.customer_id, Ticket.number, Compensation.kind, Compensation.amount_fen),
            *(Compensation.is_remedy, Compensation.state, Ticket.type, Compensation.proposed_at),
        )
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .where(Ticket.customer_id.in_(ids), stands())
        .order_by(Compensation.id.desc())
        .limit(MOST_HISTORY)
    )
    found: dict[int, tuple[Earlier, ...]] = {}
    for id_, customer, *rest in rows:
        found[customer] = (*found.get(customer, ()), Earlier(id_, *rest))
    return found


@dataclass(frozen=True, slots=True)
class Absent:
    """Somebody whom the reader stands in for."""

    id: int
    name: str
    role: str
    queues: frozenset[int] = field(default_factory=frozenset)


def _stands_in_for(actor: Actor, now: datetime) -> tuple[Absent, ...]:
    rows = session().execute(
        select(User.id, User.name, User.role, Membership.queue_id)
        .join(Absence, Absence.user_id == User.id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .where(Absence.stand_in_id == actor.id, absence_at(now))
        .order_by(User.id)
    )
    found: dict[int, Absent] = {}
    for id_, name, role, queue in rows:
        known = found.get(id_, Absent(id_, name, role))
        found[id_] = Absent(id_, name, role, known.queues | ({queue} if queue else set()))
    return tuple(found.values())


def _columns() -> Statement:
    other = aliased(Compensation)
    here = or_(
        other.order_id == Compensation.order_id,
        and_(Compensation.order_id.is_(None), other.ticket_id == Compensation.ticket_id),
    )
    counted = and_(
        here,
        other.id != Compensation.id,
        stands(other),
        other.is_remedy.is_(False),
    )

    def before(figure: ColumnElement[int]) -> ScalarSelect[int]:
        return select(figure).select_from(other).where(counted).correlate(Compensation).scalar_subquery()

    return (
        select(
            *(Compensation.id, Compensation.version, Compensation.ticket_id, Compensation.policy_code),
            *(Compensation.kind, Compensation.amount_fen, Compensation.is_remedy, Compensation.basis),
            *(Compensation.evidence, Compensation.proposed_by_id, Compensation.proposed_at, Compensation.ask_until),
            *(Compensation.approval, Compensation.asked, Compensation.passed),
            Ticket.number.label("ticket"),
            *(Ticket.subject, Ticket.klass, Ticket.type, Ticket.customer_id, Ticket.queue_id),
            Order.number.label("order_number"),
            Order.paid_fen,
            Shop.name.label("shop"),
            Note.text.label("why"),
            User.name.label("proposer"),
            before(func.count()).label("before_count"),
            before(func.coalesce(func.sum(other.amount_fen), 0)).label("before_fen"),
        )
        .select_from(Compensation)
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .join(Shop, Shop.id == Ticket.shop_id)
        .join(User, User.id == Compensation.proposed_by_id)
        .outerjoin(Order, Order.id == Compensation.order_id)
        .outerjoin(Note, Note.id == Compensation.note_id)
    )


def _parts(ids: Sequence[int]) -> dict[int, tuple[Agreed, ...]]:
    if not ids:
        return {}
    absent = aliased(User)
    rows = session().execute(
        select(CompensationApproval.compensation_id, CompensationApproval.part, User.name, absent.name)
        .join(User, User.id == CompensationApproval.user_id)
        .outerjoin(absent, absent.id == CompensationApproval.stands_in_for_id)
        .where(CompensationApproval.compensation_id.in_(ids))
        .order_by(CompensationApproval.id)
    )
    found: dict[int, tuple[Agreed, ...]] = {}
    for id_, *rest in rows:
        found[id_] = (*found.get(id_, ()), Agreed(*rest))
    return found


def _waiting(
    row: Any,
    actor: Actor,
    parts: Mapping[int, tuple[Agreed, ...]],
    history: Mapping[int, tuple[Earlier, ...]],
    absent: Sequence[Absent],
) -> Waiting:
    agreed = parts.get(row.id, ())
    earlier = tuple(one for one in history.get(row.customer_id, ()) if one.id != row.id)
    return Waiting(
        id=row.id,
        version=row.version,
        ticket_id=row.ticket_id,
        ticket=row.ticket,
        subject=row.subject,
        klass=row.klass,
        type=row.type,
        order=row.order_number,
        shop=row.shop,
        paid_fen=row.paid_fen,
        before=Sum(row.before_count, row.before_fen),
        policy=row.policy_code,
        kind=row.kind,
        amount_fen=row.amount_fen,
        is_remedy=row.is_remedy,
        basis=row.basis,
        evidence=tuple(row.evidence),
        why=row.why or "",
        proposer_id=row.proposed_by_id,
        proposer=row.proposer,
        proposed_at=row.proposed_at,
        ask_until=row.ask_until,
        approval=Approval(row.approval),
        asked=Approval(row.asked),
        passed=tuple(row.passed),
        customer_id=row.customer_id,
        earlier=earlier,
        agreed=agreed,
        on_me=bool(row.on_me),
        instead_of=_instead_of(row, actor, agreed, absent) if row.on_me else None,
    )


def _instead_of(row: Any, actor: Actor, agreed: Sequence[Agreed], absent: Sequence[Absent]) -> str | None:
    """Whom the reader answers for; None where he is asked himself."""
    done = {one.part for one in agreed}

    def answers(role: str, queues: frozenset[int]) -> bool:
        match Approval(row.asked):
            case Approval.SUPERVISOR:
                return role == Role.SUPERVISOR and row.queue_id in queues
            case Approval.FINANCE:
                return role == Role.FINANCE
            case _:
                return role in (Role.FINANCE, Role.OPS) and role not in done

    if answers(actor.role.value, actor.queues):
        return None
    return next(
        (one.name for one in absent if one.id != row.proposed_by_id and answers(one.role, one.queues)),
        None,
    )


def _decided(actor: Actor) -> tuple[Decided, ...]:
    """The latest decisions in sight: of tickets whose money he reads, on what he proposed, and his own."""
    decider, reason = aliased(User), aliased(Note)
    sight = in_sight(actor) if actor.may(Permission.MONEY_READ) else Compensation.decided_by_id == actor.id
    rows = session().execute(
        select(
            *(Compensation.id, Compensation.version, Ticket.number.label("ticket"), Compensation.policy_code),
            *(Compensation.kind, Compensation.amount_fen, Compensation.state, Compensation.decided_at),
            User.name.label("proposer"),
            decider.name.label("decider"),
            reason.text.label("why_not"),
        )
        .select_from(Compensation)
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .join(User, User.id == Compensation.proposed_by_id)
        .outerjoin(decider, decider.id == Compensation.decided_by_id)
        .outerjoin(reason, reason.id == Compensation.reason_note_id)
        .where(
            Compensation.decided_at.is_not(None),
            Compensation.approval != Approval.NONE.value,
            Compensation.state != "withdrawn",
            Compensation.reverses_id.is_(None),
            or_(sight, Compensation.proposed_by_id == actor.id),
        )
        .order_by(Compensation.decided_at.desc())
        .limit(MOST_DECIDED)
    )
    return tuple(
        Decided(
            id=row.id,
            version=row.version,
            ticket=row.ticket,
            policy=row.policy_code,
            kind=row.kind,
            amount_fen=row.amount_fen,
            state=row.state,
            why_not=row.why_not or "",
            proposer=row.proposer,
            decider=row.decider,
            decided_at=row.decided_at,
        )
        for row in rows
    )
