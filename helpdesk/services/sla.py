"""Stages of SLA clocks: each fires once, however often and however late the sweep comes.

The sweep asks for the state of the world, not for what happened since it last ran: downtime, a jump
of the machine's time, a crash and a doubled sweep are one and the same case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from helpdesk.domain.access import Actor
from helpdesk.domain.rulebook import Stage
from helpdesk.models import ClockRow, ClockStage, Ticket
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.services import events, outbox
from helpdesk.services.urgency import RAISED_BY
from helpdesk.storage import session

BATCH = 200


@dataclass(frozen=True, slots=True)
class Fired:
    """A stage that fired, on the clock it belongs to. ``open``: the clock still runs or is paused."""

    stage_id: int
    code: str
    percent: int
    due_at: datetime
    clock_id: int
    kind: str
    rule_version: int
    ticket_id: int
    open: bool


def sweep(actor: Actor, now: datetime, limit: int = BATCH) -> int:
    """Fire up to ``limit`` stages that are due at ``now`` (UTC); returns how many fired.

    Call it again, each in a transaction of its own, until it returns 0.
    """
    return len(fire(due_stages(now, limit), actor, now))


def due_stages(now: datetime, limit: int = BATCH) -> list[int]:
    """Ids of unfired stages whose last instant has passed, the oldest first.

    On PostgreSQL their tickets are locked, before the stages: in the order in which people's changes
    lock them. What somebody is changing right now is left for the next sweep.
    """
    statement = (
        select(ClockStage.id)
        .join(ClockRow, ClockRow.id == ClockStage.clock_id)
        .join(Ticket, Ticket.id == ClockRow.ticket_id)
        .where(ClockStage.fired_at.is_(None), ClockStage.due_at.is_not(None), ClockStage.due_at < now)
        .order_by(ClockStage.due_at, ClockStage.id)
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True)
    )
    return list(session().scalars(statement))


def fire(stage_ids: Sequence[int], actor: Actor, now: datetime) -> list[Fired]:
    """Mark those stages as fired that still are unfired and due, and do what they ask for.

    Each writes the event ``sla.stage``. While its clock is open it also puts one notice into the outbox and,
    if it is one of the customer's, raises the ticket's urgency (never lowers it, never touches the version).
    """
    claimed = session().scalars(
        update(ClockStage)
        .where(ClockStage.id.in_(stage_ids), ClockStage.fired_at.is_(None), ClockStage.due_at < now)
        .values(fired_at=now)
        .returning(ClockStage.id),
        execution_options={"synchronize_session": False},
    )
    fired = _with_clocks(list(claimed))
    stages = _stages(fired)
    _raise_urgency(fired, stages)
    for each in fired:
        _record(each, stages.get(each.stage_id), actor, now)
    return fired


def _with_clocks(stage_ids: Sequence[int]) -> list[Fired]:
    rows = session().execute(
        select(
            ClockStage.id,
            ClockStage.stage_code,
            ClockStage.percent,
            ClockStage.due_at,
            ClockRow.id,
            ClockRow.kind,
            ClockRow.rule_version,
            ClockRow.ticket_id,
            ClockRow.met_at.is_(None) & ClockRow.cancelled_at.is_(None),
        )
        .join(ClockRow, ClockRow.id == ClockStage.clock_id)
        .where(ClockStage.id.in_(stage_ids))
        .order_by(ClockStage.due_at, ClockStage.id)
    )
    return [Fired(*row) for row in rows]  # type: ignore[arg-type]  # due_at: they were due


def _raise_urgency(fired: Sequence[Fired], stages: Mapping[int, Stage]) -> None:
    tickets: defaultdict[int, set[int]] = defaultdict(set)
    for each in fired:
        if each.open and each.kind in RAISED_BY and (stage := stages.get(each.stage_id)) is not None and stage.urgency:
            tickets[stage.urgency].add(each.ticket_id)
    for urgency, ids in sorted(tickets.items()):
        session().execute(
            update(Ticket).where(Ticket.id.in_(sorted(ids)), Ticket.urgency < urgency).values(urgency=urgency),
            execution_options={"synchronize_session": False},
        )


def _record(each: Fired, stage: Stage | None, actor: Actor, now: datetime) -> None:
    facts: dict[str, Any] = {"clock": each.kind, "clock_id": each.clock_id, "stage": each.code, "percent": each.percent}
    events.record("sla.stage", actor=actor, now=now, ticket_id=each.ticket_id, **facts, due_at=each.due_at.isoformat())
    if each.open and stage is not None and stage.notify:
        outbox.put(
            "notice",
            f"stage:{each.clock_id}:{each.code}",
            ticket_id=each.ticket_id,
            payload={"code": "sla.stage", "params": facts, "notify": list(stage.notify)},
            now=now,
        )


def _stages(fired: Sequence[Fired]) -> dict[int, Stage]:
    """What the rules under which its clock was started say about each, by its id; nothing where they don't know it."""
    books = {version: rulebook_of(version).stages for version in {each.rule_version for each in fired}}
    return {each.stage_id: stage for each in fired for stage in books[each.rule_version] if stage.code == each.code}
