"""Stages of SLA clocks: each fires once, however often and however late the sweep comes.

The sweep asks for the state of the world, not for what happened since it last ran: downtime, a jump
of the machine's time, a crash and a doubled sweep are one and the same case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from helpdesk.domain.access import Actor
from helpdesk.domain.rulebook import Stage
from helpdesk.models import ClockRow, ClockStage, Stint, Ticket
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.services import events, outbox, stage_deeds
from helpdesk.services.urgency import RAISED_BY
from helpdesk.storage import session

BATCH = 500
"""Stages in one transaction: the disk is waited for once, and whoever else writes waits some 50 ms at most."""

DEEDS = 20
"""Of them those that change their ticket: each takes as long as a person's click, and people wait meanwhile."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A stage that fired, on the clock it belongs to. ``open``: the clock still runs or is paused.

    ``rule`` is the code of a platform's rule, ``assist`` says that it is the clock of a question to another queue.
    """

    stage_id: int
    code: str
    percent: int | None
    offset_seconds: int | None
    due_at: datetime
    clock_id: int
    kind: str
    rule: str
    rule_version: int
    ticket_id: int
    open: bool
    assist: bool

    def facts(self) -> dict[str, Any]:
        """What is told of it, as codes and figures."""
        place = {"percent": self.percent} if self.percent is not None else {"offset_seconds": self.offset_seconds}
        facts = {"clock": self.kind, "clock_id": self.clock_id, "stage": self.code, **place}
        return facts | {"rule": self.rule} if self.rule else facts


def sweep(actor: Actor, now: datetime, limit: int = BATCH) -> int:
    """Fire up to ``limit`` stages that are due at ``now`` (UTC); returns how many fired.

    Call it again, each in a transaction of its own, until it returns 0.
    """
    return len(fire(due_stages(now, limit), actor, now))


def anything_due(now: datetime) -> bool:
    """Whether a sweep would find something. Reads only, so that asking doesn't make writers wait."""
    due = select(ClockStage.id).where(ClockStage.fired_at.is_(None), ClockStage.due_at < now)
    return session().execute(due.where(ClockStage.due_at.is_not(None)).limit(1)).first() is not None


def due_stages(now: datetime, limit: int = BATCH) -> list[int]:
    """Ids of unfired stages whose last instant has passed, the oldest first; of those with deeds at most ``DEEDS``.

    On PostgreSQL their tickets are locked, before the stages: in the order in which people's changes
    lock them. What somebody is changing right now is left for the next sweep.
    """
    rows = (
        session()
        .execute(
            select(ClockStage.id, ClockStage.stage_code, ClockRow.rule_version)
            .join(ClockRow, ClockRow.id == ClockStage.clock_id)
            .join(Ticket, Ticket.id == ClockRow.ticket_id)
            .where(ClockStage.fired_at.is_(None), ClockStage.due_at.is_not(None), ClockStage.due_at < now)
            .order_by(ClockStage.due_at, ClockStage.id)
            .limit(limit)
            .with_for_update(of=Ticket, skip_locked=True)
        )
        .all()
    )
    stages = _stages_of({version for _, _, version in rows})
    chosen, deeds = [], 0
    for stage_id, code, version in rows:
        stage = stages[version].get(code)
        deeds += stage is not None and stage.changes_ticket
        if deeds > DEEDS:
            break
        chosen.append(stage_id)
    return chosen


def fire(stage_ids: Sequence[int], actor: Actor, now: datetime) -> list[Fired]:
    """Mark those stages as fired that still are unfired and due, and do what they ask for.

    Each writes the event ``sla.stage``. While its clock is open it also puts one notice into the outbox and,
    if it is one of the customer's, raises the ticket's urgency (never lowers it, never touches the version). Those
    that change their ticket do so one after the other; see ``stage_deeds``.
    """
    claimed = session().scalars(
        update(ClockStage)
        .where(ClockStage.id.in_(stage_ids), ClockStage.fired_at.is_(None), ClockStage.due_at < now)
        .values(fired_at=now)
        .returning(ClockStage.id),
        execution_options={"synchronize_session": False},
    )
    fired = _with_clocks(list(claimed))
    books = _stages_of({each.rule_version for each in fired})
    rules = [(each, books[each.rule_version].get(each.code)) for each in fired]
    told = [(each, stage) for each, stage in rules if each.open and stage is not None]
    _raise_urgency(told)
    facts = [(each.ticket_id, each.facts() | {"due_at": each.due_at.isoformat()}) for each in fired]
    events.record_all("sla.stage", facts, actor=actor, now=now)
    outbox.put_all("notice", [_notice(each, stage) for each, stage in told if stage.notify], now=now)
    for each, stage in told:
        if stage.changes_ticket:
            stage_deeds.do(
                stage, each.ticket_id, clock=each.kind, assist=each.assist, due_at=each.due_at, actor=actor, now=now
            )
    return fired


def _with_clocks(stage_ids: Sequence[int]) -> list[Fired]:
    if not stage_ids:
        return []
    rows = session().execute(
        select(
            ClockStage.id,
            ClockStage.stage_code,
            ClockStage.percent,
            ClockStage.offset_seconds,
            ClockStage.due_at,
            ClockRow.id,
            ClockRow.kind,
            ClockRow.code,
            ClockRow.rule_version,
            ClockRow.ticket_id,
            ClockRow.met_at.is_(None) & ClockRow.cancelled_at.is_(None),
            Stint.kind.is_not_distinct_from("assist"),
        )
        .join(ClockRow, ClockRow.id == ClockStage.clock_id)
        .outerjoin(Stint, Stint.id == ClockRow.stint_id)
        .where(ClockStage.id.in_(stage_ids))
        .order_by(ClockStage.due_at, ClockStage.id)
    )
    return [Fired(*row) for row in rows]  # type: ignore[arg-type, call-arg]  # due_at: they were due


def _raise_urgency(told: Iterable[tuple[Fired, Stage]]) -> None:
    tickets: defaultdict[int, set[int]] = defaultdict(set)
    for each, stage in told:
        if each.kind in RAISED_BY and stage.urgency:
            tickets[stage.urgency].add(each.ticket_id)
    for urgency, ids in sorted(tickets.items()):
        session().execute(
            update(Ticket).where(Ticket.id.in_(sorted(ids)), Ticket.urgency < urgency).values(urgency=urgency),
            execution_options={"synchronize_session": False},
        )


def _notice(each: Fired, stage: Stage) -> tuple[str, int, Mapping[str, Any]]:
    payload = {"code": "sla.stage", "params": each.facts(), "notify": list(stage.notify)}
    return f"stage:{each.clock_id}:{each.code}", each.ticket_id, payload


def _stages_of(versions: Iterable[int]) -> dict[int, dict[str, Stage]]:
    """What the rules that the clocks were started under say about each stage, by version and code.

    Nothing where they don't know it: it still fires, and is only recorded.
    """
    return {version: {stage.code: stage for stage in rulebook_of(version).all_stages()} for version in versions}
