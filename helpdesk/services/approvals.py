"""Answers to proposals of money: agreed, rejected, taken back, reversed, carried out, or passed on for want of one.

Each write is checked against the version its button showed; the row is locked while it is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from helpdesk.domain.access import NO_MONEY, Actor, Permission, Role, Scope, may, may_work
from helpdesk.domain.compensation import Approval
from helpdesk.domain.ladder import Asked, Right, is_settled, raised, reachable, right_to_decide
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.tickets import Status
from helpdesk.models import (
    Absence,
    Compensation,
    CompensationApproval,
    Membership,
    Payout,
    Ticket,
    User,
)
from helpdesk.models.duty import absence_at
from helpdesk.models.promised import PAYOUTS
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.scope import readable
from helpdesk.services import compensations, outbox, tickets
from helpdesk.services.events import record
from helpdesk.services.tickets import Change
from helpdesk.storage import session


def approve(id: int, *, version: int, actor: Actor, now: datetime) -> str:
    """Agree to a proposal, by one's own right or as a stand-in; returns its state then.

    Where two have to agree it stays ``proposed`` until both have. Raises ``NotAllowed`` for who isn't asked,
    ``Stale`` if it was answered meanwhile.
    """
    row, ticket = _load(id, actor, now)
    asked = _asked(row)
    right = _right(row, ticket, asked, actor, now)
    _check(row, version)
    session().add(
        CompensationApproval(
            compensation_id=row.id,
            part=right.role.value,
            user_id=actor.id,
            stands_in_for_id=None if right.holder == actor.id else right.holder,
            decided_at=now,
        )
    )
    row.version += 1
    agreed = Asked(asked.proposer, asked.rung, {**asked.agreed, right.role: actor.id})
    if not is_settled(agreed):
        _record("compensation.agreed", row, ticket, actor, now, stands_in_for=_other(right, actor))
        session().flush()
        return row.state
    _decide(row, "approved", actor, now)
    _record("compensation.approved", row, ticket, actor, now, stands_in_for=_other(right, actor))
    _answer(row, ticket, actor, now)
    return row.state


def reject(id: int, reason: str, *, version: int, actor: Actor, now: datetime) -> None:
    """Say no, with a reason that the proposer reads. Its amount is free again."""
    row, ticket = _load(id, actor, now)
    right = _right(row, ticket, _asked(row), actor, now)
    _check(row, version)
    note = tickets.add_note(ticket, _reason(reason), actor=actor, now=now)
    row.reason_note_id = note.id
    row.version += 1
    _decide(row, "rejected", actor, now)
    _record("compensation.rejected", row, ticket, actor, now, note=note.id, stands_in_for=_other(right, actor))
    _answer(row, ticket, actor, now)


def withdraw(id: int, *, version: int, actor: Actor, now: datetime) -> None:
    """The proposer takes it back while nobody has agreed to it and nothing of it was carried out."""
    row, ticket = _load(id, actor, now)
    withdraw_loaded(row, ticket, version=version, actor=actor, now=now)


def withdraw_loaded(row: Compensation, ticket: Ticket, *, version: int | None, actor: Actor, now: datetime) -> None:
    """``withdraw`` inside another use case that has both rows locked; ``version`` None: as it is."""
    if row.proposed_by_id != actor.id:
        raise NotAllowed("compensation.not_yours")
    if version is not None:
        _check_version(row, version)
    own = row.state == "approved" and row.approval == Approval.NONE.value
    if not (own or row.state == "proposed") or _stands_in_file(row) or (row.state == "proposed" and _agreed(row)):
        raise Conflict("compensation.decided", state=row.state)
    row.version += 1
    _decide(row, "withdrawn", actor, now)
    _record("compensation.withdrawn", row, ticket, actor, now)
    _go_on(ticket, actor, now)


def reverse(id: int, reason: str, *, version: int, actor: Actor, now: datetime) -> int:
    """What was agreed, or even paid, is taken back: a row of its own says so. Returns that row's id.

    Of what is paid only who pays takes back. ``Conflict`` while it stands in a payment file without a result.
    """
    compensations.lock_order(Ticket.id == select(Compensation.ticket_id).where(Compensation.id == id).scalar_subquery())
    row, ticket = _load(id, actor, now)
    needed = Permission.MONEY_PAY if row.state == "paid" and row.kind in PAYOUTS else Permission.MONEY_APPROVE
    if not may(actor, needed, tickets.standing(ticket)):
        raise NotAllowed("access.denied", permission=needed.value)
    _check_version(row, version)
    if row.reverses_id is not None or row.state not in {"approved", "paid"}:
        raise Conflict("compensation.decided", state=row.state)
    if _stands_in_file(row, "exported"):
        raise Conflict("compensation.in_payment_file")
    note = tickets.add_note(ticket, _reason(reason), actor=actor, now=now)
    was_paid = row.state == "paid"
    row.version += 1
    row.state = "reversed"
    back = Compensation(
        key=f"reverse:{row.id}",
        ticket_id=row.ticket_id,
        order_id=row.order_id,
        policy_code=row.policy_code,
        rule_version=row.rule_version,
        kind=row.kind,
        amount_fen=row.amount_fen,
        is_remedy=row.is_remedy,
        state="reversed",
        basis={},
        evidence=[],
        note_id=note.id,
        proposed_by_id=actor.id,
        proposed_at=now,
        decided_by_id=actor.id,
        decided_at=now,
        reverses_id=row.id,
    )
    session().add(back)
    session().flush()
    _record("compensation.reversed", row, ticket, actor, now, note=note.id, was_paid=was_paid)
    return back.id


def mark_fulfilled(id: int, *, version: int, actor: Actor, now: datetime) -> None:
    """A coupon was issued, a gift or another piece sent. Money goes through a payment file instead."""
    row, ticket = _load(id, actor, now)
    if not may_work(actor, tickets.standing(ticket)):
        raise NotAllowed("ticket.not_yours", number=ticket.number)
    _check_version(row, version)
    if row.kind in PAYOUTS:
        raise Conflict("compensation.paid_by_file")
    if row.state != "approved":
        raise Conflict("compensation.decided", state=row.state)
    row.version += 1
    row.state = "paid"
    _record("compensation.fulfilled", row, ticket, actor, now)
    session().flush()


def escalate_overdue(now: datetime, limit: int, *, actor: Actor) -> int:
    """Pass proposals that nobody answered in time on to the next rung, each once; returns how many.

    On the last rung they stay, and those who were asked are asked once more.
    """
    due = (
        select(Compensation)
        .where(Compensation.state == "proposed", Compensation.ask_until < now)
        .order_by(Compensation.ask_until)
        .limit(limit)
        .with_for_update(of=Compensation, skip_locked=True)
    )
    rows = session().scalars(due).all()
    for row in rows:
        _pass_on(row, session().get_one(Ticket, row.ticket_id), actor, now)
    session().flush()
    return len(rows)


def _pass_on(row: Compensation, ticket: Ticket, actor: Actor, now: datetime) -> None:
    was, above = Approval(row.asked), raised(Approval(row.asked))
    row.version += 1
    if above is None:
        row.ask_until = None
        compensations.ask(row.id, ticket, was, row.amount_fen, actor=actor, now=now, again=True)
        _record("compensation.asked_again", row, ticket, actor, now)
        return
    rung, empty = reachable(above, compensations.empty_rungs(ticket, above, row.proposed_by_id))
    row.asked = rung.value
    row.ask_until = compensations.ask_until(ticket, rung, published_rulebook(), now)
    late = {"rung": was.value, "why": compensations.LATE}
    row.passed = [*row.passed, late, *({"rung": one.value, "why": compensations.EMPTY} for one in empty)]
    _record("compensation.escalated", row, ticket, actor, now, asked=row.asked)
    for one in empty:
        compensations.record_passed(row.id, ticket, one, row.amount_fen, actor=actor, now=now)
    compensations.ask(row.id, ticket, rung, row.amount_fen, actor=actor, now=now)


def _load(id: int, actor: Actor, now: datetime) -> tuple[Compensation, Ticket]:
    """The row and its ticket, both locked; ``NotFound`` for who neither may read the ticket nor could be asked.

    The ticket comes first, as everywhere: two that lock both never wait for each other.
    """
    missing = NotFound("compensation.not_found", compensation=id)
    of = select(Compensation.ticket_id).where(Compensation.id == id).scalar_subquery()
    ticket = session().execute(select(Ticket).where(Ticket.id == of).with_for_update(of=Ticket)).scalar_one_or_none()
    if ticket is None:
        raise missing
    row = session().get_one(Compensation, id, with_for_update=True, populate_existing=True)
    seen = session().scalar(select(exists().where(Ticket.id == ticket.id, readable(actor))))
    if not seen and not any(right.reaches for right in _rights(ticket, actor, now)):
        raise missing
    return row, ticket


def _asked(row: Compensation) -> Asked:
    return Asked(row.proposed_by_id, Approval(row.asked), _agreed(row))


def _agreed(row: Compensation) -> dict[Role, int]:
    parts = select(CompensationApproval.part, CompensationApproval.user_id).where(
        CompensationApproval.compensation_id == row.id
    )
    return {Role(part): user_id for part, user_id in session().execute(parts)}


def _right(row: Compensation, ticket: Ticket, asked: Asked, actor: Actor, now: datetime) -> Right:
    if row.state != "proposed":
        raise Stale("compensation.decided", state=row.state)
    return right_to_decide(asked, actor.id, _rights(ticket, actor, now))


def _rights(ticket: Ticket, actor: Actor, now: datetime) -> Iterator[Right]:
    """One's own right, then those of absent people one stands in for. A supervisor's reaches his queues' tickets."""
    scope = actor.scope(Permission.MONEY_APPROVE)
    yield Right(actor.id, actor.role, scope is Scope.ALL or (scope is Scope.OWN and ticket.queue_id in actor.queues))
    if actor.role in NO_MONEY:
        return
    member = exists().where(Membership.user_id == User.id, Membership.queue_id == ticket.queue_id)
    away = (
        select(User.id, User.role, member.label("member"))
        .join(Absence, Absence.user_id == User.id)
        .where(Absence.stand_in_id == actor.id, absence_at(now), User.active)
        .order_by(User.id)
    )
    for row in session().execute(away):
        holder = Actor(id=row.id, role=Role(row.role))
        reach = holder.scope(Permission.MONEY_APPROVE)
        yield Right(row.id, holder.role, reach is Scope.ALL or (reach is Scope.OWN and bool(row.member)))


def _other(right: Right, actor: Actor) -> int | None:
    return None if right.holder == actor.id else right.holder


def _check(row: Compensation, version: int) -> None:
    _check_version(row, version)
    if row.state != "proposed":
        raise Stale("compensation.decided", state=row.state)


def _check_version(row: Compensation, version: int) -> None:
    if row.version != version:
        raise Stale("compensation.stale", compensation=row.id, version=row.version)


def _decide(row: Compensation, state: str, actor: Actor, now: datetime) -> None:
    row.state, row.decided_by_id, row.decided_at, row.ask_until = state, actor.id, now, None
    session().flush()


def _record(
    code: str,
    row: Compensation,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    *,
    note: int | None = None,
    **more: Any,
) -> None:
    known = {name: value for name, value in more.items() if value is not None}
    record(
        code,
        actor=actor,
        now=now,
        ticket_id=ticket.id,
        reason_note_id=note,
        compensation=row.id,
        amount_fen=row.amount_fen,
        **known,
    )


def _answer(row: Compensation, ticket: Ticket, actor: Actor, now: datetime) -> None:
    """The proposer hears of it, and the ticket goes on if it waited for this alone."""
    outbox.put(
        "notice",
        f"money:{row.id}:decided",
        ticket_id=ticket.id,
        payload={
            "code": "money.decided",
            "params": {"amount_fen": row.amount_fen, "state": row.state},
            "notify": [f"user:{row.proposed_by_id}"],
            "actor": actor.id,
        },
        now=now,
    )
    _go_on(ticket, actor, now)


def _go_on(ticket: Ticket, actor: Actor, now: datetime) -> None:
    waiting = exists().where(Compensation.ticket_id == ticket.id, Compensation.state == "proposed")
    if ticket.status == Status.PENDING_APPROVAL and not session().scalar(select(waiting)):
        tickets.change(ticket, Change(status=Status.OPEN, pending_on=None), expected=None, actor=actor, now=now)


def _stands_in_file(row: Compensation, *states: str) -> bool:
    standing = Payout.state.in_(states) if states else Payout.state != "failed"
    return bool(session().scalar(select(exists().where(Payout.compensation_id == row.id, standing))))


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("compensation.reason_required")
    if len(text) > compensations.MAX_WHY:
        raise Invalid("input.too_long", field="reason", limit=compensations.MAX_WHY)
    return text
