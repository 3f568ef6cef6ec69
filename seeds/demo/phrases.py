"""Which reply is picked when, and what it promises."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from helpdesk.domain import replies
from helpdesk.domain.replies import fill
from seeds import reply_template_data
from seeds.demo.steps import Answer, PlannedTicket
from seeds.demo.times import ZONE

FREE_PROGRESS = {
    "zh": ("您好，您说的我看到了，正在找负责的同事核实，稍后回复您。", "您好，稍等，我查一下马上回您。"),
    "en": ("Hello, I have read your message and am checking with a colleague.",),
}
FREE_SOLUTIONS = {
    "zh": (
        "您好，和同事核对过了，按您说的办好了，今天之内生效。有问题随时找我。",
        "您好，已经替您处理好，结果在订单页能看到，给您添麻烦了。",
        "您好，这件事我问清楚了：可以办，已经登记，后面由我盯着。",
    ),
    "en": ("Hello, this is settled now; you can see the result on the order page.",),
}
FREE_CLOSINGS = {
    "zh": ("您好，抱歉又让您跑一趟，这次我亲自核对过了，已经补办好。",),
    "en": ("Hello, I am sorry you had to come back. I have checked it myself this time and it is done.",),
}


@cache
def templates() -> dict[str, dict[str, Any]]:
    return {template["code"]: template for template in reply_template_data.reply_templates()}


def pick(ticket: PlannedTicket, kind: str, at: datetime, dice: random.Random) -> Answer:
    """A reply of a kind (ask, progress, solution) that can be filled for this ticket; else one in free words."""
    promise = promised(at, ticket.buyer.english, dice)
    codes = [code for code in _codes(ticket.type, kind) if _can_be_filled(code, ticket)]
    if codes:
        return Answer(template=dice.choice(codes), promise=promise)
    if kind == "ask":
        return Answer(template="ask_order_number", promise=promise)
    if kind == "solution":
        return Answer(text=free(FREE_SOLUTIONS, ticket, dice), solution=True)
    return Answer(text=free(FREE_PROGRESS, ticket, dice))


@cache
def codes_of(type_code: str) -> tuple[str, ...]:
    """Templates of the type; those for any where it has none."""
    own = tuple(code for code, one in templates().items() if one["type"] == type_code)
    return own or tuple(code for code, one in templates().items() if one["type"] is None)


def free(sentences: Mapping[str, tuple[str, ...]], ticket: PlannedTicket, dice: random.Random) -> str:
    return dice.choice(sentences["en" if ticket.buyer.english else "zh"])


def promised(at: datetime, english: bool, dice: random.Random) -> str:
    """A moment two to five hours on, on the full hour, as a person says it."""
    local = at.astimezone(ZONE)
    then = (local + timedelta(hours=dice.randint(2, 5))).replace(minute=0)
    days = (then.date() - local.date()).days
    if then.hour < 10:
        then = then.replace(hour=12)
    day = (("today", "tomorrow") if english else ("今天", "明天"))[min(days, 1)]
    return f"{then:%H:%M} {day}" if english else f"{day} {then:%H:%M}"


@cache
def _codes(type_code: str, kind: str) -> tuple[str, ...]:
    own = [template for template in templates().values() if template["type"] == type_code]
    kinds = {
        "ask": [t for t in own if t["set_status"] == "pending_customer" and not t["marks_solution"]],
        "progress": [t for t in own if not t["set_status"] and not t["marks_solution"]],
        "solution": [t for t in own if t["marks_solution"]],
    }
    found = tuple(template["code"] for template in kinds[kind])
    return found or (("received",) if kind != "solution" else ())


def _can_be_filled(code: str, ticket: PlannedTicket) -> bool:
    body = templates()[code]["body_en" if ticket.buyer.english else "body_zh"]
    known = {**ticket.values, "agent": "agent", "promise_time": "soon"}
    return fill(body, known).complete and set(known) <= set(replies.PLACEHOLDERS)
