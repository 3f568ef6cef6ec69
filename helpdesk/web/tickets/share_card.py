"""The card of the ticket page about who is responsible: evidence, what the rules propose, what was said, appeals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from helpdesk.domain.access import Actor, Permission, may_note, may_work
from helpdesk.domain.responsibility import (
    NO_EVIDENCE,
    NO_RULE,
    Facts,
    Proposal,
    appeal_until,
    propose_shares,
)
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import FINAL, Party
from helpdesk.models.appeals import DECIDED
from helpdesk.queries.ticket_life import queue_uses
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.queries.ticket_shares import AppealView, SaidShare, TicketShares
from helpdesk.services.appeals import MAX_REASON
from helpdesk.web.share_fields import rows_of, shares_text
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _


@dataclass(frozen=True, slots=True)
class TypedShares:
    """A try that was turned down: why, and what was typed."""

    error: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)
    reason: str = ""
    marks: dict[str, str] = field(default_factory=dict)


def proposal(page: TicketPage, known: TicketShares, book: RuleBook, now: datetime) -> Proposal:
    """What the rules make of what is known."""
    return propose_shares(
        book.responsibility,
        Facts(
            type=page.ticket.type,
            order_status=page.order.status if page.order else None,
            evidence={code: tick.present for code, tick in known.evidence.items()},
            slowest=_slowest(page, now),
            compensated=page.money.already_promised_fen > 0 or page.money.paid_out_fen > 0,
        ),
    )


def prefilled(known: TicketShares, found: Proposal) -> list[dict[str, str]]:
    """Rows for the form that resolves: what was said, else what the rules propose once they do."""
    if known.shares:
        return rows_of({one.party: one.percent for one in known.shares})
    return rows_of(found.shares) if found.determined else []


def card(
    page: TicketPage,
    known: TicketShares,
    found: Proposal,
    book: RuleBook,
    actor: Actor,
    typed: TypedShares,
    now: datetime,
) -> dict[str, Any]:
    open_still = page.ticket.status not in FINAL
    appealed = any(one.state == "open" for one in known.appeals)
    stands = {one.party: one.percent for one in known.shares}
    return {
        "evidence": _evidence(page, known, book, typed),
        "may_mark": may_note(actor, page.standing) and open_still,
        "may_say": may_work(actor, page.standing) and open_still and not appealed,
        "shares": [{"party": one.party.value, "percent": one.percent} for one in known.shares],
        "revision": known.revision,
        "proposed": rows_of(found.shares) if found.determined and found.shares != stands else [],
        "proposed_text": shares_text(found.shares),
        "determined": found.determined,
        "reasons": [_reason(code, found, book) for code in found.reasons],
        "appeals": [_appeal(one) for one in known.appeals],
        "appealed": appealed,
        "disputable": [one for share in known.shares if (one := _disputable(share, page, known, book, actor, now))],
        "rows": typed.rows or rows_of(stands or (found.shares if found.determined else {})),
        "parties": [party.value for party in Party],
        "typed": typed,
        "most_reason": MAX_REASON,
    }


def _slowest(page: TicketPage, now: datetime) -> str | None:
    """The queue that overran its own targets by most; None where none did."""
    over: dict[str, int] = {}
    for cycle in {one.cycle for one in page.records.stints if one.cycle is not None}:
        for use in queue_uses(page.records, cycle, now):
            over[use.queue] = over.get(use.queue, 0) + use.over_seconds
    slow = {queue: seconds for queue, seconds in over.items() if seconds}
    return min(slow, key=lambda queue: (-slow[queue], queue)) if slow else None


def _evidence(page: TicketPage, known: TicketShares, book: RuleBook, typed: TypedShares) -> list[dict[str, Any]]:
    asked = book.responsibility.asked_of(page.ticket.type)
    rows = []
    for code in asked.codes:
        tick = known.evidence.get(code)
        mark = "" if tick is None else "present" if tick.present else "absent"
        rows.append(
            {
                "code": code,
                "name": label(book.responsibility.evidence[code]),
                "needed": code in asked.needs,
                "mark": mark,
                "chosen": typed.marks.get(code, mark),
                "by": tick.by if tick else "",
                "at": tick.at if tick else None,
            }
        )
    return rows


def _reason(code: str, found: Proposal, book: RuleBook) -> str:
    if code == NO_EVIDENCE:
        names = (label(book.responsibility.evidence[one]) for one in found.missing)
        return _("先核对：%(evidence)s", evidence=_("、").join(names))
    if code == NO_RULE:
        return _("没有规则适用于这种情况，请自己判断")
    rule = book.responsibility.rule(code)
    return label(rule.why) if rule else code


def _appeal(one: AppealView) -> dict[str, Any]:
    return {
        "party": one.party.value,
        "percent": one.percent,
        "state": one.state,
        "by": one.by,
        "at": one.at,
        "why": one.why,
        "decider": one.decider,
        "answer": one.answer,
    }


def _disputable(
    share: SaidShare, page: TicketPage, known: TicketShares, book: RuleBook, actor: Actor, now: datetime
) -> dict[str, Any] | None:
    """A share of the reader's queue that can be appealed against now; the service decides in the end."""
    code = book.responsibility.queues.get(share.party)
    queue = next((one for one in page.names.queues.values() if one.code == code), None)
    if queue is None or queue.id not in actor.queues or not actor.may(Permission.SHARES_APPEAL):
        return None
    earlier = [one for one in known.appeals if one.party is share.party]
    decided = next((one.left_percent for one in earlier if one.state in DECIDED), None)
    settled = decided is not None and share.percent <= decided
    if share.settled_at is None or now > appeal_until(share.settled_at) or settled:
        return None
    if any(one.state == "open" for one in earlier):
        return None
    left = int((appeal_until(share.settled_at) - now).total_seconds())
    return {"party": share.party.value, "percent": share.percent, "seconds_left": left}
