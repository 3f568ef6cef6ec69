"""A person's open tickets in two parts, each read by its own index: his queues', and the few elsewhere that are his.

One condition with OR would look through everything that is open. Counting stops at ``MOST_COUNTED``, so that it
takes no longer the more tickets there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    func,
    literal_column,
    null,
    select,
    union,
    union_all,
)

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.tickets import MAX_URGENCY, TicketClass
from helpdesk.models import Queue, Stint, Ticket
from helpdesk.models.scope import asks
from helpdesk.models.ticket_filter import in_queue
from helpdesk.models.tickets import is_active, is_waiting_stay
from helpdesk.storage import constants

MOST_COUNTED = 1_000
"""Where a page says 999+."""

HERE: Select[int] = select(literal_column("1"))

Condition = Callable[[Any], ColumnElement[bool]]
"""What is asked of a ticket: of ``Ticket``, or of the same columns elsewhere."""


class OwnTickets:
    """The open tickets of the actor's lists (all, for one who reads everything), of one queue where a code is given."""

    def __init__(self, actor: Actor, queue: str = "") -> None:
        self._everything = actor.scope(Permission.TICKETS_READ) is Scope.ALL
        self._queues: Any = select(Queue.id) if self._everything else constants(sorted(actor.queues))
        self._stays = select(Queue.id).where(Queue.code == queue, Queue.id.in_(self._queues)) if queue else self._queues
        self._in_lists = and_(is_active, Ticket.queue_id.in_(self._queues), in_queue(queue))
        self._elsewhere = _elsewhere(actor, queue)

    def figures(self, conditions: Mapping[str, Condition]) -> Select[Any]:
        """One row: for each name how many tickets its condition is true of, ``unassigned``, and ``oldest``.

        ``oldest`` and ``oldest_elsewhere`` are the least deadlines of what is ``overdue``.
        """
        here = HERE.select_from(Ticket).where(self._in_lists)
        oldest = select(func.min(Ticket.burns_at)).where(self._in_lists, conditions["overdue"](Ticket))
        counts: dict[str, ColumnElement[int]] = {}
        counts |= {name: count_of(here.where(condition(Ticket))) for name, condition in conditions.items()}
        counts["unassigned"] = count_of(self._waiting())
        if self._everything:
            found = select(null().label("oldest_elsewhere"))
        else:
            others = self._others(conditions)
            counts = {name: count + others.c[name] for name, count in counts.items()}
            found = select(others.c.oldest.label("oldest_elsewhere"))
        columns = (count.label(name) for name, count in counts.items())
        return found.add_columns(oldest.scalar_subquery().label("oldest"), *columns)

    def unassigned(self, filtered: Iterable[ColumnElement[bool]]) -> ScalarSelect[int]:
        """How many wait for somebody to take them, of those that a filter on ``Ticket`` leaves."""
        here = self._waiting().join(Ticket, Ticket.id == Stint.ticket_id).where(*filtered)
        if self._everything:
            return count_of(here)
        others = HERE.select_from(self._elsewhere).join(Ticket, Ticket.id == self._elsewhere.c.id)
        return count_of(union_all(here, others.where(self._elsewhere.c.waiting.is_not(None), *filtered)))

    def _waiting(self) -> Select[int]:
        return HERE.select_from(Stint).where(is_waiting_stay, Stint.queue_id.in_(self._stays))

    def _others(self, conditions: Mapping[str, Condition]) -> Subquery:
        """The same of what is elsewhere, looked through once."""
        ticket = self._elsewhere.c
        return select(
            *(func.count().filter(condition(ticket)).label(name) for name, condition in conditions.items()),
            func.count(ticket.waiting).label("unassigned"),
            func.min(ticket.burns_at).filter(conditions["overdue"](ticket)).label("oldest"),
        ).subquery()


def _elsewhere(actor: Actor, queue: str) -> Subquery:
    """What concerns the actor in queues that aren't his; ``waiting`` is null where somebody has it in hand."""
    his = elsewhere(actor.id, asks(actor), sorted(actor.queues)).subquery()
    columns = Ticket.id, Ticket.urgency, Ticket.burns_at, Ticket.klass, Ticket.status, Ticket.created_at
    return (
        select(*columns, Stint.id.label("waiting"))
        .select_from(his)
        .join(Ticket, Ticket.id == his.c.id)
        .outerjoin(Stint, and_(Stint.ticket_id == Ticket.id, is_waiting_stay))
        .where(is_active, in_queue(queue))
        .subquery()
    )


def in_his_name(user_id: Any) -> tuple[Select[int], Select[int]]:
    """Ids of the tickets that he owns and of those in his hands: few, and each by its index."""
    return (
        select(Ticket.id.label("id")).where(is_active, Ticket.owner_id == user_id),
        select(Stint.ticket_id.label("id")).where(Stint.assignee_id == user_id, Stint.left_at.is_(None)),
    )


def elsewhere(user_id: Any, asked: ColumnElement[bool], queues: Iterable[int]) -> CompoundSelect[int]:
    """Ids of what is in his name, or asked of his queues (``asked``, of ``Stint``), in queues that aren't his: few.

    A stay's queue is its ticket's, so that most of what is in his hands is left out by the index that finds it.
    """
    own = constants(queues)
    owned, in_hand = in_his_name(user_id)
    questions = select(Stint.ticket_id.label("id")).join(Ticket, Ticket.id == Stint.ticket_id)
    is_assist = Stint.kind == literal_column("'assist'")
    return union(
        owned.where(Ticket.queue_id.not_in(own)),
        in_hand.where(~is_assist, Stint.queue_id.not_in(own)),
        questions.where(is_assist, Stint.assignee_id == user_id, Stint.left_at.is_(None), Ticket.queue_id.not_in(own)),
        questions.where(asked, Ticket.queue_id.not_in(own)),
    )


def count_of(rows: Select[Any] | CompoundSelect[Any]) -> ScalarSelect[int]:
    """How many rows, up to ``MOST_COUNTED``."""
    return select(func.count()).select_from(rows.limit(MOST_COUNTED).subquery()).scalar_subquery()


def of_any_kind(ticket: Any) -> ColumnElement[bool]:
    """Always true; lets indexes by class, urgency and deadline seek to the deadline."""
    classes, urgencies = constants(klass.value for klass in TicketClass), constants(range(MAX_URGENCY + 1))
    return and_(ticket.klass.in_(classes), ticket.urgency.in_(urgencies))
