"""A customer's message made comparable, with the way back to the unaltered text.

What stays is letters only: NFKC, simplified script, lower case; placeholders, digits, spaces, emoji
and punctuation are noise, because buyers put them into the middle of words (发 错.货). Between two
Latin words one space is kept. Every character of the result knows which character of the original it
came from, so that a hit can be lit in the message as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from opencc import OpenCC
from pypinyin import lazy_pinyin

NORMALISER_VERSION = 1
"""Raise it when the same text would come out differently: stored decisions name the version they stood on."""

LINE_WIDTH = 80
"""A Chinese character counts two, so that a line of any script is about as long."""

_DROPPED = re.compile(
    r"\[[^\[\]\s]{1,12}x\]"  # anonymised values: [订单x]
    r"|https?://[!-~]+"
    r"|(?<![0-9a-z])@[0-9a-z_]+"  # somebody addressed by name
    r"|#e-[a-z]\d*",  # a chat client's code for a smiley
    re.IGNORECASE,
)
_KEPT_NUMBERS = re.compile(r"(?<!\d)(?:12315|12305|12345)(?!\d)")  # the hotlines that are words of their own
_APOSTROPHES = frozenset("'’‘`´")
_SIMPLIFIED = OpenCC("t2s")


@dataclass(frozen=True, slots=True)
class Normalised:
    """``text`` is what is matched; ``origin[i]`` is the index in the original of ``text[i]``."""

    text: str
    origin: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]`` (not empty) stands in the original."""
        return self.origin[start], self.origin[end - 1] + 1


def normalise(text: str) -> Normalised:
    """Reduce a message to its letters. Never fails; an empty result means there is nothing to match."""
    raw = _without_placeholders(text)
    folded, origin = _folded(raw)
    kept = {i for match in _KEPT_NUMBERS.finditer(folded) for i in range(*match.span())}
    letters: list[str] = []
    indices: list[int] = []
    gap: int | None = None  # index of the noise since the last letter
    for i, char in enumerate(folded):
        if not (char.isalpha() or i in kept):
            if gap is None and char not in _APOSTROPHES:
                gap = i
            continue
        if gap is not None and letters and letters[-1].isascii() and char.isascii():
            letters.append(" ")
            indices.append(origin[gap])
        letters.append(char)
        indices.append(origin[i])
        gap = None
    return Normalised("".join(letters), tuple(indices))


def first_line(text: str) -> str:
    """The first line of what somebody wrote, cut to a line's length: what a ticket is called by."""
    line = text.splitlines()[0].strip()
    ends = list(accumulate(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line))
    return line if not ends or ends[-1] <= LINE_WIDTH else line[: bisect_right(ends, LINE_WIDTH - 2)] + "…"


def _without_placeholders(text: str) -> str:
    """Placeholders and links blanked out at the same length, so that indices stay."""
    return _DROPPED.sub(lambda match: " " * len(match.group()), text)


def _folded(text: str) -> tuple[str, list[int]]:
    """NFKC, lower case and simplified script, character by character where that changes the length."""
    chars: list[str] = []
    origin: list[int] = []
    for i, char in enumerate(text):
        folded = char if char.isascii() else unicodedata.normalize("NFKC", char)
        for part in folded.lower():
            chars.append(part)
            origin.append(i)
    return simplified("".join(chars)), origin


def simplified(text: str) -> str:
    """Simplified script at unchanged length."""
    if text.isascii():
        return text
    # Surrogates that never were a pair can't be encoded for the converter.
    safe = text.encode("utf-8", "replace").decode("utf-8")
    converted: str = _SIMPLIFIED.convert(safe)
    if len(converted) == len(text):
        return converted
    return "".join(_simplified_char(char) for char in safe)


@lru_cache(maxsize=8192)
def _simplified_char(char: str) -> str:
    converted: str = _SIMPLIFIED.convert(char)
    return converted if len(converted) == 1 else char


_SYLLABLES: dict[str, str] = {}
_FIRST_SOUND = 0xE000  # Unicode's private use area: never in a normalised text


@lru_cache(maxsize=16384)
def syllable(char: str) -> str:
    """The toneless pinyin of one character; any other character is its own syllable."""
    return str(lazy_pinyin(char)[0]) if "一" <= char <= "鿿" else char


@lru_cache(maxsize=16384)
def _sound(char: str) -> str:
    if char.isascii():
        return char
    return _SYLLABLES.setdefault(syllable(char), chr(_FIRST_SOUND + len(_SYLLABLES)))


@lru_cache(maxsize=1024)
def findable(*names: str) -> str:
    """What finds a name in a list that is searched while typing: ``fch`` and ``facuohuo`` find 发错货."""
    syllables = [syllable(letter) for letter in names[0]]
    return " ".join((*names, "".join(syllables), "".join(one[:1] for one in syllables)))


def sound(text: str) -> str:
    """A code of the same length in which characters that sound alike are equal.

    It holds within one process only: compare it, don't store it.
    """
    return "".join(map(_sound, text))
