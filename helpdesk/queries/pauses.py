"""What a ticket waits for, since when, and what the rules will do next. One statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, select

from helpdesk.domain.rulebook import PauseStepRule
from helpdesk.domain.tickets import Status
from helpdesk.models import PauseStep, TicketPause
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.queries.keyset import Statement
from helpdesk.storage import session

REMINDER = "remind_customer"


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something that a rule will do: ``action`` of ``domain.escalation.PAUSE_ACTIONS``, after ``due_at``.

    ``place`` counts the customer's reminders of this wait from 1; 0 for anything else.
    """

    code: str
    action: str
    place: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class OpenPause:
    """The wait that lasts. ``steps`` are still to be done, the next first."""

    status: Status
    pending_on: str | None
    since: datetime
    steps: tuple[NextStep, ...]


class PauseRow(NamedTuple):
    """A row of ``pause_rows``."""

    status: str
    pending_on: str | None
    started_at: datetime
    rule_version: int
    step_code: str | None
    due_at: datetime | None


def open_pause(ticket_id: int) -> OpenPause | None:
    """The ticket's wait; None while it waits for nobody."""
    return paused(PauseRow(*row) for row in session().execute(pause_rows(ticket_id)))


def pause_rows(ticket_id: int) -> Statement:
    """The open pause, a row for each step that is still to be done; one without a step where none is left."""
    return (
        select(
            TicketPause.status,
            TicketPause.pending_on,
            TicketPause.started_at,
            TicketPause.rule_version,
            PauseStep.step_code,
            PauseStep.due_at,
        )
        .outerjoin(PauseStep, and_(PauseStep.pause_id == TicketPause.id, PauseStep.fired_at.is_(None)))
        .where(TicketPause.ticket_id == ticket_id, TicketPause.ended_at.is_(None))
    )


def paused(rows: Iterable[PauseRow]) -> OpenPause | None:
    """The rows of one pause as a value."""
    found = list(rows)
    if not found:
        return None
    first, status = found[0], Status(found[0].status)
    steps = rulebook_of(first.rule_version).pause_steps
    rules, places = {rule.code: rule for rule in steps}, _places(steps, status)
    planned = sorted((row.due_at, row.step_code) for row in found if row.due_at is not None and row.step_code in rules)
    return OpenPause(
        status=status,
        pending_on=first.pending_on,
        since=first.started_at,
        steps=tuple(NextStep(code, rules[code].action, places.get(code, 0), due_at) for due_at, code in planned),
    )


def _places(rules: Iterable[PauseStepRule], status: Status) -> dict[str, int]:
    """Which reminder of this wait each is."""
    reminders = sorted((r.after_seconds, r.code) for r in rules if r.status is status and r.action == REMINDER)
    return {code: place for place, (_, code) in enumerate(reminders, start=1)}
