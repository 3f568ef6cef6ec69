"""Phrases that customers of one type use and no rule knows.

Runs of letters (Chinese) or words (Latin) are counted by type; proposed is what stands out against the other types.
Nobody's own words are proposed: a phrase counts once a customer, and it takes ``MIN_CUSTOMERS`` of them. What names
the customer himself or his address is not counted, digits never reach a normalised text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import log

MIN_CUSTOMERS = 5
"""Different people who must have said it."""

LETTERS = (3, 6)
"""Length of a Chinese phrase: two letters are right too seldom, more than six hardly ever come again."""

WORDS = (2, 4)
"""Length of a Latin phrase, in words."""

STEPS = 1 + max(LETTERS[1] - LETTERS[0], WORDS[1] - WORDS[0])
MOST_LETTERS = 200
MIN_CONTRAST = 1.5
"""Natural logarithm: about four and a half times as frequent among the type's customers as among others."""

PRIOR = 0.5
SAME = 0.8
"""A part of a phrase that is hardly more frequent than the phrase says nothing by itself."""

MOST_FOR_TYPE = 20
LONGEST = 60
PARTICLES = frozenset("的了是就也都还在和跟我你他一")
"""A phrase that begins or ends with one of these was cut out of a sentence at the wrong place."""

_BREAK = "|"
_PLACES = re.compile(
    r"[\u4e00-\u9fff]{0,6}(?:栋|幢|单元|号楼|小区|街道|花园|公寓|大厦|弄|巷|苑)+室?"
    r"|(?:[\u4e00-\u9fff]{2,3}(?:省|市|区|县|镇))+"
    r"|(?<=我叫|姓名)[\u4e00-\u9fff]{1,4}|(?<=收件人|联系人)[\u4e00-\u9fff]{1,4}"
)
"""Where somebody tells an address or a name that we don't have of him."""

_LATIN = re.compile(r"[a-z]+")
_RUN = re.compile(r"[a-z]+(?: [a-z]+)*|[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase, how many customers of its type used it, and how many of other types."""

    type: str
    phrase: str
    seen: int
    elsewhere: int
    contrast: float


@dataclass(slots=True)
class Corpus:
    """What each customer said about each type, filled a message at a time."""

    said: dict[tuple[str, object], list[str]] = field(default_factory=dict)

    def add(self, type_code: str, text: str, customer: object, hidden: Iterable[str] = ()) -> None:
        """Keep a normalised text. ``hidden``: normalised texts whose words must not be proposed (name, address)."""
        self.said.setdefault((type_code, customer), []).append(_without(text[:MOST_LETTERS], hidden))

    def proposals(self, known: Iterable[tuple[str, str]] = ()) -> list[Found]:
        """What stands out, by type and contrast; ``known`` (type, phrase) was decided about before.

        The score is the logarithm of how much more frequent the phrase is among the type's customers than among the
        others', each count raised by PRIOR so that a handful doesn't look like a law.
        """
        asked, totals = set(known), Counter(code for code, _ in self.said)
        counts = self._counts()
        spread: Counter[str] = Counter()
        for counted in counts.values():
            spread.update(counted)
        found: dict[str, list[Found]] = {}
        for code, counted in counts.items():
            for phrase, seen in counted.items():
                if seen < MIN_CUSTOMERS or (code, phrase) in asked or not PARTICLES.isdisjoint((phrase[0], phrase[-1])):
                    continue
                elsewhere = spread[phrase] - seen
                contrast = _contrast(seen, totals[code], elsewhere, totals.total() - totals[code])
                if contrast >= MIN_CONTRAST:
                    found.setdefault(code, []).append(Found(code, phrase, seen, elsewhere, contrast))
        return [one for code in sorted(found) for one in _telling(found[code])[:MOST_FOR_TYPE]]

    def _counts(self) -> dict[str, Counter[str]]:
        """Customers by type and phrase. Shorter phrases go first: none is frequent whose parts are not."""
        counts: dict[str, Counter[str]] = {code: Counter() for code, _ in self.said}
        frequent: set[str] | None = None
        for longer in range(STEPS):
            fresh: set[str] = set()
            for (code, _), texts in self.said.items():
                pieces = {phrase for text in texts for phrase in runs(text, longer)}
                counts[code].update(phrase for phrase in pieces if frequent is None or _parts(phrase) <= frequent)
                fresh |= pieces
            frequent = {phrase for phrase in fresh if any(one[phrase] >= MIN_CUSTOMERS for one in counts.values())}
        return counts


def runs(text: str, longer: int) -> Iterator[str]:
    """Every phrase of a normalised text that has the least length for its script and ``longer`` parts more."""
    for run in _RUN.findall(text):
        words = run.split(" ")
        parts, least, most, glue = (words, *WORDS, " ") if run.isascii() else (run, *LETTERS, "")
        length = least + longer
        if length <= most:
            pieces = (glue.join(parts[start : start + length]) for start in range(len(parts) - length + 1))
            yield from (phrase for phrase in pieces if len(phrase) <= LONGEST)


def _parts(phrase: str) -> set[str]:
    """The two phrases that it grew from."""
    if phrase.isascii():
        return {phrase.rpartition(" ")[0], phrase.partition(" ")[2]}
    return {phrase[:-1], phrase[1:]}


def _without(text: str, hidden: Iterable[str]) -> str:
    """The text broken wherever two letters, or a Latin word, also stand in what must not be told."""
    text = _PLACES.sub(lambda match: _BREAK * len(match.group()), text)
    secrets = [one for one in hidden if one]
    if not secrets:
        return text
    latin = {word for secret in secrets for word in secret.split(" ") if word.isascii()}
    letters = list(text)
    for start in range(len(text) - 1):
        pair = text[start : start + 2]
        if not pair.isascii() and any(pair in secret for secret in secrets):
            letters[start : start + 2] = _BREAK * 2
    return _LATIN.sub(lambda match: _BREAK if match.group() in latin else match.group(), "".join(letters))


def _contrast(seen: int, total: int, elsewhere: int, others: int) -> float:
    here = (seen + PRIOR) / (total + 2 * PRIOR)
    there = (elsewhere + PRIOR) / (others + 2 * PRIOR)
    return round(log(here / there), 4)


def _cores(phrase: str) -> set[str]:
    """The phrase without a letter or two at an end: what it shares with the same words cut out elsewhere."""
    cut = {phrase[1:], phrase[:-1], phrase[2:], phrase[:-2]}
    return {core for core in cut if len(core) >= LETTERS[0]}


def _telling(found: Iterable[Found]) -> list[Found]:
    """Of a phrase and its parts the one that says it: the longer, unless the part is clearly more frequent.

    Of the same words cut out at several places, one.
    """
    ranked = sorted(found, key=lambda one: (-len(one.phrase), -one.seen, one.phrase))
    kept: list[Found] = []
    for one in ranked:
        inside = [longer for longer in kept if one.phrase in longer.phrase]
        shifted = any(part in longer.phrase for longer in kept for part in _cores(one.phrase))
        if any(longer.seen >= SAME * one.seen for longer in inside) or (shifted and not inside):
            continue
        kept = [other for other in kept if other not in inside]
        kept.append(one)
    return sorted(kept, key=lambda one: (-one.contrast, -one.seen, one.phrase))
