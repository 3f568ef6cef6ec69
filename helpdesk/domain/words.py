"""The words of a rule book as they are written, and what each way of writing means.

A word list is data of the rule book. Written forms:

``发错货``            a phrase
``{发|寄}错{货|}``     a family of phrases: 发错货, 发错, 寄错货, 寄错. Braces don't nest
``少…件``             parts in this order, a few letters between them (MAX_GAP, MAX_GAP_LATIN)

A phrase is found exactly, or by its sound (发措货; from MIN_PINYIN letters, one slip in three, ranked lower), or nearly
(``partial_ratio`` from MIN_FUZZY letters up, ranked lowest). Shorter phrases count only as they stand:
a near hit on two letters is wrong four times out of five.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf, prod

from helpdesk.domain.text import normalise

POINTS: Mapping[str, float] = {"decisive": 4.5, "strong": 3.0, "normal": 2.0, "weak": 1.0}
"""What one lit word adds to its type."""

MIN_PINYIN = 3
MAX_SMALL_FAMILY = 24
"""Of larger families some phrase is always near: they are sought by sound from one letter more, and never nearly."""

Slot = tuple[str, ...]
"""The choices at one place of a word, normalised."""

GAP: Slot = ()
"""A few letters of any kind."""


@dataclass(frozen=True, slots=True)
class Word:
    """One entry of the list. ``type`` None is an exception, which may hold for some types only."""

    written: str
    type: str | None
    points: float
    slots: tuple[Slot, ...]
    only: frozenset[str] = frozenset()

    @property
    def gapped(self) -> bool:
        return GAP in self.slots

    @property
    def size(self) -> int:
        """How many phrases the family has."""
        return prod(len(slot) for slot in self.slots if slot is not GAP)

    @property
    def min_pinyin(self) -> float:
        """From how many letters up a phrase may be found by its sound; with gaps never."""
        if self.gapped:
            return inf
        return MIN_PINYIN if self.size <= MAX_SMALL_FAMILY else MIN_PINYIN + 1


@lru_cache(maxsize=32768)  # versions of the rules have nearly all of their words in common
def slots_of(written: str) -> tuple[Slot, ...]:
    """The slots of a written word: ``{发|寄}错…货`` -> (发, 寄), (错), GAP, (货)."""
    slots: list[Slot] = []
    for piece in re.split(r"(\{[^{}]*\}|…)", written):
        if piece == "…":
            slots.append(GAP)
        elif piece.startswith("{") and piece.endswith("}"):
            slots.append(tuple(dict.fromkeys(_choice(choice) for choice in piece[1:-1].split("|"))))
        elif "{" in piece or "}" in piece:
            raise ValueError(f"unbalanced braces: {written}")
        elif piece:
            slots.append((_choice(piece),))
    if not slots or slots[0] is GAP or slots[-1] is GAP or not any(slots) or all("" in slot for slot in slots):
        raise ValueError(f"a word needs letters at both ends: {written}")
    return tuple(slots)


def _choice(text: str) -> str:
    """Normalised, but with the spaces that part it from the next Latin word."""
    letters = normalise(text).text
    if text in ("", " "):
        return text
    if not letters:
        raise ValueError(f"a choice without letters: {text}")
    if not letters.isascii():
        return letters
    return " " * text.startswith(" ") + letters + " " * text.endswith(" ")
