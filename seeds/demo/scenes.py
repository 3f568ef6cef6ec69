"""What is under way at the present moment, whatever the hour: fresh, nearly due, overdue, waiting, asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from helpdesk.domain.tickets import Party, Priority, Status
from seeds.demo import material, phrases
from seeds.demo.steps import (
    OWNER,
    Action,
    Answer,
    Ask,
    Claim,
    Hear,
    Jot,
    Move,
    Offer,
    PlannedTicket,
    Rank,
    Resolve,
    Step,
    Tell,
    Triage,
    Urge,
    Wait,
)
from seeds.demo.times import after_working, at_share, before_working

COME_BACK = 4
COME_BACK_AFTER = timedelta(hours=4)
COME_BACK_WITHIN = timedelta(days=5)
"""So many customers write again, to something that was solved between so long and so long ago."""

OF_SHIPPING = frozenset({"late_shipment", "out_of_stock"})
"""Types whose orders have left when they are solved: nobody comes back to them."""

NOT_YET_COPIED = 0.12
"""How often a reply still waits to be carried over to its channel."""


@dataclass(frozen=True, slots=True)
class Target:
    """Of a type: its queue and its two targets in seconds."""

    queue: str
    first_response: int
    solution: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Tickets in one situation.

    ``clock`` first_response or solution has run for a share between ``low`` and ``high`` of its target, or is due
    within ``minutes``; wall counts between so many hours of any kind. ``placed``: so many hours ago its order was
    placed, and has not left. ``first``: the kind of the first reply, none for a ticket nobody has touched.
    ``then``: what happened after it, in this order. ``words``: which of the customer's words, if not the type's.
    """

    types: tuple[str, ...]
    clock: str = "solution"
    low: float = 0.2
    high: float = 0.7
    minutes: tuple[int, int] | None = None
    first: str = "progress"
    then: tuple[str, ...] = ()
    placed: float | None = None
    words: str = ""


SCENES: tuple[Scene, ...] = (
    # Nobody has touched them yet: fresh, and a few that should have been answered.
    Scene(
        ("wrong_item", "logistics_stuck", "other", "price_dispute", "address_change", "return_request", "invoice"),
        clock="first_response",
        low=0.05,
        high=0.8,
        first="",
    ),
    Scene(("return_mismatch", "freight_dispute", "payment_issue", "damaged"), "first_response", 0.1, 0.9, first=""),
    Scene(("late_shipment", "other"), "first_response", 1.3, 4, first=""),
    # In hand, in good time.
    Scene(("missing_item", "damaged", "coupon_promo", "quality", "lost_parcel"), then=("triage", "helper")),
    Scene(("exchange_request", "logistics_stuck"), then=("triage", "note")),
    Scene(("return_mismatch", "invoice", "return_mismatch"), low=0.05, high=0.3, then=("triage", "helper")),
    # Due within the hour.
    Scene(("wrong_item", "logistics_stuck", "cancel_order"), minutes=(8, 30), then=("triage", "helper")),
    Scene(("out_of_stock", "refund_status", "quality"), minutes=(25, 58), then=("triage", "helper")),
    # Overdue.
    Scene(
        ("wrong_item", "price_dispute", "lost_parcel"), low=1.1, high=1.5, then=("triage", "helper", "nudge", "urge")
    ),
    Scene(("address_change", "refund_status"), low=1.05, high=1.9, then=("triage", "helper", "nudge", "urge")),
    Scene(("cancel_order",), low=1.6, high=1.9, then=("triage", "urge")),
    # The platform's 48 hours to ship are nearly over.
    Scene(("late_shipment",), low=0.3, high=0.6, then=("triage", "helper"), placed=47.2),
    Scene(("out_of_stock",), low=0.2, high=0.5, then=("triage",), placed=44.5),
    # Waiting for somebody.
    Scene(
        ("wrong_item", "missing_item", "damaged", "quality", "payment_issue", "coupon_promo", "freight_dispute"),
        low=0.4,
        high=2.5,
        first="ask",
    ),
    Scene(("other",), low=0.3, high=1.2, first="ask"),
    # The customer has been reminded once, twice; one was ended with a word to him.
    Scene(("quality", "damaged"), "wall", 39, 44, first="ask"),
    Scene(("wrong_item",), "wall", 63, 68, first="ask"),
    Scene(("missing_item",), "wall", 90, 94, first="ask"),
    Scene(("lost_parcel", "logistics_stuck"), low=0.4, high=0.9, then=("triage", "courier")),
    Scene(("out_of_stock", "late_shipment"), low=0.4, high=0.8, then=("triage", "warehouse")),
    Scene(("service_complaint", "damaged", "price_dispute"), low=0.5, high=0.95, then=("triage", "approval")),
    Scene(("quality", "lost_parcel"), low=0.3, high=0.7, then=("triage", "approval")),
    # Another queue is asked for help.
    Scene(("lost_parcel", "quality", "return_request"), low=0.3, high=0.8, then=("triage", "ask_warehouse")),
    Scene(("cancel_order", "coupon_promo"), low=0.3, high=0.8, then=("triage", "ask_finance", "urgent")),
    # And has answered.
    Scene(("freight_dispute", "invoice"), low=0.3, high=0.7, then=("triage", "ask_warehouse", "tell_warehouse")),
    Scene(("lost_parcel",), low=0.4, high=0.9, then=("triage", "ask_warehouse", "tell_warehouse")),
    Scene(("return_mismatch",), low=0.3, high=0.6, then=("triage", "ask_finance", "tell_finance")),
    # Moved, and one that has a long story.
    Scene(("missing_item", "return_request"), low=0.3, high=0.7, then=("triage", "to_finance")),
    Scene(("service_complaint",), low=0.7, high=0.9, then=("triage", *("talk",) * 6, "ask_warehouse", "urgent")),
    Scene(("order_stall",), "first_response", 0.2, 0.8, first=""),
    Scene(("reconcile_diff",), low=0.1, high=0.5, first=""),
    # Nobody can tell yet what they are about.
    Scene(
        ("quality", "logistics_stuck", "return_request", "coupon_promo", "price_dispute"),
        clock="first_response",
        low=0.1,
        high=0.8,
        first="",
        words="unclear",
    ),
    Scene(
        ("wrong_item", "damaged", "missing_item", "quality", "exchange_request", "return_request", "lost_parcel"),
        clock="wall",
        low=2,
        high=20,
        first="ask",
        words="unclear",
    ),
    Scene(
        ("logistics_stuck", "refund_status", "late_shipment", "freight_dispute", "coupon_promo", "price_dispute"),
        low=0.05,
        high=0.4,
        words="unclear",
    ),
    Scene(("out_of_stock", "cancel_order", "invoice"), low=0.1, high=0.5, words="unclear"),
)


def count() -> int:
    return sum(len(scene.types) for scene in SCENES)


def created_at(scene: Scene, target: Target, now: datetime, dice: random.Random) -> datetime:
    """When it came in, so that its clock shows now what the scene wants."""
    if scene.clock == "wall":
        return now - timedelta(hours=dice.uniform(scene.low, scene.high))
    if scene.clock == "first_response":
        return before_working("customer_service", now, target.first_response * dice.uniform(scene.low, scene.high))
    if scene.minutes is not None:
        left = dice.randint(scene.minutes[0] * 60, scene.minutes[1] * 60)
        return before_working(target.queue, now, target.solution - left)
    return before_working(target.queue, now, target.solution * dice.uniform(scene.low, scene.high))


def happened(
    scene: Scene, ticket: PlannedTicket, target: Target, created: datetime, now: datetime, dice: random.Random
) -> Iterator[tuple[datetime, Action]]:
    """What was done with it before now; nothing, where the desk has not been open since."""
    if not scene.first:
        return
    delay = target.first_response * dice.uniform(0.2, 0.85)
    first = after_working("customer_service", created, delay)
    if first >= now - timedelta(seconds=30):
        return
    if "triage" in scene.then:
        yield after_working("customer_service", created, delay * 0.7), Triage()
    answer = phrases.pick(ticket, scene.first, first, dice)
    yield first, replace(answer, copied=dice.random() > NOT_YET_COPIED)
    rest = [step for step in scene.then if step != "triage"]
    for number, step in enumerate(rest, start=1):
        share = number / (len(rest) + 1)
        at = at_share("customer_service", first, now, share)
        if at is not None:
            yield from _what(step, ticket, target, first, at, now, share, dice)


def _what(
    step: str,
    ticket: PlannedTicket,
    target: Target,
    first: datetime,
    at: datetime,
    now: datetime,
    share: float,
    dice: random.Random,
) -> Iterator[tuple[datetime, Action]]:
    inside = material.inside()
    match step:
        case "helper":
            worked = at_share(target.queue, first, now, share)
            if target.queue != "customer_service" and worked is not None:
                yield worked, Claim(ticket.helper)
        case "note":
            yield at, Jot(OWNER, dice.choice(inside["notes"]["customer_service"]))
        case "nudge":
            yield at, Hear(_said("nudges", ticket, dice), nudge=True)
        case "talk":
            yield at, Hear(_said("nudges" if share > 0.5 else "back_again", ticket, dice))
            yield at + timedelta(minutes=2), Answer(text=phrases.free(phrases.FREE_PROGRESS, ticket, dice))
        case "courier":
            yield at, Wait(Status.PENDING_INTERNAL, Party.COURIER.value)
        case "warehouse":
            yield at, Wait(Status.PENDING_INTERNAL, "warehouse")
        case "approval":
            yield at, Offer(large=True)
        case "urgent":
            yield at, Rank(Priority.P1)
        case "ask_warehouse":
            yield at, Ask("warehouse", Party.WAREHOUSE, dice.choice(inside["questions"]["warehouse"]))
        case "ask_finance":
            yield at, Ask("finance", Party.PLATFORM, dice.choice(inside["questions"]["finance"]))
        case "tell_warehouse" | "tell_finance":
            queue = step.removeprefix("tell_")
            asked = at_share("customer_service", first, now, share / 2)  # the step before
            answered = at_share(queue, asked, now, 0.6) if asked is not None else None
            if answered is not None:
                yield answered, Tell(queue, dice.choice(inside["findings"][queue]))
        case "urge":
            yield at, Urge()
        case "to_finance":
            yield at, Move("finance", dice.choice(inside["reasons"]["transfer"]))


def _said(kind: str, ticket: PlannedTicket, dice: random.Random) -> str:
    return dice.choice(material.messages()[kind].of(english=ticket.buyer.english))


def reopened(
    steps: list[Step], tickets: dict[int, PlannedTicket], now: datetime, dice: random.Random
) -> Iterator[Step]:
    """Customers who came back lately to something that was solved: its next cycle is under way."""
    lately = [
        step
        for step in steps
        if isinstance(step.action, Resolve)
        and step.action.by == OWNER
        and tickets[step.ticket].type not in OF_SHIPPING
        and now - COME_BACK_AFTER > step.at > now - COME_BACK_WITHIN
    ]
    last = {step.ticket: step for step in sorted(lately, key=lambda step: step.at)}
    chosen = dice.sample(sorted(last), min(COME_BACK, len(last)))
    for key in chosen:
        again = now - timedelta(minutes=dice.randint(3, 40))
        yield Step(again, key, Hear(_said("back_again", tickets[key], dice)))
