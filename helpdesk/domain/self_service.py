"""What a customer sees of his ticket, and what he can do there: the same facts as ours, in fewer words."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from helpdesk.domain.problems import Invalid
from helpdesk.domain.tickets import ACTIVE, Status

TAIL_DIGITS = 4
"""Of a phone: what couriers and platforms ask for, and enough together with the number of an order."""

_LATIN_DIGITS = re.compile(r"[0-9]+")


class Step(StrEnum):
    """How far his matter is, in his eyes. Who of us has it in his hands is none of them."""

    RECEIVED = "received"  # nobody has answered yet
    WORKING = "working"
    YOUR_TURN = "your_turn"  # we wait for him
    SOLVED = "solved"
    CLOSED = "closed"


def step(status: Status, *, answered: bool) -> Step:
    """Where the ticket stands for its customer; ``answered``: he has heard from us. A merged one is closed."""
    match status:
        case Status.PENDING_CUSTOMER:
            return Step.YOUR_TURN
        case Status.RESOLVED:
            return Step.SOLVED
        case Status.CLOSED | Status.MERGED:
            return Step.CLOSED
        case _:
            return Step.WORKING if answered else Step.RECEIVED


def may_confirm(status: Status, *, solution_stands: bool) -> bool:
    """A solution can be confirmed once: of a resolved ticket, or one whose last word is a solution of ours."""
    return status is Status.RESOLVED or (status in ACTIVE and solution_stands)


def phone_tail(typed: str) -> str:
    """The last four digits of a phone, whatever of it was typed. ``Invalid`` when there are fewer."""
    digits = "".join(_LATIN_DIGITS.findall(unicodedata.normalize("NFKC", typed)))
    if len(digits) < TAIL_DIGITS:
        raise Invalid("self_service.tail_required", digits=TAIL_DIGITS)
    return digits[-TAIL_DIGITS:]
