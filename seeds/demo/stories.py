"""What happened with a ticket that was solved: from the first words to its closing."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.domain.calendars import open_seconds
from helpdesk.domain.tickets import CLOSE_AFTER_SECONDS, Outcome
from seeds.demo import material, phrases
from seeds.demo.endings import ending
from seeds.demo.steps import (
    OWNER,
    SYSTEM,
    Action,
    Agree,
    Answer,
    Claim,
    Close,
    Hear,
    Jot,
    Move,
    Offer,
    Open,
    PlannedTicket,
    Resolve,
    Step,
    Triage,
)
from seeds.demo.times import after_working, at_share, desk

QUICK_SECONDS = 40 * 60
"""Handled faster than this, one reply did it."""

ONE_REPLY = 0.55
NUDGED = {0: 0.05, 1: 0.04, 2: 0.04}
FIRST_REPLY_MINUTES = {0: 8, 1: 7, 2: 6}
"""Median, by month: the shop learnt to answer faster."""

REOPENED = 0.06
OFFERED = {Outcome.COMPENSATED: 1.0, Outcome.REFUNDED: 0.5, Outcome.RESENT: 0.6, Outcome.EXCHANGED: 0.3}
"""How often something was offered, by how the ticket ended."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A ticket with its two fixed points, both in ``month`` (0: the earlier full one)."""

    ticket: PlannedTicket
    opening: Open
    created: datetime
    resolved: datetime
    month: int


def story(solved: Solved, queue: str, now: datetime, dice: random.Random) -> list[Step]:
    """All steps up to ``now``. ``queue`` is that of the ticket's type."""
    ticket, created, resolved = solved.ticket, solved.created, solved.resolved
    steps = [Step(created, ticket.key, solved.opening)]
    monitored = solved.opening.by == SYSTEM and solved.opening.typed
    told = _monitored(solved) if monitored else _conversation(solved, queue, dice)
    steps += [Step(at, ticket.key, action) for at, action in told if created < at < resolved]
    outcome, shares = ending(ticket.type, dice)
    if not monitored:
        steps += _offers(solved, outcome)
    by = SYSTEM if ticket.type == "order_stall" else OWNER
    steps.append(Step(resolved, ticket.key, Resolve(outcome, shares, by)))
    last = resolved
    if not monitored and dice.random() < REOPENED:
        again = list(_comes_back(ticket, resolved, now, dice))
        steps += again
        last = again[-1].at if again else last
    closed = last + timedelta(seconds=CLOSE_AFTER_SECONDS + dice.randint(1, 15 * 60))
    if closed < now:
        steps.append(Step(closed, ticket.key, Close()))
    return steps


def _offers(solved: Solved, outcome: Outcome) -> Iterator[Step]:
    """What the customer was offered on the way, and who agreed to it."""
    dice = random.Random(f"offer {solved.ticket.key}")
    if dice.random() > OFFERED.get(outcome, 0):
        return
    offered = at_share("customer_service", solved.created, solved.resolved, 0.8)
    agreed = at_share("customer_service", solved.created, solved.resolved, 0.93)
    if offered is not None and agreed is not None:
        yield Step(offered, solved.ticket.key, Offer())
        yield Step(agreed, solved.ticket.key, Agree())


def _conversation(solved: Solved, queue: str, dice: random.Random) -> Iterator[tuple[datetime, Action]]:
    ticket, created, resolved = solved.ticket, solved.created, solved.resolved
    working = open_seconds(desk(), created, resolved)
    delay = FIRST_REPLY_MINUTES[solved.month] * 60 * math.exp(dice.gauss(0, 0.8))
    delay = max(40, min(delay, working * 0.5))
    first = after_working("customer_service", created, delay)
    yield after_working("customer_service", created, delay * 0.7), Triage()
    yield from _colleagues(ticket, queue, created, resolved, dice)
    if working < QUICK_SECONDS or dice.random() < ONE_REPLY:
        yield first, phrases.pick(ticket, "solution", first, dice)
    else:
        yield from _two_replies(ticket, first, resolved, dice)
    if resolved - created > timedelta(hours=3) and dice.random() < NUDGED[solved.month]:
        yield created + (resolved - created) * dice.uniform(0.5, 0.8), Hear(_said("nudges", ticket, dice), nudge=True)
    if dice.random() < 0.06:
        yield resolved - (resolved - first) * 0.2, Hear(_said("thanks", ticket, dice))


def _two_replies(
    ticket: PlannedTicket, first: datetime, resolved: datetime, dice: random.Random
) -> Iterator[tuple[datetime, Action]]:
    """First a question or how things stand, then the solution."""
    kind = dice.choice(("ask", "progress", "progress"))
    yield first, phrases.pick(ticket, kind, first, dice)
    if kind == "ask":
        yield first + (resolved - first) * dice.uniform(0.15, 0.5), Hear(_said("answers", ticket, dice))
    solved = at_share("customer_service", first, resolved, dice.uniform(0.6, 0.95))
    if solved is not None:
        yield solved, phrases.pick(ticket, "solution", solved, dice)


def _colleagues(
    ticket: PlannedTicket, queue: str, created: datetime, resolved: datetime, dice: random.Random
) -> Iterator[tuple[datetime, Action]]:
    """What the other queue does meanwhile, in its own hours."""
    if queue == "customer_service":
        if dice.random() < 0.08:
            yield resolved - (resolved - created) * 0.3, Jot(OWNER, dice.choice(material.inside()["notes"][queue]))
        return
    if dice.random() > 0.45:
        return
    share = dice.uniform(0.1, 0.4)
    taken, found = at_share(queue, created, resolved, share), at_share(queue, created, resolved, share + 0.25)
    if taken is not None and found is not None:
        yield taken, Claim(ticket.helper)
        yield found, Jot(ticket.helper, dice.choice(material.inside()["findings"][queue]))
    elif dice.random() < 0.3 and (moved := at_share("customer_service", created, resolved, 0.5)):
        yield moved, Move("customer_service", dice.choice(material.inside()["reasons"]["transfer"]))


def _monitored(solved: Solved) -> Iterator[tuple[datetime, Action]]:
    """A ticket of a monitor has nobody to answer."""
    queue = "finance" if solved.ticket.type == "reconcile_diff" else "customer_service"
    seen = at_share(queue, solved.created, solved.resolved, 0.5)
    if seen is not None:
        yield seen, Claim(solved.ticket.helper if queue == "finance" else solved.ticket.agent)


def _comes_back(ticket: PlannedTicket, resolved: datetime, now: datetime, dice: random.Random) -> Iterator[Step]:
    """The customer writes again within the week, and is answered the next working hours."""
    again = resolved + timedelta(hours=dice.uniform(2, 60))
    answered = after_working("customer_service", again, dice.randint(5, 40) * 60)
    done = after_working("customer_service", answered, dice.randint(20, 200) * 60)
    if done > now - timedelta(hours=1):
        return
    outcome, shares = ending(ticket.type, dice)
    reply = Answer(text=phrases.free(phrases.FREE_CLOSINGS, ticket, dice), solution=True)
    yield Step(again, ticket.key, Hear(_said("back_again", ticket, dice)))
    yield Step(answered, ticket.key, reply)
    yield Step(done, ticket.key, Resolve(outcome, shares))


def _said(kind: str, ticket: PlannedTicket, dice: random.Random) -> str:
    return dice.choice(material.messages()[kind].of(english=ticket.buyer.english))
