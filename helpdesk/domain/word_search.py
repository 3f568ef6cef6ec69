"""Where words stand in a normalised text: exactly, with gaps, or by their sound.

Comparing by sound finds both at once: what is written as meant is exact, what only sounds so is a slip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from helpdesk.domain.text import sound
from helpdesk.domain.words import GAP, Word

MAX_GAP = 6
MAX_GAP_LATIN = 24

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


class _Compiled:
    """A word ready to be compared by sound: per slot the choices by their sound, longest first."""

    __slots__ = ("after_gap", "max_gap", "slots", "word")

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
        self.after_gap = [self._firsts(k + 1) if slot is None else None for k, slot in enumerate(self.slots)]

    def _firsts(self, k: int) -> frozenset[str] | None:
        """The sounds that slot ``k`` can begin with: only there it is worth looking. None where it may be left out."""
        slot = self.slots[k]
        return None if slot is None or "" in slot[1] else frozenset(key[0] for key in slot[1])

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
            if start < len(text) and _joined(text, start):
                return None
            firsts = self.after_gap[k]
            for at in range(start, min(start + self.max_gap, len(text)) + 1):
                if firsts is not None and sounds[at : at + 1] not in firsts:
                    continue
                if at < len(text) and _joined(text, at):
                    continue
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


class Index:
    """Words by the sound of their first letters."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._by_head: dict[str, list[_Compiled]] = {}
        for word in words:
            compiled = _compiled(word)
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


@lru_cache(maxsize=16384)
def _compiled(word: Word) -> _Compiled:
    """Kept from one version of the rules to the next: nearly all of their words are the same."""
    return _Compiled(word)


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
