"""The demo as a pure function of a seed and the present moment.

It tells of the last two full calendar months and the current one: about 600 tickets. What was handled takes as long
as ``course`` says, by the report's definition (from creation to first resolve, in the month of the resolve): 3.1 h in
the last full month. What was before that is told by ``history``.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from helpdesk.domain.tickets import Priority
from seeds import rulebook_document
from seeds.demo import blame, course, duplicates, material, people, scenes
from seeds.demo.material import DemoShop
from seeds.demo.orders import CHANNEL_WEIGHTS, Numbers, Purchase, new_buyer, purchase
from seeds.demo.scenes import Target
from seeds.demo.steps import SYSTEM, Buyer, DemoPlan, Open, PlannedTicket, Step
from seeds.demo.stories import Solved, story
from seeds.demo.times import Month, handling_times, last_months, moment_in

TICKETS = 600
"""Without the few that are merged into another one."""

ENGLISH = 0.06
BY_AGENT = 0.2
RETURNING = 0.08
UNKNOWN_ORDER = 0.03
HOUR = 3600
MEAN_HOURS = (*course.MEAN_HOURS[-2:], 2.9)
"""Of all tickets, by month."""

SHARES = {
    "address_change": 50, "price_dispute": 45, "wrong_item": 50, "missing_item": 32, "damaged": 38,
    "out_of_stock": 20, "late_shipment": 40, "exchange_request": 26, "return_mismatch": 10, "logistics_stuck": 50,
    "lost_parcel": 22, "quality": 40, "return_request": 36, "cancel_order": 26, "coupon_promo": 22,
    "service_complaint": 14, "refund_status": 30, "payment_issue": 12, "freight_dispute": 16, "invoice": 20,
    "order_stall": 10, "reconcile_diff": 6, "other": 20,
}  # fmt: skip
"""How often a type comes up."""


def plan(seed: int, now: datetime) -> DemoPlan:
    """The same seed and moment give the same plan, another moment another one."""
    return _Author(seed, now).write()


class _Author:
    """Holds the dice and what is numbered through while the plan is written."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.now = now.replace(microsecond=0)
        self.dice = random.Random(f"{seed}:{self.now.isoformat()}")
        self.numbers = Numbers(self.dice)
        self.targets = _targets()
        self.tickets: list[PlannedTicket] = []
        self.buyers: list[tuple[str, str, Buyer]] = []
        self.months = last_months(self.now)

    def write(self) -> DemoPlan:
        steps = [step for index, count in enumerate(self._counts()) for step in self._past(index, count)]
        steps += self._present()
        steps += self._reopened(steps)
        steps += self._doubled(steps)
        steps += blame.disputes(steps, self.now)
        steps = [step for step in steps if step.at < self.now]
        return DemoPlan(
            now=self.now,
            begins=self.months[0].start,
            tickets=tuple(self.tickets),
            steps=tuple(sorted(steps, key=lambda step: (step.at, step.ticket))),
        )

    def _counts(self) -> list[int]:
        """Solved tickets by month, in proportion to its days."""
        solved = TICKETS - scenes.count()
        days = [month.days for month in self.months]
        counts = [round(solved * part / sum(days)) for part in days]
        return [solved - sum(counts[1:]), *counts[1:]]

    def _past(self, index: int, count: int) -> list[Step]:
        month = self.months[index]
        told = []
        for type_code in _types(count):
            created = self._moment(month)
            if created is not None:
                told.append((created, *self._ticket(type_code, created)))
        resolved = self._resolves(index, [(created, ticket.type) for created, ticket, _ in told])
        steps = []
        for (created, ticket, opening), at in zip(told, resolved, strict=True):
            solved = Solved(ticket, opening, created, at, index)
            steps += story(solved, self.targets[ticket.type].queue, self.now, self.dice)
        return steps

    def _moment(self, month: Month) -> datetime | None:
        """None where the month is too young for anything to be solved in it."""
        return next((at for _ in range(30) if (at := moment_in(month, self.dice)) is not None), None)

    def _resolves(self, index: int, told: list[tuple[datetime, str]]) -> list[datetime]:
        """Group by group, so that the means hold: the three types, then all others together."""
        month = self.months[index]
        found: dict[int, datetime] = {}
        left = MEAN_HOURS[index] * HOUR * len(told)
        special = course.mean_hours_of_types(MEAN_HOURS[index]) if month.complete else {}
        for type_code, hours in special.items():
            places = [place for place, (_, code) in enumerate(told) if code == type_code]
            times = handling_times([told[place][0] for place in places], month, hours * HOUR, self.dice)
            found |= dict(zip(places, times, strict=True))
        left -= sum((at - told[place][0]).total_seconds() for place, at in found.items())
        places = [place for place in range(len(told)) if place not in found]
        if places:
            times = handling_times([told[place][0] for place in places], month, left / len(places), self.dice)
            found |= dict(zip(places, times, strict=True))
        return [found[place] for place in range(len(told))]

    def _present(self) -> list[Step]:
        steps = []
        for scene in scenes.SCENES:
            for type_code in scene.types:
                target = self.targets[type_code]
                created = scenes.created_at(scene, target, self.now, self.dice)
                placed = None if scene.placed is None else self.now - timedelta(hours=scene.placed)
                ticket, opening = self._ticket(type_code, created, placed, words=scene.words)
                steps.append(Step(created, ticket.key, opening))
                told = scenes.happened(scene, ticket, target, created, self.now, self.dice)
                steps += [Step(at, ticket.key, action) for at, action in told]
        return steps

    def _reopened(self, steps: list[Step]) -> list[Step]:
        return list(scenes.reopened(steps, {ticket.key: ticket for ticket in self.tickets}, self.now, self.dice))

    def _doubled(self, steps: list[Step]) -> list[Step]:
        told = list(duplicates.doubled(steps, self.tickets, self.now, self.dice))
        self.tickets += [ticket for ticket, _ in told]
        return [step for _, some in told for step in some]

    def _ticket(
        self, type_code: str, created: datetime, placed: datetime | None = None, *, words: str = ""
    ) -> tuple[PlannedTicket, Open]:
        """``placed``: when its order was, which is known and has not left; else as it usually is with this type.

        ``words``: where the customer's words are taken from, one after the other, if not from those of the type.
        """
        dice = self.dice
        shop = dice.choice(material.shops())
        channel = dice.choices(list(CHANNEL_WEIGHTS), list(CHANNEL_WEIGHTS.values()))[0]
        monitored = type_code in {"order_stall", "reconcile_diff"}
        shop, channel, buyer = self._buyer(shop, channel, english=not monitored and dice.random() < ENGLISH)
        bought = purchase(type_code, shop, channel, buyer, created, self.numbers, dice, placed)
        no_order = type_code == "other" and dice.random() < 0.7
        unknown = not monitored and placed is None and dice.random() < UNKNOWN_ORDER
        queue = self.targets[type_code].queue
        ticket = PlannedTicket(
            key=len(self.tickets),
            type=type_code,
            shop=shop.code,
            channel=channel,
            buyer=buyer,
            agent=dice.choice(people.logins("customer_service")),
            helper=dice.choice(people.logins(queue)),
            order=None if no_order or unknown else bought.order,
            order_number="" if no_order else bought.order.number,
            values=_known(bought, no_order=no_order, unknown=unknown),
            slots=bought.slots,
        )
        self.tickets.append(ticket)
        said = material.messages()[words or type_code].of(english=buyer.english, shop=shop.code)
        text = said[ticket.key % len(said)] if words else dice.choice(said)
        return ticket, self._opening(ticket, material.filled(text, bought.slots), monitored=monitored)

    def _opening(self, ticket: PlannedTicket, text: str, *, monitored: bool) -> Open:
        if monitored:
            return Open(text, typed=True)
        by_agent = self.dice.random() < BY_AGENT
        return Open(
            text,
            by=ticket.agent if by_agent else SYSTEM,
            priority=self.dice.choices((Priority.P1, Priority.P2, Priority.P3), (5, 90, 5))[0]
            if by_agent
            else Priority.P2,
        )

    def _buyer(self, shop: DemoShop, channel: str, *, english: bool) -> tuple[DemoShop, str, Buyer]:
        """Mostly somebody new; sometimes one who has bought, and complained, before."""
        if self.buyers and self.dice.random() < RETURNING:
            code, channel, buyer = self.dice.choice(self.buyers[-60:])
            return next(shop for shop in material.shops() if shop.code == code), channel, buyer
        buyer = new_buyer(channel, self.numbers, self.dice, english=english)
        self.buyers.append((shop.code, channel, buyer))
        return shop, channel, buyer


def _targets() -> dict[str, Target]:
    return {
        row["code"]: Target(row["queue"], row["first_response_seconds"], row["solution_seconds"])
        for row in rulebook_document.document()["types"]
    }


def _types(count: int) -> list[str]:
    """So many tickets by type, each type at least once where there is room, the rest by its share."""
    if count < len(SHARES):
        return sorted(SHARES, key=lambda code: -SHARES[code])[:count]
    total = sum(SHARES.values())
    exact = {code: 1 + (count - len(SHARES)) * share / total for code, share in SHARES.items()}
    counts = {code: int(value) for code, value in exact.items()}
    for code in sorted(exact, key=lambda code: counts[code] - exact[code])[: count - sum(counts.values())]:
        counts[code] += 1
    return [code for code, times in counts.items() for _ in range(times)]


def _known(bought: Purchase, *, no_order: bool, unknown: bool) -> dict[str, str]:
    """What a reply can name: nothing of an order that nobody knows."""
    if not (no_order or unknown):
        return bought.values
    kept = {"customer", "shop", "amount"} | (set() if no_order else {"order"})
    return {name: value for name, value in bought.values.items() if name in kept}
