"""The words that tell one ticket type from another, and how they are found in a text.

A word list is data of the rule book. Written forms:

``发错货``            a phrase
``{发|寄}错{货|}``     a family of phrases: 发错货, 发错, 寄错货, 寄错. Braces don't nest
``少…件``             parts in this order, a few letters between them (MAX_GAP, MAX_GAP_LATIN)

A phrase is found exactly, or by its sound (发措货; from MIN_PINYIN letters, one slip in three, ranked lower), or nearly
(``partial_ratio`` from MIN_FUZZY letters up, ranked lowest). Shorter phrases count only as they stand:
a near hit on two letters is wrong four times out of five.

Of two phrases where one lies inside the other the longer one counts, whatever their types. An
*exception* is such a longer phrase that speaks for no type (没有发错).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import product
from math import inf, prod
from typing import Any

from rapidfuzz import fuzz, process

from helpdesk.domain.text import normalise, sound

POINTS: Mapping[str, float] = {"decisive": 4.5, "strong": 3.0, "normal": 2.0, "weak": 1.0}
"""What one lit word adds to its type."""

MAX_GAP = 6
MAX_GAP_LATIN = 24
MIN_PINYIN = 3
MIN_FUZZY = 4
MIN_FUZZY_LATIN = 8  # Latin letters carry less each
FUZZY_CUTOFF = 75.0
FUZZY_CUTOFF_LATIN = 90.0
MAX_SMALL_FAMILY = 24
"""Of larger families some phrase is always near: they are sought by sound from one letter more, and never nearly."""


LENGTH: Sequence[float] = (0.0, 0.8, 0.9, 1.0, 1.1)
"""Longer phrases say more: the factor by the letters lit, the last one for all longer phrases."""


class How(StrEnum):
    """In what way a word was found."""

    EXACT = "exact"
    PATTERN = "pattern"
    PINYIN = "pinyin"
    FUZZY = "fuzzy"


SHARE: Mapping[How, float] = {How.EXACT: 1.0, How.PATTERN: 1.0, How.PINYIN: 0.75, How.FUZZY: 0.7}
"""How much of a word's points a find of this kind is worth."""

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


@dataclass(frozen=True, slots=True)
class Hit:
    """A word found in a normalised text: the phrase meant, and the letters to light."""

    word: Word
    phrase: str
    how: How
    ranges: tuple[tuple[int, int], ...]
    points: float

    @property
    def start(self) -> int:
        return self.ranges[0][0]

    @property
    def end(self) -> int:
        return self.ranges[-1][1]


Cover = tuple[int, int, frozenset[str]]
"""Letters from..to that say nothing for these types (empty: for any type)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text lights: ``meant`` is the text with slips put right, of the same length."""

    meant: str
    hits: tuple[Hit, ...]
    covers: tuple[Cover, ...]


@dataclass(frozen=True)
class Lexicon:
    """All words of one rule book; compiled once, on first use, and kept with the value."""

    words: tuple[Word, ...]
    exceptions: tuple[Word, ...]
    confusions: Mapping[str, str]  # slip -> what is meant, of equal length

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Lexicon:
        """Read ``{"words": {type: {weight: [phrase]}}, "exceptions": [{phrases, types}], "confusions": {}}``.

        Raises ``ValueError``, ``KeyError`` or ``TypeError`` on a malformed document, which the rule
        book's parser reports.
        """
        words = [
            Word(phrase, type_code, POINTS[weight], slots_of(phrase))
            for type_code, by_weight in document["words"].items()
            for weight, phrases in by_weight.items()
            for phrase in phrases
        ]
        exceptions = [
            Word(phrase, None, 0.0, slots_of(phrase), frozenset(row.get("types", ())))
            for row in document.get("exceptions", ())
            for phrase in row["phrases"]
        ]
        confusions = dict(document.get("confusions", {}))
        wrong = [slip for slip, meant in confusions.items() if len(slip) != len(meant) or not slip]
        if wrong:
            raise ValueError(f"confusions of unequal length: {', '.join(wrong)}")
        return cls(tuple(words), tuple(exceptions), confusions)

    def type_codes(self) -> set[str]:
        """Every type a word or an exception speaks of."""
        return {word.type for word in self.words if word.type}.union(*(word.only for word in self.exceptions))

    @cached_property
    def _index(self) -> _Index:
        return _Index((*self.words, *self.exceptions))

    @cached_property
    def _near(self) -> dict[str, list[Word]]:
        """Longer phrases and the words they belong to."""
        phrases: dict[str, list[Word]] = {}
        for word in self.words:
            if not word.gapped and word.size <= MAX_SMALL_FAMILY:
                for phrase in map("".join, product(*word.slots)):
                    if len(phrase) >= (MIN_FUZZY_LATIN if phrase.isascii() else MIN_FUZZY):
                        phrases.setdefault(phrase, []).append(word)
        return phrases

    @cached_property
    def _slips(self) -> re.Pattern[str]:
        longest_first = sorted(self.confusions, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def meant(self, text: str) -> str:
        """The text with known slips of the pen put right, at unchanged length."""
        return self._slips.sub(lambda match: self.confusions[match.group()], text)

    def find(self, text: str) -> Found:
        """Every word lit in a normalised text, in the order of the text."""
        meant = self.meant(text)
        found = list(self._index.find(meant))
        covers = _covers(meant, found)
        return Found(meant, tuple(_standing((hit for hit in found if hit.word.type), covers)), tuple(covers))

    def find_near(self, found: Found) -> list[Hit]:
        """For each type the phrase that stands most nearly in a text in which ``find`` lit too little."""
        phrases = [phrase for phrase in self._near if len(phrase) <= len(found.meant)]
        near = process.extract(
            found.meant, phrases, scorer=fuzz.partial_ratio, processor=None, score_cutoff=FUZZY_CUTOFF, limit=12
        )
        hits = [
            Hit(word, phrase, How.FUZZY, (place,), word.points * SHARE[How.FUZZY] * ratio / 100)
            for phrase, ratio, _ in near
            if ratio >= FUZZY_CUTOFF_LATIN or not phrase.isascii()
            for place in _place(phrase, found.meant)
            for word in self._near[phrase]
        ]
        best: dict[str | None, Hit] = {}
        for hit in sorted(hits, key=lambda hit: -hit.points):
            if not _covered(hit, found.covers):
                best.setdefault(hit.word.type, hit)
        return list(best.values())


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


class _Compiled:
    """A word ready to be compared by sound: per slot the choices by their sound, longest first."""

    __slots__ = ("max_gap", "slots", "word")

    def __init__(self, word: Word) -> None:
        self.word = word
        self.slots: list[tuple[list[int], dict[str, list[str]]] | None] = []
        latin = all(choice.isascii() for slot in word.slots for choice in slot)
        self.max_gap = MAX_GAP_LATIN if latin else MAX_GAP
        for slot in word.slots:
            if slot is GAP:
                self.slots.append(None)
                continue
            choices: dict[str, list[str]] = {}
            for choice in slot:
                choices.setdefault(sound(choice), []).append(choice)
            self.slots.append((sorted({len(key) for key in choices}, reverse=True), choices))

    def heads(self) -> set[str]:
        """The sounds a phrase can begin with: two letters, or one where a gap or the end follows."""
        heads, growing = set(), {""}
        for slot in self.slots:
            if slot is None:
                heads |= growing
                growing = set()
            else:
                longer = {head + key for head in growing for key in slot[1]}
                heads |= {head[:2] for head in longer if len(head) >= 2}
                growing = {head for head in longer if len(head) < 2}
        return (heads | growing) - {""}

    def match(self, text: str, sounds: str, start: int, k: int = 0) -> list[tuple[int, str]] | None:
        """Where each slot's choice stands, from ``start``; None where the word does not fit."""
        if k == len(self.slots):
            return None if start < len(text) and _joined(text, start) else []
        slot = self.slots[k]
        if slot is None:
            for at in range(start, min(start + self.max_gap, len(text)) + 1):
                if (rest := self.match(text, sounds, at, k + 1)) is not None:
                    return rest
            return None
        lengths, choices = slot
        for length in lengths:
            end = start + length
            if end <= len(text) and (same := choices.get(sounds[start:end])) is not None:
                rest = self.match(text, sounds, end, k + 1)
                if rest is not None:
                    written = text[start:end]
                    return [(start, written if written in same else same[0]), *rest]
        return None


class _Index:
    """Words by the sound of their first letters."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._by_head: dict[str, list[_Compiled]] = {}
        for word in words:
            compiled = _Compiled(word)
            for head in compiled.heads():
                self._by_head.setdefault(head, []).append(compiled)

    def find(self, text: str) -> Iterator[Hit]:
        """Every word that stands in the text or sounds like it."""
        sounds = sound(text)
        for start in range(len(text)):
            if start and _joined(text, start):
                continue
            for head in {sounds[start], sounds[start : start + 2]}:
                for compiled in self._by_head.get(head, ()):
                    if (places := compiled.match(text, sounds, start)) and (
                        hit := _hit(compiled.word, places, text)
                    ) is not None:
                        yield hit


def _hit(word: Word, places: Sequence[tuple[int, str]], text: str) -> Hit | None:
    """The find as a value; None where it is too short to count by its sound alone."""
    ranges: list[tuple[int, int]] = []
    phrase = ""
    for start, choice in places:
        end = start + len(choice)
        if ranges and ranges[-1][1] == start:
            ranges[-1] = (ranges[-1][0], end)
        elif choice:
            phrase += "…" if ranges else ""
            ranges.append((start, end))
        phrase += choice
    if all(text.startswith(choice, start) for start, choice in places):
        how = How.PATTERN if word.gapped else How.EXACT
    elif word.type and len(phrase) >= word.min_pinyin and _slips(places, text) * 3 <= len(phrase):
        how = How.PINYIN
    else:
        return None
    letters = sum(end - start for start, end in ranges)
    factor = LENGTH[min(letters, len(LENGTH) - 1)]
    return Hit(word, phrase, how, tuple(ranges), word.points * SHARE[how] * factor)


def _slips(places: Sequence[tuple[int, str]], text: str) -> int:
    """Letters that only sound as they should."""
    return sum(text[start + i] != letter for start, choice in places for i, letter in enumerate(choice))


def _joined(text: str, at: int) -> bool:
    """Inside a Latin word: ``late`` is not in ``plate``."""
    before, after = text[at - 1], text[at]
    return before.isascii() and after.isascii() and before != " " and after != " "


def _place(phrase: str, text: str) -> list[tuple[int, int]]:
    place = fuzz.partial_ratio_alignment(phrase, text)
    return [(place.dest_start, place.dest_end)] if place and place.dest_start < place.dest_end else []


_CONTRASTS = (
    re.compile(r"(?<!是)不是(.{1,10}?)(?:而是|是)"),
    re.compile(r"不(?:想|要|用|需要)(.{1,6}?)(?:我要|只要|而是|想要|想)"),
)


def _covers(text: str, found: Iterable[Hit]) -> list[Cover]:
    """What exceptions and contrasts (不是 X 是 Y: X is not what is meant) take out of a text."""
    covers: list[Cover] = [(hit.start, hit.end, hit.word.only) for hit in found if hit.word.type is None]
    covers.extend(
        (match.start(), match.end(1), frozenset()) for pattern in _CONTRASTS for match in pattern.finditer(text)
    )
    return covers


def _covered(hit: Hit, covers: Sequence[Cover]) -> bool:
    """Touched by an exception that it does not itself contain."""
    return any(
        (not only or hit.word.type in only)
        and hit.start < end
        and start < hit.end
        and not (hit.start <= start and end <= hit.end and hit.end - hit.start > end - start)
        for start, end, only in covers
    )


def _standing(hits: Iterable[Hit], covers: Sequence[Cover]) -> Iterator[Hit]:
    """Hits that are neither covered nor part of a longer phrase, in the order of the text.

    Of the same letters for the same type the hit that is worth most is kept.
    """
    best: dict[tuple[object, ...], Hit] = {}
    for hit in hits:
        key = (hit.word.type, hit.ranges)
        if (key not in best or best[key].points < hit.points) and not _covered(hit, covers):
            best[key] = hit
    longest: Hit | None = None  # the phrase that reaches furthest of those that began so far
    for hit in sorted(best.values(), key=lambda hit: (hit.start, -hit.end, hit.how is How.PINYIN, hit.word.gapped)):
        if longest is None or not _within(hit, longest):
            yield hit
        if not hit.word.gapped and (longest is None or hit.end > longest.end):
            longest = hit


def _within(hit: Hit, phrase: Hit) -> bool:
    """Part of a phrase that began no later: shorter, or as long but only sounding like it.

    Within a phrase of its own type a word stands that is worth more.
    """
    if (hit.start, hit.end) == (phrase.start, phrase.end):
        return hit.how is How.PINYIN and phrase.how is How.EXACT
    return hit.end <= phrase.end and (hit.word.type != phrase.word.type or hit.points <= phrase.points)
