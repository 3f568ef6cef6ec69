"""What a customer was compensated before, and how that looks: on the ticket page and on the cards of approvals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from helpdesk.domain.risk import risk
from helpdesk.domain.rulebook import RuleBook
from helpdesk.queries.approvals import Earlier
from helpdesk.wording.money import money_kind_label, risk_label, risk_reason

MOST_NAMED = 4
"""Earlier compensations that a card names; the rest is counted."""


def history(found: Sequence[Earlier], book: RuleBook, now: datetime) -> dict[str, Any]:
    """``earlier`` and ``risk`` for ``money/_customer.html``: a hint for who decides, never a block.

    The level looks at the days of the customer's cap only, and leaves remedies out.
    """
    cap = book.customer_cap
    since = now - timedelta(days=cap.days) if cap else None
    recent = [one for one in found if not one.is_remedy and (since is None or one.proposed_at >= since)]
    level = risk(len(recent), sum(one.amount_fen for one in recent), cap.fen if cap else None)
    return {
        "earlier": {
            "count": len(found),
            "fen": sum(one.amount_fen for one in found),
            "latest": [
                {
                    "ticket": one.ticket,
                    "kind": money_kind_label(one.kind),
                    "amount_fen": one.amount_fen,
                    "at": one.proposed_at,
                }
                for one in found[:MOST_NAMED]
            ],
            "more": max(len(found) - MOST_NAMED, 0),
        },
        "risk": {
            "level": level.level.value,
            "name": risk_label(level.level.value),
            "reasons": [
                risk_reason(code, times=len(recent), cap_fen=cap.fen if cap else 0, days=cap.days if cap else 0)
                for code in level.reasons
            ],
        },
    }
