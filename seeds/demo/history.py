"""The ten full months before the demo's plan: closed tickets, as a pure function of a seed and the present day.

They make the report's year. Each is a small ticket of its own, with its order, words, clocks and shares, so that every
figure opens the tickets behind it; ``history_rows`` plants them past the services, which would take minutes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from helpdesk.domain.calendars import open_seconds
from helpdesk.domain.tickets import Outcome
from seeds import rulebook_document
from seeds.demo import course, material, people, phrases
from seeds.demo.endings import Shares, ending
from seeds.demo.orders import CHANNEL_WEIGHTS, Numbers, new_buyer, purchase
from seeds.demo.plan import HOUR, SHARES
from seeds.demo.steps import PlannedOrder
from seeds.demo.times import (
    HOUR_WEIGHTS,
    LAST_EVENING_HOUR,
    WEEKDAY_WEIGHTS,
    ZONE,
    Month,
    after_working,
    at_share,
    desk,
    handling_times,
    last_months,
)

MONTHS = len(course.MEAN_HOURS) - 2
MONITORED = frozenset({"order_stall", "reconcile_diff"})
REOPENED, PAID, WAITED = 0.05, 0.24, 0.2
CLOSED_AFTER = timedelta(days=7, minutes=10)
SHORT_SECONDS = 900
"""Of less working time than that nobody has to wait for anybody."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """From the first word, or from the one that opened it again, to the answer and the resolve (UTC).

    ``waited``: from when to when it waited for the customer or for an approval (``pending``).
    """

    began: datetime
    replied: datetime
    solved: datetime
    resolved: datetime
    pending: str = ""
    waited: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class PastTicket:
    """A ticket that was closed long ago. ``paid``: which of the offers for its type was made, by a draw from 0 to 1."""

    type: str
    order: PlannedOrder
    agent: str
    helper: str
    text: str
    progress: str
    solution: str
    outcome: Outcome
    shares: Shares
    cycles: tuple[Cycle, ...]
    paid: float | None

    @property
    def created(self) -> datetime:
        return self.cycles[0].began

    @property
    def closed(self) -> datetime:
        return self.cycles[-1].resolved + CLOSED_AFTER


def write(seed: int, now: datetime) -> tuple[PastTicket, ...]:
    """In order of creation. The same seed and month give the same history."""
    months = _months(now)
    dice = random.Random(f"history:{seed}:{months[-1].end.date()}")
    numbers = Numbers(dice)
    told = [ticket for index, month in enumerate(months) for ticket in _month(index, month, numbers, dice)]
    return tuple(sorted(told, key=lambda ticket: ticket.created))


def _months(now: datetime) -> list[Month]:
    """Full calendar months, the earliest first; the last one ends where the plan begins."""
    found: list[Month] = []
    end = last_months(now)[0].start
    for _ in range(MONTHS):
        day = (end.astimezone(ZONE).date() - timedelta(days=1)).replace(day=1)
        start = datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
        found.insert(0, Month(start, end, complete=True))
        end = start
    return found


def _month(index: int, month: Month, numbers: Numbers, dice: random.Random) -> Iterator[PastTicket]:
    mean = course.MEAN_HOURS[index]
    first = month.start.astimezone(ZONE).date()
    count = round(course.TICKETS_A_MONTH * course.SEASON.get(first.month, 1.0))
    types = _types(index, count, dice)
    created = _moments(first, month, count, dice)
    resolved: dict[int, datetime] = {}
    left = mean * HOUR * count
    for code, hours in course.mean_hours_of_types(mean).items():
        places = [place for place, one in enumerate(types) if one == code]
        times = handling_times([created[place] for place in places], month, hours * HOUR, dice)
        resolved |= dict(zip(places, times, strict=True))
        left -= sum((at - created[place]).total_seconds() for place, at in zip(places, times, strict=True))
    rest = [place for place in range(count) if place not in resolved]
    times = handling_times([created[place] for place in rest], month, left / len(rest), dice)
    resolved |= dict(zip(rest, times, strict=True))
    for place, code in enumerate(types):
        yield _ticket(code, created[place], resolved[place], mean, numbers, dice)


def _types(index: int, count: int, dice: random.Random) -> list[str]:
    """Every type once, the rest by its weight in this month."""
    weights = [course.weight(code, share, index) for code, share in SHARES.items()]
    return [*SHARES, *dice.choices(list(SHARES), weights, k=count - len(SHARES))]


def _moments(first: date, month: Month, count: int, dice: random.Random) -> list[datetime]:
    """When customers wrote: more on some days of the week and of the year; late on the last day nobody does."""
    days = [first + timedelta(days=n) for n in range(round(month.days))]
    weights = [
        WEEKDAY_WEIGHTS[day.weekday()] * (course.AT_PEAK if (day.month, day.day) in course.PEAKS else 1) for day in days
    ]
    found: list[datetime] = []
    while len(found) < count:
        day = dice.choices(days, weights)[0]
        hours = LAST_EVENING_HOUR if day == days[-1] else 24
        hour = dice.choices(range(hours), HOUR_WEIGHTS[:hours])[0]
        at = datetime(day.year, day.month, day.day, hour, dice.randrange(60), dice.randrange(60), tzinfo=ZONE)
        found.append(at.astimezone(UTC))
    return found


def _ticket(
    code: str, created: datetime, resolved: datetime, mean: float, numbers: Numbers, dice: random.Random
) -> PastTicket:
    shop = dice.choice(material.shops())
    channel = dice.choices(list(CHANNEL_WEIGHTS), list(CHANNEL_WEIGHTS.values()))[0]
    buyer = new_buyer(channel, numbers, dice, english=False)
    bought = purchase(code, shop, channel, buyer, created, numbers, dice)
    outcome, shares = ending(code, dice)
    cycles = [_cycle(created, resolved, mean, dice)]
    if code not in MONITORED and dice.random() < REOPENED:
        cycles.append(_again(resolved, mean, dice))
    return PastTicket(
        type=code,
        order=bought.order,
        agent=dice.choice(people.logins("customer_service")),
        helper=dice.choice(people.logins(_queues()[code])),
        text=material.filled(dice.choice(material.messages()[code].of(english=False, shop=shop.code)), bought.slots),
        progress=dice.choice(phrases.FREE_PROGRESS["zh"]),
        solution=dice.choice(phrases.FREE_SOLUTIONS["zh"]),
        outcome=outcome,
        shares=shares,
        cycles=tuple(cycles),
        paid=dice.random() if dice.random() < PAID else None,
    )


def _cycle(began: datetime, resolved: datetime, mean: float, dice: random.Random) -> Cycle:
    """Within customer service's hours: a first reply, perhaps a wait, the solution, the resolve."""
    working = open_seconds(desk(), began, resolved)
    delay = course.first_reply_minutes(mean) * 60 * math.exp(dice.gauss(0, 0.8))
    replied = min(after_working("customer_service", began, max(40, min(delay, working * 0.4))), resolved)
    solved = at_share("customer_service", replied, resolved, dice.uniform(0.6, 0.95)) or resolved
    pending, waited = "", None
    if open_seconds(desk(), replied, solved) > SHORT_SECONDS and dice.random() < WAITED + mean * 0.03:
        pending = dice.choice(("pending_customer", "pending_approval", "pending_approval"))
        begin = at_share("customer_service", replied, solved, dice.uniform(0.05, 0.2))
        end = at_share("customer_service", replied, solved, dice.uniform(0.5, 0.9))
        waited = (begin, end) if begin and end and begin < end else None
    return Cycle(began, replied, solved, resolved, pending if waited else "", waited)


def _again(resolved: datetime, mean: float, dice: random.Random) -> Cycle:
    """The customer writes again within two days, and is answered in the next working hours."""
    began = resolved + timedelta(minutes=dice.randint(100, 2800))
    done = after_working("customer_service", began, dice.randint(30, 240) * 60)
    return _cycle(began, done, mean, dice)


@cache
def _queues() -> dict[str, str]:
    return {row["code"]: row["queue"] for row in rulebook_document.document()["types"]}
