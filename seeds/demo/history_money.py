"""What was promised in the history, and paid: within the agents' own limits, a file a month for what is transferred."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from helpdesk.domain.rulebook import Policy
from helpdesk.models import Compensation, Payout, PayoutBatch
from helpdesk.models.promised import PAYOUTS
from seeds.demo.history import PastTicket
from seeds.demo.past import House, Rows, event, insert_rows, inserted_rows
from seeds.demo.times import ZONE

PAID_AFTER = timedelta(days=3)
USUAL_FEN, MOST_FEN = 800, 8_000


def plant(past: Sequence[PastTicket], tickets: Sequence[int], orders: Sequence[int], at: House) -> Rows:
    """What was offered within the agent's own limits, and paid; returns its events."""
    rows: Rows = []
    for one, id, order in zip(past, tickets, orders, strict=True):
        policies = [policy for policy in at.book.policies if policy.type == one.type]
        if one.paid is None or not policies:
            continue
        policy, first = policies[int(one.paid * len(policies))], one.cycles[0]
        amount = _amount(policy, one.order.paid_fen)
        rows.append(
            {
                "key": f"demo-past-{id}",
                "ticket_id": id,
                "order_id": order,
                "policy_code": policy.code,
                "rule_version": at.book.version,
                "kind": policy.kind,
                "amount_fen": amount,
                "is_remedy": policy.is_remedy,
                "state": "paid",
                "approval": "none",
                "asked": "none",
                "passed": [],
                "basis": {"code": "compensation.fixed", "params": {"amount_fen": amount}, "offered_fen": amount},
                "evidence": list(policy.evidence),
                "proposed_by_id": at.people[one.agent],
                "proposed_at": first.solved,
                "decided_by_id": at.people[one.agent],
                "decided_at": first.solved,
                "version": 2,
            }
        )
    ids = inserted_rows(Compensation, rows)
    _pay(rows, ids, at)
    events: Rows = []
    for row, id in zip(rows, ids, strict=True):
        told = {"compensation": id, "amount_fen": row["amount_fen"]}
        proposed = {**told, "policy": row["policy_code"], "approval": "none"}
        events.append(
            event(row["ticket_id"], row["proposed_at"], row["proposed_by_id"], "compensation.proposed", **proposed)
        )
        paid_at = row["proposed_at"] + PAID_AFTER
        events.append(event(row["ticket_id"], paid_at, at.finance, "compensation.paid", **told))
    return events


def _amount(policy: Policy, paid_fen: int) -> int:
    """About what the policy gives, within what an agent may promise alone."""
    if policy.amount_fen is not None:
        return policy.amount_fen
    part = paid_fen * policy.percent // 100 if policy.percent else USUAL_FEN
    if policy.kind == "resend":
        part = paid_fen
    return max(policy.floor_fen or 1, min(part, policy.cap_fen or MOST_FEN))


def _pay(rows: Rows, ids: Sequence[int], at: House) -> None:
    """A file a month for what finance transfers."""
    months: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for row, id in zip(rows, ids, strict=True):
        if row["kind"] in PAYOUTS:
            months.setdefault(f"{row['proposed_at'].astimezone(ZONE):%y%m}", []).append((id, row))
    batches = [
        {
            "key": f"demo-past-{month}",
            "number": f"PAY-{month}28-01",
            "created_by_id": at.finance,
            "created_at": max(row["proposed_at"] for _id, row in due) + PAID_AFTER,
            "rows": len(due),
            "total_fen": sum(row["amount_fen"] for _id, row in due),
            "version": 2,
        }
        for month, due in months.items()
    ]
    made = dict(zip(months, inserted_rows(PayoutBatch, batches), strict=True))
    insert_rows(
        Payout,
        [
            {
                "key": f"demo-past-{id}",
                "batch_id": made[month],
                "compensation_id": id,
                "amount_fen": row["amount_fen"],
                "state": "paid",
                "settled_by_id": at.finance,
                "settled_at": row["proposed_at"] + PAID_AFTER,
            }
            for month, due in months.items()
            for id, row in due
        ],
    )
