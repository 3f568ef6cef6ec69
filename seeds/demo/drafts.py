"""Replies as people send them: a template as it is, with a word more, or half rewritten; and what was suggested."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from seeds.demo import phrases
from seeds.demo.steps import PlannedTicket

AS_IS, WORD_MORE, OPENED_ANEW = 0.58, 0.82, 0.93
"""Up to which throw of the dice a template is sent unchanged, with a sentence behind it, with another beginning; beyond
it is rewritten.
"""

RANKS = {1: 70, 2: 14, 3: 5, None: 11}
"""At which place the template was suggested that was taken; None: it was looked for."""

FREE_DESPITE = 0.8
"""How often something was suggested where the agent wrote in words of his own."""

MORE = {
    "zh": ("有问题随时找我。", "给您添麻烦了，谢谢理解。", "有新进展我会第一时间告诉您。"),
    "en": ("Please write to me if anything is unclear.", "Thank you for your patience."),
}
BEGINNINGS = {
    "zh": (("您好", "亲，您好"), ("您好", "让您久等了，您好")),
    "en": (("Hello", "Hello again"), ("Hi", "Hello")),
}
REWRITTEN = {
    "zh": "这边刚和同事确认过，按这个办就可以，您不用再操作。",
    "en": "I have just checked this with a colleague; there is nothing more for you to do.",
}


@dataclass(frozen=True, slots=True)
class Drafted:
    """What was sent. ``rank`` and ``suggested`` (a code) as the ticket page had shown them."""

    text: str
    rank: int | None
    suggested: str | None


def drafted(ticket: PlannedTicket, template: str, filled: str, at: datetime) -> Drafted:
    """What an agent made of it. ``template`` empty: ``filled`` are his own words."""
    dice = random.Random(f"draft {ticket.key} {at.isoformat()}")
    others = [code for code in phrases.codes_of(ticket.type) if code != template]
    if not template:
        return Drafted(filled, None, dice.choice(others) if others and dice.random() < FREE_DESPITE else None)
    rank = dice.choices(list(RANKS), list(RANKS.values()))[0]
    first = template if rank == 1 or not others else dice.choice(others)
    return Drafted(_edited(filled, "en" if ticket.buyer.english else "zh", dice), rank, first)


def _edited(text: str, language: str, dice: random.Random) -> str:
    throw = dice.random()
    if throw < AS_IS:
        return text
    if throw < WORD_MORE:
        return f"{text}{'' if language == 'zh' else ' '}{dice.choice(MORE[language])}"
    if throw < OPENED_ANEW:
        before, after = dice.choice(BEGINNINGS[language])
        return text.replace(before, after, 1)
    half = text[: len(text) // 2].rpartition("。" if language == "zh" else ". ")
    return f"{half[0]}{half[1]}{REWRITTEN[language]}" if half[1] else f"{text} {REWRITTEN[language]}"
