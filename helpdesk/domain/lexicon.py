"""The words that tell one ticket type from another, and what a text lights.

How words are written stands in ``words``, how they are found in ``word_search``, what takes them out in ``covers``.

Of two phrases where one lies inside the other the longer one counts, whatever their types. An
*exception* is such a longer phrase that speaks for no type (没有发错).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from rapidfuzz import fuzz, process

from helpdesk.domain.covers import Cover, covered, covers_of
from helpdesk.domain.word_search import SHARE, Hit, How, Index
from helpdesk.domain.words import MAX_SMALL_FAMILY, POINTS, Word, slots_of

MIN_FUZZY = 4
MIN_FUZZY_LATIN = 8  # Latin letters carry less each
FUZZY_CUTOFF = 75.0
FUZZY_CUTOFF_LATIN = 90.0


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
    topics: frozenset[str] = frozenset()  # phrases that name a matter and tell nothing of it: 快递, 赠品

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Lexicon:
        """Read ``{"words": {type: {weight: [phrase]}}, "exceptions": [{phrases, types}], "confusions", "topics"}``.

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
        return cls(tuple(words), tuple(exceptions), confusions, frozenset(document.get("topics", ())))

    def type_codes(self) -> set[str]:
        """Every type a word or an exception speaks of."""
        return {word.type for word in self.words if word.type}.union(*(word.only for word in self.exceptions))

    @cached_property
    def _index(self) -> Index:
        return Index((*self.words, *self.exceptions))

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
        covers = covers_of(meant, found)
        return Found(meant, tuple(_standing((hit for hit in found if hit.word.type), covers)), tuple(covers))

    def find_near(self, found: Found) -> list[Hit]:
        """For each type the phrase that stands most nearly in a text in which ``find`` lit too little."""
        scripts = {letter.isascii() for letter in found.meant if letter != " "}
        phrases = [
            phrase for phrase in self._near if len(phrase) <= len(found.meant) and phrase[0].isascii() in scripts
        ]
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
            if not covered(hit, found.covers):
                best.setdefault(hit.word.type, hit)
        return list(best.values())


def _place(phrase: str, text: str) -> list[tuple[int, int]]:
    place = fuzz.partial_ratio_alignment(phrase, text)
    return [(place.dest_start, place.dest_end)] if place and place.dest_start < place.dest_end else []


def _standing(hits: Iterable[Hit], covers: Sequence[Cover]) -> Iterator[Hit]:
    """Hits that are neither covered nor part of a longer phrase, in the order of the text.

    Of the same letters for the same type the hit that is worth most is kept.
    """
    best: dict[tuple[object, ...], Hit] = {}
    for hit in hits:
        key = (hit.word.type, hit.ranges)
        if (key not in best or best[key].points < hit.points) and not covered(hit, covers):
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
