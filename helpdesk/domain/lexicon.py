"""The words that tell one ticket type from another, and how they are found in a text.

A word list is data of the rule book. Written forms:

``发错货``            a phrase
``{发|寄}错{货|}``     a family of phrases: every choice is a word of its own (发错货, 发错, 寄错货, 寄错)
``少…件``             parts in this order with at most MAX_GAP letters between them
``没发货+投诉``        parts anywhere in the text

A word is found exactly, or by sound (whole words of at least MIN_PINYIN letters, ranked lower), or
nearly (``partial_ratio`` from MIN_FUZZY letters up, ranked lowest): shorter words count only as they
stand, because a near hit on two letters is wrong four times out of five.

Of two words where one lies inside the other the longer one counts, whatever their types. An
*exception* is such a longer phrase that stands for no type (没有发错).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import product
from typing import Any

from rapidfuzz import fuzz, process

from helpdesk.domain.text import normalise, syllables

POINTS: Mapping[str, float] = {"strong": 3.0, "normal": 2.0, "weak": 1.0}
"""What one lit word adds to its type."""

MAX_GAP = 6
MIN_PINYIN = 3
MIN_FUZZY = 4
FUZZY_CUTOFF = 75.0
FUZZY_CUTOFF_LATIN = 90.0  # Latin letters carry less each
MIN_FUZZY_LATIN = 8


class How(StrEnum):
    """In what way a word was found."""

    EXACT = "exact"
    PATTERN = "pattern"
    PINYIN = "pinyin"
    FUZZY = "fuzzy"


SHARE: Mapping[How, float] = {How.EXACT: 1.0, How.PATTERN: 1.0, How.PINYIN: 0.75, How.FUZZY: 0.6}
"""How much of a word's points a find of this kind is worth."""


@dataclass(frozen=True, slots=True)
class Word:
    """One phrase of one type. ``type`` None is an exception; ``parts`` are its normalised pieces."""

    text: str
    type: str | None
    points: float
    parts: tuple[str, ...]
    ordered: bool = True
    only: frozenset[str] = frozenset()  # an exception that holds for these types alone


@dataclass(frozen=True, slots=True)
class Hit:
    """A word found in a normalised text. ``ranges`` are the letters to light."""

    word: Word
    how: How
    ranges: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return min(start for start, _ in self.ranges)

    @property
    def end(self) -> int:
        return max(end for _, end in self.ranges)

    @property
    def points(self) -> float:
        return self.word.points * SHARE[self.how]


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
        words = {
            word: None
            for type_code, by_weight in document["words"].items()
            for weight, phrases in by_weight.items()
            for word in _family(phrases, type_code, POINTS[weight])
        }
        exceptions = {
            word: None
            for row in document.get("exceptions", ())
            for word in _family(row["phrases"], None, 0.0, frozenset(row.get("types", ())))
        }
        confusions = dict(document.get("confusions", {}))
        wrong = [slip for slip, meant in confusions.items() if len(slip) != len(meant)]
        if wrong:
            raise ValueError(f"confusions of unequal length: {', '.join(wrong)}")
        return cls(tuple(words), tuple(exceptions), confusions)

    def type_codes(self) -> set[str]:
        """Every type a word or an exception speaks of."""
        return {word.type for word in self.words if word.type} | {
            code for word in self.exceptions for code in word.only
        }

    @cached_property
    def _index(self) -> _Index:
        return _Index(self)

    def find(self, text: str) -> list[Hit]:
        """Every word lit in a normalised text, in the order of the text; what exceptions cover is left out."""
        meant = self.meant(text)
        index = self._index
        hits = [*index.phrases(meant), *index.patterns(meant)]
        return sorted(_standing(hits, index.covers(meant)), key=lambda hit: (hit.start, -hit.end))

    def find_near(self, text: str) -> list[Hit]:
        """Words that are nearly in a normalised text: for texts in which ``find`` lights too little."""
        meant = self.meant(text)
        covers = self._index.covers(meant)
        return [hit for hit in self._index.near(meant) if not _covered(hit, covers)]

    def meant(self, text: str) -> str:
        """The text with known slips of the pen put right, at unchanged length."""
        pattern = self._index.slips
        return pattern.sub(lambda match: self.confusions[match.group()], text) if pattern else text


def _family(
    phrases: Iterable[str], type_code: str | None, points: float, only: frozenset[str] = frozenset()
) -> Iterator[Word]:
    for written in phrases:
        for phrase in expand(written):
            ordered = "+" not in phrase
            parts = tuple(normalise(part).text for part in re.split(r"[…+]", phrase))
            if any(len(part) < (2 if len(parts) == 1 else 1) for part in parts):
                raise ValueError(f"word too short: {written}")
            yield Word(phrase, type_code, points, parts, ordered, only)


def expand(written: str) -> list[str]:
    """Every phrase of a family: ``{发|寄}错`` -> 发错, 寄错. Braces don't nest."""
    pieces = re.split(r"\{([^{}]*)\}", written)
    if any("{" in piece or "}" in piece for piece in pieces):
        raise ValueError(f"unbalanced braces: {written}")
    choices = [piece.split("|") if i % 2 else [piece] for i, piece in enumerate(pieces)]
    return ["".join(parts) for parts in product(*choices)]


Cover = tuple[int, int, frozenset[str]]
"""Letters from..to that say nothing for these types (empty: for any type)."""

_CONTRASTS = (
    re.compile(r"(?<!是)不是(.{1,10}?)(?:而是|是)"),
    re.compile(r"不(?:想|要|用|需要)(.{1,6}?)(?:我要|只要|而是|想要|想)"),
)


def _covered(hit: Hit, covers: Sequence[Cover]) -> bool:
    """Touched by an exception that it does not itself contain."""
    return any(
        (not only or hit.word.type in only)
        and any(a < end and start < b and not (a <= start and end <= b and b - a > end - start) for a, b in hit.ranges)
        for start, end, only in covers
    )


def _standing(hits: Iterable[Hit], covers: Sequence[Cover]) -> Iterator[Hit]:
    """Hits that are neither covered nor part of a longer phrase."""
    open_hits = [hit for hit in hits if not _covered(hit, covers)]
    phrases = [(*hit.ranges[0], hit.how) for hit in open_hits if len(hit.ranges) == 1]
    for hit in open_hits:
        start, end = hit.start, hit.end
        if not any(
            a <= start and end <= b and (b - a > end - start or (how is How.EXACT and hit.how is How.PINYIN))
            for a, b, how in phrases
        ):
            yield hit


class _Index:
    """The compiled words: by the sound of their first two letters, and gap patterns as expressions."""

    def __init__(self, lexicon: Lexicon) -> None:
        everything = (*lexicon.words, *lexicon.exceptions)
        self._by_sound: dict[tuple[str, str], list[tuple[tuple[str, ...], str, list[Word]]]] = {}
        for text, words in _grouped(word for word in everything if len(word.parts) == 1).items():
            sound = syllables(text)
            self._by_sound.setdefault((sound[0], sound[1]), []).append((sound, text, words))
        self._patterns = [(word, _expression(word)) for word in everything if len(word.parts) > 1]
        near = _grouped(
            word for word in lexicon.words if len(word.parts) == 1 and len(word.parts[0]) >= _min_fuzzy(word.parts[0])
        )
        self._near_words = list(near.values())
        self._near_texts = list(near)
        self.slips = (
            re.compile("|".join(map(re.escape, sorted(lexicon.confusions, key=len, reverse=True))))
            if lexicon.confusions
            else None
        )

    def phrases(self, text: str) -> Iterator[Hit]:
        """Phrases of a type that stand in the text or sound like it."""
        return (hit for hit in self._phrases(text) if hit.word.type)

    def _phrases(self, text: str) -> Iterator[Hit]:
        sound = syllables(text)
        for start in range(len(text) - 1):
            for syllables_of_word, phrase, words in self._by_sound.get((sound[start], sound[start + 1]), ()):
                end = start + len(phrase)
                if sound[start:end] != syllables_of_word or not _whole(text, start, end):
                    continue
                if text.startswith(phrase, start):
                    how = How.EXACT
                elif len(phrase) >= MIN_PINYIN:
                    how = How.PINYIN
                else:
                    continue
                yield from (Hit(word, how, ((start, end),)) for word in words)

    def patterns(self, text: str) -> Iterator[Hit]:
        """Words with gaps; the parts are lit, not what stands between them."""
        return (hit for hit in self._gapped(text) if hit.word.type)

    def _gapped(self, text: str) -> Iterator[Hit]:
        for word, expression in self._patterns:
            if not all(part in text for part in word.parts):
                continue
            if expression is None:
                ranges = tuple((at, at + len(part)) for part in word.parts for at in (text.index(part),))
                yield Hit(word, How.PATTERN, ranges)
            elif match := expression.search(text):
                yield Hit(word, How.PATTERN, tuple(match.span(i + 1) for i in range(len(word.parts))))

    def covers(self, text: str) -> list[Cover]:
        """What exceptions and contrasts (不是 X 是 Y) take out of the text."""
        covers: list[Cover] = [
            (hit.start, hit.end, hit.word.only)
            for hit in (*self._phrases(text), *self._gapped(text))
            if hit.word.type is None and hit.how is not How.PINYIN
        ]
        covers.extend((*match.span(1), frozenset()) for pattern in _CONTRASTS for match in pattern.finditer(text))
        return covers

    def near(self, text: str) -> Iterator[Hit]:
        """Longer phrases of which most letters stand together in the text."""
        found = process.extract(
            text, self._near_texts, scorer=fuzz.partial_ratio, processor=None, score_cutoff=FUZZY_CUTOFF, limit=12
        )
        for phrase, ratio, i in found:
            if len(phrase) > len(text) or (phrase.isascii() and ratio < FUZZY_CUTOFF_LATIN):
                continue
            place = fuzz.partial_ratio_alignment(phrase, text)
            if place is not None and place.dest_end > place.dest_start:
                for word in self._near_words[i]:
                    yield Hit(word, How.FUZZY, ((place.dest_start, place.dest_end),))


def _grouped(words: Iterable[Word]) -> dict[str, list[Word]]:
    """Words by their text: one phrase may speak for several types."""
    groups: dict[str, list[Word]] = {}
    for word in words:
        groups.setdefault(word.parts[0], []).append(word)
    return groups


def _min_fuzzy(text: str) -> int:
    return MIN_FUZZY_LATIN if text.isascii() else MIN_FUZZY


def _expression(word: Word) -> re.Pattern[str] | None:
    if not word.ordered:
        return None
    gap = f".{{0,{MAX_GAP}}}?"
    return re.compile(gap.join(f"({re.escape(part)})" for part in word.parts))


def _whole(text: str, start: int, end: int) -> bool:
    """Latin words count only as whole words: ``late`` is not in ``plate``."""
    return not (
        (start and _latin(text[start - 1]) and _latin(text[start]))
        or (end < len(text) and _latin(text[end]) and _latin(text[end - 1]))
    )


def _latin(char: str) -> bool:
    return char.isascii() and char != " "
