"""What happened, as code + parameters. Append-only: nothing here updates or deletes.

Whatever happens to a ticket is an event, so this is also where the report learns which tickets to count again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from helpdesk.domain.access import Actor
from helpdesk.models import Event
from helpdesk.services import report_facts
from helpdesk.storage import Base, insert_all_once, session


def record(
    code: str,
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int | None = None,
    reason_note_id: int | None = None,
    operation_id: int | None = None,
    **params: object,
) -> Event:
    """Write one fact: who (``actor``), when (``now``, UTC), through what (the actor's source), and figures.

    ``params`` hold ids, codes and numbers only; a person's words belong into a note, named by ``reason_note_id``.
    """
    event = Event(
        ticket_id=ticket_id,
        at=now,
        actor_id=actor.id,
        source=actor.source,
        code=code,
        params=params,
        reason_note_id=reason_note_id,
        operation_id=operation_id,
    )
    session().add(event)
    if ticket_id is not None:
        report_facts.mark(ticket_id)
    return event


def record_all(code: str, facts: Sequence[tuple[int, Mapping[str, Any]]], *, actor: Actor, now: datetime) -> None:
    """``record`` for what happens to many tickets at once: pairs of ticket id and params, in their order."""
    insert_all_once(
        Event,
        [
            {
                "ticket_id": ticket_id,
                "at": now,
                "actor_id": actor.id,
                "source": actor.source,
                "code": code,
                "params": dict(params),
            }
            for ticket_id, params in facts
        ],
    )
    report_facts.mark_all(ticket_id for ticket_id, _params in facts)


def apply_changes(row: Base, wanted: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set these columns of a row of settings; return what changed, by column, as [before, after], for its event."""
    changes = {
        name: [getattr(row, name), value] for name, value in sorted(wanted.items()) if getattr(row, name) != value
    }
    for name, (_before, after) in changes.items():
        setattr(row, name, after)
    return changes
