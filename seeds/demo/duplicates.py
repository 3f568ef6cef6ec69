"""Customers who had been answered and came a second time, another way: a colleague opened a second ticket."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from seeds.demo import material, people
from seeds.demo.steps import Answer, Merge, Open, PlannedTicket, Resolve, Step
from seeds.demo.times import at_share

SECOND = {
    "address_change": "cancel_order",
    "late_shipment": "cancel_order",
    "out_of_stock": "cancel_order",
    "wrong_item": "return_request",
    "damaged": "return_request",
    "quality": "return_request",
    "missing_item": "service_complaint",
    "lost_parcel": "service_complaint",
    "logistics_stuck": "service_complaint",
    "refund_status": "service_complaint",
}
"""What the second ticket is taken for, by the type of the first; customer service's own types."""

OF_SOLVED = 3
OF_ACTIVE = 2
"""So many firsts, by what they are now."""

SEEN_AFTER = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class First:
    """A ticket with the span in which its customer, who had been answered, still waited."""

    ticket: PlannedTicket
    answered: datetime
    until: datetime
    solved: bool


def doubled(
    steps: list[Step], tickets: list[PlannedTicket], now: datetime, dice: random.Random
) -> Iterator[tuple[PlannedTicket, list[Step]]]:
    """Second tickets with what happens to them. Their keys go on behind those of ``tickets``."""
    firsts = list(_firsts(steps, tickets, now))
    key = len(tickets)
    for solved, wanted in ((True, OF_SOLVED), (False, OF_ACTIVE)):
        some = [first for first in firsts if first.solved is solved]
        for first in dice.sample(some, len(some)):
            told = _second(first, key, dice) if wanted else None
            if told is not None:
                yield told
                key, wanted = key + 1, wanted - 1


def _firsts(steps: list[Step], tickets: list[PlannedTicket], now: datetime) -> Iterator[First]:
    answered, solved = _earliest(steps, Answer), _earliest(steps, Resolve)
    for ticket in tickets:
        at = answered.get(ticket.key)
        if ticket.type in SECOND and ticket.order is not None and not ticket.buyer.english and at is not None:
            yield First(ticket, at, solved.get(ticket.key, now), ticket.key in solved)


def _earliest(steps: list[Step], kind: type[Answer] | type[Resolve]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for step in steps:
        if isinstance(step.action, kind):
            found[step.ticket] = min(step.at, found.get(step.ticket, step.at))
    return found


def _second(first: First, key: int, dice: random.Random) -> tuple[PlannedTicket, list[Step]] | None:
    """None where there was no time between for somebody to open it and somebody else to see that there are two."""
    opened = at_share("customer_service", first.answered, first.until, dice.uniform(0.2, 0.4))
    seen = at_share("customer_service", first.answered, first.until, dice.uniform(0.5, 0.8))
    if opened is None or seen is None or seen < opened + SEEN_AFTER:
        return None
    ticket = first.ticket
    colleague = dice.choice([login for login in people.logins("customer_service") if login != ticket.agent])
    second = replace(ticket, key=key, type=SECOND[ticket.type], agent=colleague)
    words = material.messages()[second.type].of(english=False, shop=ticket.shop)
    text = material.filled(dice.choice(words), ticket.slots)
    reason = dice.choice(material.inside()["reasons"]["merge"])
    return second, [Step(opened, key, Open(text, by=colleague, typed=True)), Step(seen, key, Merge(ticket.key, reason))]
