"""What makes a text findable, and whether it says what was searched for.

Texts are compared folded: NFKC, lower case, simplified script, one character at a time, so that a part of a text folds
to the same as the whole does. The index holds *grams* of it: every two neighbouring characters, and every three of a
Latin word or number. Whoever asks for all grams of a word finds every text that contains it, and a few that hold its
grams in another order; ``says`` sorts those out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from helpdesk.domain.text import simplified, syllable

MOST_TERMS = 6
"""Further words of a search are not looked at."""

FEW_GRAMS = 6
"""Of a word with more, not all are looked up: the text itself has the last word."""

MOST_GRAMS = 12
"""Grams asked for one word: with more, hardly a text drops out."""

TAIL = 4
"""Digits that a phone or a ticket's number is called by."""

_LATIN = re.compile(r"[0-9a-z]{3,}")
_DIGITS = re.compile(r"[^0-9]+")
_INITIALS = "音"
"""Before the initials of a name: no gram is longer than three characters, and these are never asked for as a word."""


class Kind(StrEnum):
    """What a text is of; the letter stands before each of its grams, so that kinds are searched apart."""

    MESSAGE = "m"
    NOTE = "n"
    TICKET = "t"
    CUSTOMER = "c"
    ORDER = "o"
    PARCEL = "p"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text as it was written, lit where it is what was searched for."""

    text: str
    lit: bool = False


@lru_cache(maxsize=32768)
def _folded(char: str) -> str:
    if char.isascii():
        return char.lower()
    if unicodedata.category(char) == "Cf":  # without width: it comes along when a number is copied from a chat
        return ""
    parts = unicodedata.normalize("NFKC", char).lower()
    return "".join(simplified(part) for part in parts)


@lru_cache(maxsize=32768)
def _letters(char: str) -> str:
    """The character folded; a blank instead of what separates words."""
    return "".join(part if _is_letter(part) else " " for part in _folded(char))


def _is_letter(char: str) -> bool:
    """Emoji count, they are what some customers say; punctuation and blanks don't."""
    return char.isalnum() if char.isascii() else unicodedata.category(char)[0] not in "PZC"


def fold(text: str) -> str:
    """The text as it is compared."""
    return "".join(map(_folded, text))


def grams(text: str) -> set[str]:
    """What the text can be found by: two neighbouring characters, and three of a Latin word or number."""
    found: set[str] = set()
    for run in "".join(map(_letters, text)).split():
        found.update(map("".join, pairwise(run)))
        for word in _LATIN.findall(run):
            found.update(word[start : start + 3] for start in range(len(word) - 2))
    return found


def asked_grams(term: str) -> list[str]:
    """Grams that every text with this word has; none where the word is too short to be looked up."""
    found: dict[str, None] = {}
    for run in "".join(map(_letters, term)).split():
        inside: set[int] = set()  # of the word's pairs, those that its threes say more about
        for word in _LATIN.finditer(run):
            inside.update(range(word.start(), word.end() - 1))
            found.update(dict.fromkeys(run[start : start + 3] for start in range(word.end() - 3, word.start() - 1, -1)))
        found.update(dict.fromkeys(run[at : at + 2] for at in range(len(run) - 1) if at not in inside))
    asked = list(found)
    if len(asked) > FEW_GRAMS:  # of a sentence every second one: that is all of its letters, and half of the work
        asked = [*asked[:-1:2], asked[-1]]
    return asked[:MOST_GRAMS]


def told_by_grams(term: str) -> bool:
    """Whether the grams of a word say nearly all about it: it is no single character, and none is left out."""
    letters = "".join(map(_letters, term))
    return len(letters) > 1 and " " not in letters


def says(folded: str, terms: Iterable[str]) -> bool:
    """Whether a folded text contains every one of the folded words."""
    return all(term in folded for term in terms)


def digits(text: str) -> str:
    """The digits of a text, whatever stands between them."""
    return _DIGITS.sub("", fold(text))


def ticket_grams(subject: str, number: str) -> set[str]:
    """A ticket is found by its subject and the end of its number."""
    return grams(subject) | {fold(number)[-TAIL:]}


def customer_grams(name: str, buyer_id: str, phone: str) -> set[str]:
    """A buyer is found by his name, its pinyin and initials, his id, and the end of his phone's number only."""
    found = grams(name) | grams(buyer_id)
    found.update(_INITIALS + spelled for spelled in pinyin_of(name))
    tail = digits(phone)[-TAIL:]
    return found | ({tail} if len(tail) == TAIL else set())


def pinyin_of(name: str) -> tuple[str, ...]:
    """A Chinese name as it is typed: its initials and its syllables in full. None for other names."""
    letters = [char for char in fold(name) if char.isalnum()]
    if not any("一" <= char <= "鿿" for char in letters):
        return ()
    syllables = [syllable(char) for char in letters]
    return tuple(dict.fromkeys(("".join(one[:1] for one in syllables), "".join(syllables))))


def tail_gram(term: str) -> str:
    """What a ticket or a phone is found by, if the word can be the end of its number; else nothing."""
    ending = fold(term)[-TAIL:]
    return ending if len(ending) == TAIL and ending.isascii() and ending.isdigit() else ""


def pinyin_gram(term: str) -> str:
    """What a name is found by, if the word can be its pinyin; else nothing."""
    term = fold(term)
    return _INITIALS + term if 2 <= len(term) <= 40 and term.isascii() and term.isalpha() else ""


def is_phone_of(term: str, phone: str) -> bool:
    """Four digits are a phone's end, more are all of it: whoever guesses must not get at what is masked."""
    wanted, own = digits(term), digits(phone)
    if not wanted or wanted != fold(term):
        return False
    return own.endswith(wanted) if len(wanted) == TAIL else wanted in (own, own.removeprefix("86"))


def snippet(text: str, terms: Sequence[str], width: int = 60) -> tuple[Part, ...]:
    """The part of a text around its first hit, as it was written, with every hit lit. ``width`` in characters."""
    ranges = list(_merged(_hits(text, terms)))
    first = ranges[0][0] if ranges else 0
    start = max(0, min(first - width // 4, len(text) - width))
    end = min(len(text), start + width)
    parts = [Part("…")] if start else []
    at = start
    for low, high in ranges:
        low, high = max(low, start), min(high, end)
        if low >= high:
            continue
        parts += [Part(text[at:low])] if low > at else []
        parts.append(Part(text[low:high], lit=True))
        at = high
    parts += [Part(text[at:end])] if at < end else []
    return (*parts, Part("…")) if end < len(text) else tuple(parts)


def _hits(text: str, terms: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where the folded words stand in the text as it was written."""
    origin = [place for place, char in enumerate(text) for _ in _folded(char)]
    folded = fold(text)
    for term in terms:
        at = folded.find(term) if term else -1
        while at >= 0:
            yield origin[at], origin[at + len(term) - 1] + 1
            at = folded.find(term, at + len(term))


def _merged(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    low, high = -1, -1
    for start, end in sorted(ranges):
        if start > high:
            if high > low:
                yield low, high
            low, high = start, end
        else:
            high = max(high, end)
    if high > low:
        yield low, high
