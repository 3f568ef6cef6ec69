"""How the rule book's words do: what they light, and what people make of it.

A word *fired* in a decision that it was lit in. People *accepted* it where the type turned out to be the word's own:
somebody said so, or worked the ticket to its end and left the type alone. They *corrected* it where the word's type
was decided and they changed it. A word lit beside a decision for another type did neither good nor harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import Any

from helpdesk.domain.decisions import Decision, Span
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.text import sound
from helpdesk.domain.words import GAP, POINTS, Slot, Word, slots_of

Z = 1.96
"""Normal quantile of the bound: 97.5 % one-sided."""

HARMFUL_SHARE = 0.5
"""A word is harmful if it surely (by the bound) leads to a wrong type more often than to the right one."""

LEARNED = "learned"
"""How a span was found that no rule wrote."""

LONGEST_WORD = 60
"""Letters of a word that is counted, adopted or retired: as many as are stored."""

GAP_SIGN = "…"
BY_POINTS = {points: weight for weight, points in POINTS.items()}


@dataclass(slots=True)
class Health:
    """Decisions by what became of them."""

    fired: int = 0
    accepted: int = 0
    corrected: int = 0
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored decision; ``final`` is the type that people left it with, None while nobody has said or solved it."""

    type: str
    spans: tuple[Span, ...]
    final: str | None
    at: datetime


@dataclass(slots=True)
class Tally:
    """Counts by (type, word), filled a batch at a time."""

    words: dict[tuple[str, str], Health] = field(default_factory=dict)
    decisions: int = 0

    def add(self, decisions: Iterable[Judged]) -> None:
        for one in decisions:
            self.decisions += 1
            for key in {(span.type, span.word[:LONGEST_WORD]) for span in one.spans if span.how != LEARNED}:
                self._count(self.words.setdefault(key, Health()), key[0], one)

    @staticmethod
    def _count(health: Health, type_code: str, one: Judged) -> None:
        health.fired += 1
        health.last_seen_at = max(health.last_seen_at or one.at, one.at)
        if one.final == type_code:
            health.accepted += 1
        elif one.final is not None and one.type == type_code:
            health.corrected += 1


def lower_bound(hits: int, trials: int) -> float:
    """Wilson's lower bound of a share: what it surely is at least, 0 without trials.

    Three of three say less than thirty of forty, which a plain share has the wrong way round.
    """
    if trials <= 0:
        return 0.0
    share, spread = hits / trials, Z * Z / trials
    centre = share + spread / 2
    margin = Z * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, (centre - margin) / (1 + spread))


def is_harmful(accepted: int, corrected: int) -> bool:
    """Whether the evidence says that the word misleads more often than not."""
    return lower_bound(corrected, accepted + corrected) > HARMFUL_SHARE


def dead_words(words: Iterable[Word], fired: Iterable[str]) -> list[Word]:
    """Words of which no phrase was lit, in their order. A word counts as alive whatever type its phrase lit.

    ``fired`` are phrases as decisions name them, so that a word read as another type by the order's facts lives.
    """
    by_head: dict[str, list[str]] = {}
    for phrase in set(fired):
        by_head.setdefault(phrase[:1], []).append(phrase)
    everything = [phrase for phrases in by_head.values() for phrase in phrases]
    dead = []
    for word in words:
        heads = {choice[:1] for choice in word.slots[0]}
        likely = everything if "" in heads else [phrase for head in heads for phrase in by_head.get(head, ())]
        if word.type and not any(spells(word.slots, phrase) for phrase in likely):
            dead.append(word)
    return dead


def spells(slots: Sequence[Slot], phrase: str) -> bool:
    """Whether the phrase is one of the word's family; a gap may have shrunk to nothing."""
    if not slots:
        return not phrase
    if slots[0] is GAP or slots[0] == GAP:
        return spells(slots[1:], phrase.removeprefix(GAP_SIGN))
    return any(phrase.startswith(choice) and spells(slots[1:], phrase[len(choice) :]) for choice in slots[0])


Document = Mapping[str, Any]
"""The rule book's part ``lexicon``: words by type and weight, exceptions, confusions."""


def with_word(document: Document, type_code: str, phrase: str, weight: str) -> dict[str, Any]:
    """The lexicon with one more word; an exception that silenced it for this type is taken out.

    ``Invalid`` for what can't be a word, ``Conflict`` if the type has it.
    """
    check_phrase(phrase)
    if weight not in POINTS:
        raise Invalid("words.bad_weight", weight=weight[:20])
    words: Mapping[str, Mapping[str, Sequence[str]]] = document["words"]
    silenced = _without_silence(document, type_code, phrase)
    if weight_of(document, type_code, phrase) is not None:
        if silenced == list(document.get("exceptions", ())):
            raise Conflict("words.there_already", word=phrase)
        return {**document, "exceptions": silenced}
    own = words.get(type_code, {})
    grown = {**own, weight: [*own.get(weight, ()), phrase]}
    return {**document, "words": {**words, type_code: grown}, "exceptions": silenced}


def without_word(document: Document, type_code: str, phrase: str) -> dict[str, Any]:
    """The lexicon in which this phrase no longer speaks for the type.

    A word that stands by itself goes. A phrase that a family (``{发|寄}错货``) spells is silenced by an exception for
    this type, which leaves the rest of the family. ``Conflict`` if nothing of the type says it.
    """
    check_phrase(phrase)
    words: Mapping[str, Mapping[str, Sequence[str]]] = document["words"]
    own = words.get(type_code, {})
    left = {weight: [word for word in listed if word != phrase] for weight, listed in own.items()}
    changed: dict[str, Any] = {**document, "words": {**words, type_code: left}}
    families = any(spells(slots_of(word), phrase) for listed in left.values() for word in listed)
    exceptions = list(document.get("exceptions", ()))
    silence = {"types": [type_code], "phrases": [phrase]}
    if families and silence not in exceptions:
        changed["exceptions"] = [*exceptions, silence]
    elif left == {weight: list(listed) for weight, listed in own.items()}:
        raise Conflict("words.not_there", word=phrase)
    return changed


def dropped(document: Document, type_code: str, phrase: str) -> dict[str, Any]:
    """The lexicon without this very word; a family that spells it goes on doing so. ``Conflict`` if it isn't there."""
    if weight_of(document, type_code, phrase) is None:
        raise Conflict("words.not_there", word=phrase)
    words: Mapping[str, Mapping[str, Sequence[str]]] = document["words"]
    left = {weight: [word for word in listed if word != phrase] for weight, listed in words[type_code].items()}
    return {**document, "words": {**words, type_code: left}}


def restored(document: Document, type_code: str, phrase: str, weight: str | None) -> dict[str, Any]:
    """The lexicon with a retired phrase back: a word of its own at its weight, or (None) one of a family again."""
    if weight is not None:
        return with_word(document, type_code, phrase, weight)
    exceptions = _without_silence(document, type_code, phrase)
    if exceptions == list(document.get("exceptions", ())):
        raise Conflict("words.there_already", word=phrase)
    return {**document, "exceptions": exceptions}


def weight_of(document: Document, type_code: str, phrase: str) -> str | None:
    """The weight at which the type lists this very word; None where it doesn't."""
    own: Mapping[str, Sequence[str]] = document["words"].get(type_code, {})
    return next((weight for weight, listed in own.items() if phrase in listed), None)


def _without_silence(document: Document, type_code: str, phrase: str) -> list[Any]:
    silence = {"types": [type_code], "phrases": [phrase]}
    return [row for row in document.get("exceptions", ()) if row != silence]


def check_phrase(phrase: str) -> None:
    """Raise ``Invalid`` for what no text could light: too long, no letters, unbalanced braces."""
    if not phrase or len(phrase) > LONGEST_WORD:
        raise Invalid("words.bad_length", limit=LONGEST_WORD)
    try:
        slots_of(phrase)
    except ValueError as error:
        raise Invalid("words.bad_word", word=phrase) from error


@dataclass(frozen=True, slots=True)
class Effect:
    """What a changed lexicon does to a stored message: its type before and after, and what people said it is."""

    number: str
    before: str
    after: str
    truth: str | None

    @property
    def verdict(self) -> str:
        """``better``: right by now; ``worse``: right no longer; else ``open``: nobody has said, or both are wrong."""
        if self.truth is None or self.truth not in (self.before, self.after):
            return "open"
        return "better" if self.truth == self.after else "worse"


def resembles(phrase: str, text: str) -> bool:
    """Whether a word could be lit in a normalised text at all, exactly, by its sound or nearly.

    Half of a plain phrase's letters sound in the text, or any letter of a family's: comparing letters takes
    microseconds, deciding milliseconds.
    """
    slots, heard = slots_of(phrase), set(sound(text))
    letters = {letter for slot in slots for choice in slot for letter in sound(choice)}
    return len(letters & heard) * 2 >= (len(letters) if len(slots) == 1 and len(slots[0]) == 1 else 1)


def effect(number: str, before: Decision, after: Decision, truth: str | None) -> Effect | None:
    """None where type and certainty stay."""
    if (before.type, before.tier) == (after.type, after.tier):
        return None
    return Effect(number, before.type, after.type, truth)
