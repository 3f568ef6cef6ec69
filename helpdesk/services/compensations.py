"""Money proposed for a customer: within one's own limit it holds at once, beyond it somebody is asked.

A proposal reserves its amount from the moment it is made: every sum counts it until it is rejected, withdrawn or
reversed. Proposals that count against the same limit are made one after the other (``take_turn``), so that two at
once never share the same room.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select

from helpdesk.domain import compensation
from helpdesk.domain.access import Actor, Permission, Role, may
from helpdesk.domain.calendars import earliest_reach
from helpdesk.domain.compensation import Approval, MoneyFacts, Option
from helpdesk.domain.ladder import reachable
from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.shifts import midnight
from helpdesk.domain.tickets import Status, TicketClass
from helpdesk.models import Compensation, Customer, Membership, Order, Queue, Shop, Ticket, User
from helpdesk.models.calendars import load_calendar
from helpdesk.models.promised import PAYOUTS, customer_window, money_columns, money_facts
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import outbox, tickets
from helpdesk.services.clock_rows import calendar_of
from helpdesk.services.events import record
from helpdesk.services.tickets import Change
from helpdesk.storage import insert_once, session

MAX_KEY = 100
MAX_WHY = 500
MOST_FEN = 10_000_000
"""100,000 yuan: beyond that somebody slipped on the keys."""

EMPTY, LATE = "empty", "late"
"""Why a rung was passed over: nobody there could answer, or nobody did in time."""

MOST_ASKED = 20
"""People of a role who are told one by one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is offered. ``key`` names this press of the button: the same one again is the same proposal.

    ``evidence`` holds the codes of what the proposer has seen; all that the policy names is needed. ``wait`` puts
    the ticket into 待审批: nothing else is left to do on it.
    """

    policy_code: str
    amount_fen: int
    key: str
    evidence: tuple[str, ...] = ()
    why: str = ""
    wait: bool = False


def propose(number: str, proposal: Proposal, *, version: int | None, actor: Actor, now: datetime) -> int:
    """Propose money on a ticket, as seen at ``version``; returns the proposal's id.

    Raises ``Invalid`` for an amount that the policy doesn't give or missing evidence, ``NotAllowed`` for who may not
    promise money here, ``Conflict`` where the platform lets no more through, ``Stale`` if the ticket moved on.
    """
    take_turn(number, proposal, actor)
    ticket = tickets.load(number, actor)
    known = _known(proposal, ticket, actor)
    if known is not None:
        return known
    tickets.check_version(ticket, version)
    id = propose_loaded(ticket, proposal, actor=actor, now=now)
    waits = proposal.wait and session().get_one(Compensation, id).state == "proposed"
    status = Status.PENDING_APPROVAL if waits else tickets.on_first_action(ticket)
    if status not in {tickets.KEEP, ticket.status}:
        wanted = Change(status=Status(str(status)), pending_on=None)
        tickets.change(ticket, wanted, expected=None, actor=actor, now=now)
    return id


def propose_loaded(ticket: Ticket, proposal: Proposal, *, actor: Actor, now: datetime) -> int:
    """``propose`` inside another use case that has the ticket locked, and took its turn before.

    It leaves the ticket's status alone.
    """
    known = _known(proposal, ticket, actor)
    if known is not None:
        return known
    if not may(actor, Permission.MONEY_PROPOSE, tickets.standing(ticket)):
        raise NotAllowed("compensation.no_right", role=actor.role.value)
    tickets.check_active(ticket)
    book = published_rulebook()
    facts = facts_of(ticket, actor.id, book, now)
    option = _option(book, ticket, proposal, facts, actor.role)
    rung = compensation.approval_of(book, ticket.type, option, proposal.amount_fen, facts, actor.role)
    asked, passed = reachable(rung, empty_rungs(ticket, rung, actor.id))
    note = tickets.add_note(ticket, proposal.why, actor=actor, now=now) if proposal.why.strip() else None
    id = insert_once(
        Compensation,
        key=proposal.key,
        ticket_id=ticket.id,
        order_id=ticket.order_id,
        policy_code=option.policy_code,
        rule_version=book.version,
        kind=option.kind,
        amount_fen=proposal.amount_fen,
        is_remedy=option.is_remedy,
        state="approved" if rung is Approval.NONE else "proposed",
        approval=rung.value,
        asked=asked.value,
        ask_until=ask_until(ticket, asked, book, now),
        passed=[{"rung": one.value, "why": EMPTY} for one in passed],
        basis=_basis(option),
        evidence=list(dict.fromkeys(proposal.evidence)),
        note_id=note.id if note else None,
        proposed_by_id=actor.id,
        proposed_at=now,
        decided_by_id=actor.id if rung is Approval.NONE else None,
        decided_at=now if rung is Approval.NONE else None,
        version=1,
    )
    if id is None:
        raise Invalid("compensation.key_used")
    record(
        "compensation.proposed",
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        reason_note_id=note.id if note else None,
        compensation=id,
        policy=option.policy_code,
        amount_fen=proposal.amount_fen,
        approval=rung.value,
    )
    for one in passed:
        record_passed(id, ticket, one, proposal.amount_fen, actor=actor, now=now)
    if asked is not Approval.NONE:
        ask(id, ticket, asked, proposal.amount_fen, actor=actor, now=now)
    return id


def facts_of(ticket: Ticket, user_id: int, book: RuleBook, now: datetime) -> MoneyFacts:
    """What is known of the ticket's money, with the day of this person and of the shop (in the shop's zone)."""
    shop = session().get_one(Shop, ticket.shop_id)
    zone = ZoneInfo(shop.timezone)
    since = midnight(now.astimezone(zone).date(), zone)
    sums = session().execute(
        select(*money_columns(user_id, since, customer_window(book, now)))
        .select_from(Ticket)
        .where(Ticket.id == ticket.id)
    )
    order = session().get(Order, ticket.order_id) if ticket.order_id is not None else None
    return money_facts(sums.one(), order)


def ask(
    id: int, ticket: Ticket, rung: Approval, amount_fen: int, *, actor: Actor, now: datetime, again: bool = False
) -> None:
    """Tell those whose answer the rung needs, once for each rung, and once more where nobody stands above it."""
    outbox.put(
        "notice",
        f"money:{id}:{rung.value}{':again' if again else ''}",
        ticket_id=ticket.id,
        payload={
            "code": "money.asked",
            "params": {"amount_fen": amount_fen, "rung": rung.value},
            "notify": _answering(rung),
            "actor": actor.id,
        },
        now=now,
    )


def empty_rungs(ticket: Ticket, rung: Approval, proposer_id: int) -> frozenset[Approval]:
    """The rungs from this one up that nobody could answer: no active person of the role but the proposer himself.

    A supervisor's right ends at his queues. Who is away keeps his right, and has a stand-in or is waited for.
    """
    if rung is Approval.NONE:
        return frozenset()
    member = exists().where(Membership.user_id == User.id, Membership.queue_id == ticket.queue_id)
    able = or_(User.role == Role.FINANCE.value, and_(User.role == Role.SUPERVISOR.value, member))
    roles = select(User.role).where(User.active, User.id != proposer_id, able).distinct()
    there = set(session().scalars(roles))
    return frozenset(asked for role, asked in compensation.APPROVERS.items() if role.value not in there)


def record_passed(id: int, ticket: Ticket, rung: Approval, amount_fen: int, *, actor: Actor, now: datetime) -> None:
    """The ticket's story says whose answer was not waited for, as there is nobody."""
    record(
        "compensation.passed_over",
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        compensation=id,
        amount_fen=amount_fen,
        role=rung.value,
    )


def ask_until(ticket: Ticket, rung: Approval, book: RuleBook, now: datetime) -> datetime | None:
    """Until when (UTC) the rung has time: counted in the working time of the queue that answers."""
    if rung is Approval.NONE:
        return None
    code = _money_queue(book) if rung is not Approval.SUPERVISOR else None
    queue = code or session().execute(select(Queue.code).where(Queue.id == ticket.queue_id)).scalar_one()
    calendar = load_calendar(*calendar_of(queue))
    return earliest_reach(calendar, now, book.approval_seconds[rung.value])


def take_turn(number: str, proposal: Proposal, actor: Actor) -> None:
    """Wait for whoever is just proposing against one of the same limits (PostgreSQL; SQLite has one writer).

    They are the proposer's day, the shop's day of what goes through the platform, the order's and the customer's.
    Locked in this order by all, before the ticket: nobody waits for somebody who waits for him.
    """
    book, of = published_rulebook(), Ticket.number == number
    policy = next((one for one in book.policies if one.code == proposal.policy_code), None)
    session().execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    if policy is not None and policy.kind in PAYOUTS:
        shop = select(Ticket.shop_id).where(of).scalar_subquery()
        session().execute(select(Shop.id).where(Shop.id == shop).with_for_update(key_share=True))
    lock_order(of)
    if policy is not None and book.customer_cap is not None and not policy.is_remedy:
        customer = select(Ticket.customer_id).where(of).scalar_subquery()
        session().execute(select(Customer.id).where(Customer.id == customer).with_for_update(key_share=True))


def lock_order(of: ColumnElement[bool]) -> None:
    """Lock the order of the ticket that ``of`` names, before the ticket, as the intake does.

    A proposal's row points to its order. Who asked for the order with the ticket in hand would wait for a customer's
    message that has the order and waits for the ticket, for good (PostgreSQL).
    """
    order = select(Ticket.order_id).where(of).scalar_subquery()
    session().execute(select(Order.id).where(Order.id == order).with_for_update(key_share=True))


def _known(proposal: Proposal, ticket: Ticket, actor: Actor) -> int | None:
    """The proposal that this press of the button made before; ``Invalid`` if it was another one."""
    if not proposal.key or len(proposal.key) > MAX_KEY:
        raise Invalid("input.bad_value", field="key")
    row = session().execute(select(Compensation).where(Compensation.key == proposal.key)).scalar_one_or_none()
    if row is None:
        return None
    same = (row.ticket_id, row.policy_code, row.amount_fen, row.proposed_by_id)
    if same != (ticket.id, proposal.policy_code, proposal.amount_fen, actor.id):
        raise Invalid("compensation.key_used")
    return row.id


def _option(book: RuleBook, ticket: Ticket, proposal: Proposal, facts: MoneyFacts, role: Role) -> Option:
    """The offer that is proposed, checked: of this ticket's type, within its bounds, its evidence seen."""
    if proposal.amount_fen > MOST_FEN:
        raise Invalid("compensation.above_cap", limit_fen=MOST_FEN)
    if len(proposal.why) > MAX_WHY:
        raise Invalid("input.too_long", field="why", limit=MAX_WHY)
    if role not in compensation.PROPOSERS:
        raise NotAllowed("compensation.no_right", role=role.value)
    offered = compensation.options(book, ticket.type, facts, role)
    option = next((one for one in offered if one.policy_code == proposal.policy_code), None)
    if option is None:
        raise Invalid("compensation.not_offered", policy=proposal.policy_code[:60])
    compensation.check_amount(option, proposal.amount_fen)
    missing = [code for code in option.evidence if code not in proposal.evidence]
    if missing:
        raise Invalid("compensation.evidence_missing", evidence=missing)
    if not set(proposal.evidence) <= set(option.evidence):
        raise Invalid("input.bad_value", field="evidence")
    return option


def _basis(option: Option) -> dict[str, object]:
    return {**asdict(option.basis), "offered_fen": option.amount_fen}


def _answering(rung: Approval) -> list[str]:
    """Whom a notice tells: the queue's supervisors, or everybody of the roles that the rung needs."""
    if rung is Approval.SUPERVISOR:
        return ["supervisor"]
    roles = [Role.FINANCE, Role.OPS] if rung is Approval.FINANCE_AND_OPS else [Role.FINANCE]
    people = (
        select(User.id)
        .where(User.active, User.role.in_([role.value for role in roles]))
        .order_by(User.id)
        .limit(MOST_ASKED)
    )
    return [f"user:{id}" for id in session().scalars(people)]


def _money_queue(book: RuleBook) -> str | None:
    """Where money is moved: the queue of class A."""
    return next((kind.queue for kind in book.types.values() if kind.klass is TicketClass.A), None)
