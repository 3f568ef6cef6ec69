"""Promises of money to look at, written as rows: what queries and pages read doesn't depend on how it came about.

Call inside ``unit_of_work()``.
"""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from helpdesk.models import Compensation, Note, Ticket
from tests.factories import World, add

_keys = count(1)


def promise(
    world: World, row: Ticket, fen: int, now: datetime, *, why: str = "客户拍了照片", **columns: Any
) -> Compensation:
    """The agent has offered so much on this ticket (a partial refund that waits for the supervisor)."""
    note = Note(ticket_id=row.id, author_id=world.users.agent.id, text=why, created_at=now)
    add(note)
    values: dict[str, Any] = {
        "policy_code": "logistics_stuck_coupon",
        "rule_version": 1,
        "kind": "partial_refund",
        "is_remedy": False,
        "state": "proposed",
        "approval": "supervisor",
        "asked": "supervisor",
        "order_id": row.order_id,
        "note_id": note.id,
        "proposed_by_id": world.users.agent.id,
        "proposed_at": now,
        **columns,
    }
    found = Compensation(key=f"promise-{next(_keys)}", ticket_id=row.id, amount_fen=fen, **values)
    add(found)
    return found
