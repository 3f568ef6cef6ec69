"""What makes a ticket more urgent than its deadline says, and when that is over.

Stages of the customer's clocks and 催单 raise urgency; it changes order and alerts, never a target. A
queue's own clock doesn't: it says who used the time, not how long the customer has waited.
"""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.domain.clocks import Kind
from helpdesk.models import ClockRow, ClockStage, Ticket
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.storage import session

RAISED_BY = (Kind.FIRST_RESPONSE.value, Kind.SOLUTION.value, Kind.PLATFORM.value)


def settle(ticket: Ticket) -> None:
    """The customer was answered: urgency falls to what the clocks that still run have raised.

    Without this every ticket that was once answered late would burn for good above those that are about to
    be late.
    """
    fired = session().execute(
        select(ClockRow.rule_version, ClockStage.stage_code)
        .join(ClockStage, ClockStage.clock_id == ClockRow.id)
        .where(
            ClockRow.ticket_id == ticket.id,
            ClockRow.cycle == ticket.cycle,
            ClockRow.kind.in_(RAISED_BY),
            ClockRow.met_at.is_(None),
            ClockRow.cancelled_at.is_(None),
            ClockStage.fired_at.is_not(None),
            ClockStage.silent.is_(False),
        )
    )
    fired_under: dict[int, set[str]] = {}
    for version, code in fired:
        fired_under.setdefault(version, set()).add(code)
    urgencies = [
        stage.urgency
        for version, codes in fired_under.items()
        for stage in rulebook_of(version).all_stages()
        if stage.code in codes
    ]
    ticket.urgency = max(urgencies, default=0)
    session().flush()
