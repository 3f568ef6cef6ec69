"""Reply templates: filling placeholders, ranking for a ticket, searching by hand.

A placeholder is ``{name}`` with a name of letters and underscores. There is no escape: any other brace
(``{}``, ``{1}``, ``{颜色}``, ``{ "a": 1 }``) is plain text and never blocks a reply. Full-width braces
``｛name｝``, as a Chinese keyboard writes them, and one space inside count too, because they would
otherwise reach the customer unfilled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from helpdesk.domain.macros import Action
from helpdesk.domain.rulebook import Label
from helpdesk.domain.text import normalise
from helpdesk.domain.tickets import Status

PLACEHOLDERS = (
    "customer",  # the customer's name as he is addressed
    "shop",
    "agent",  # who answers, by the name shown to customers
    "order",  # order number
    "items",  # what was bought, short
    "paid",  # paid amount with its currency
    "tracking",  # tracking number
    "carrier",
    "amount",  # of the compensation offered
    "price_difference",
    "progress_link",  # where the customer follows and answers his ticket
    "promise_time",  # a moment (今天 18:00, 6 pm today); the template adds 前 / by
)
"""The fixed list. Values are plain strings, ready to be read by the customer."""

ORDER_PLACEHOLDERS = frozenset({"order", "items", "paid", "tracking", "carrier", "price_difference"})
"""Those that only an order can fill."""

MAX_CODE = 60
MAX_TITLE = 100
MAX_BODY = 1000
MAX_SHORTCUT = 20
MAX_WORDS = 300  # of all words, one per line
MAX_QUERY = 50

_SHAPE = re.compile(r"[{｛] ?([A-Za-z][A-Za-z_]{0,39}) ?[}｝]")


@dataclass(frozen=True, slots=True)
class Template:
    """A reply that is ready but for its placeholders.

    ``type`` None suits any ticket. Picking it stages its effects: ``marks_solution`` says that the
    reply gives a solution (给出方案), ``set_status`` which status the ticket gets with the sending.
    ``words`` are those by which it is ranked and found, ``actions`` what else it does (``domain.macros``).
    """

    id: int
    code: str
    version: int
    type: str | None
    scope: str
    shortcut: str
    title: Label
    body: Label
    marks_solution: bool
    set_status: str | None
    words: tuple[str, ...]
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Where a placeholder came to stand in the filled text; ``state``: filled, missing or unknown."""

    start: int
    end: int
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled text. ``missing`` (no value) and ``unknown`` (not in the list) stay in it as they were."""

    text: str
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    spans: tuple[Span, ...]

    @property
    def complete(self) -> bool:
        return not (self.missing or self.unknown)


def fill(body: str, values: Mapping[str, str | None]) -> Filled:
    """Put the values in, in a single pass: a value that reads like a placeholder is not filled again.

    None, an empty value or mere blanks count as missing. A name outside ``PLACEHOLDERS`` is unknown
    even if a value is given for it.
    """
    parts: list[str] = []
    spans: list[Span] = []
    read, length = 0, 0
    for match in _SHAPE.finditer(body):
        name = match.group(1)
        value = (values.get(name) or "").strip()
        state = "unknown" if name not in PLACEHOLDERS else "filled" if value else "missing"
        shown = value if state == "filled" else match.group()
        before = body[read : match.start()]
        start = length + len(before)
        read, length = match.end(), start + len(shown)
        parts += (before, shown)
        spans.append(Span(start, length, name, state))
    parts.append(body[read:])
    return Filled("".join(parts), _names(spans, "missing"), _names(spans, "unknown"), tuple(spans))


def customers_locale(text: str) -> str:
    """The language to answer in: Chinese, unless what the customer wrote has letters and none of them is Chinese."""
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in text)
    return "zh_CN" if chinese or not any(letter.isalpha() for letter in text) else "en"


def unresolved(text: str) -> tuple[str, ...]:
    """Names of the placeholders still in an outgoing text, each once; not empty: it must not be sent.

    It fails closed: text that only happens to look like a placeholder has to be reworded.
    """
    return tuple(dict.fromkeys(_SHAPE.findall(text)))


def rewritten(filled: str, sent: str) -> int:
    """How much of a filled template was changed before it was sent: single characters put in, taken out or replaced.

    Blanks around either and the way lines end don't count.
    """
    return Levenshtein.distance(_one_way_of_lines(filled), _one_way_of_lines(sent))


def _one_way_of_lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _names(spans: Iterable[Span], state: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(span.name for span in spans if span.state == state))


# ---- ranking

_SAME_TYPE, _ANY_TYPE, _OTHER_TYPE = 50, 20, 10
_WORDS_AT_MOST = 35
_FITS_STATUS = 10
_NAMES_ORDER, _LACKS_ORDER = 5, -20
_FUZZY_FROM = 4
_FUZZY_CUTOFF = 75
_LATIN_CUTOFF = 88  # few letters, many words: at 75 "which order" is near to "i ordered"
_TEXT_AT_MOST = 200
"""The customer's point stands at the beginning; comparing more costs time and finds chance hits."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A template for this ticket: ``score`` 0..100, ``reasons`` as codes, ``matched`` words of the template."""

    template: Template
    score: int
    reasons: tuple[str, ...]
    matched: tuple[str, ...]


REASONS = (
    "reply.same_type",
    "reply.any_type",
    "reply.other_type",
    "reply.words",
    "reply.fits_status",
    "reply.names_order",
    "reply.lacks_order",
)


def rank(
    templates: Sequence[Template],
    *,
    type_code: str | None,
    text: str,
    words: Iterable[str] = (),
    status: Status = Status.OPEN,
    has_order: bool = True,
    limit: int = 3,
) -> tuple[Suggestion, ...]:
    """The best templates for a ticket, best first.

    Templates of the ticket's type come first, whatever the others score; then the score decides, then
    the code, so that the order never wavers. ``text`` is the customer's normalised message, ``words``
    the rule book's words that were found in it. A template of another type is shown only if one of its
    words stands exactly in the message (the type itself may be wrong).
    """
    text = text[:_TEXT_AT_MOST]
    hits = _exact_hits({word for template in templates for word in _normal(template.words)}, text, words)
    own = [template for template in templates if template.type in (None, type_code)]
    near = {word for template in own for word in _normal(template.words)}
    hits |= _near_hits(near - hits.keys(), text)
    others = (one for one in templates if one.type not in (None, type_code))
    strays = [one for one in others if not hits.keys().isdisjoint(_normal(one.words))]
    found = [_rate(template, hits, type_code, status, has_order) for template in own + strays]
    found.sort(key=lambda one: (one.template.type != type_code, -one.score, one.template.code, one.template.id))
    return tuple(found[:limit])


def _rate(
    template: Template, hits: Mapping[str, float], type_code: str | None, status: Status, has_order: bool
) -> Suggestion:
    if template.type is None:
        score, reasons = _ANY_TYPE, ["reply.any_type"]
    elif template.type == type_code:
        score, reasons = _SAME_TYPE, ["reply.same_type"]
    else:
        score, reasons = _OTHER_TYPE, ["reply.other_type"]
    worth = {
        word: hits[normal]
        for word, normal in zip(template.words, _normal(template.words), strict=True)
        if normal in hits
    }
    if worth:
        score += min(_WORDS_AT_MOST, round(sum(worth.values())))
        reasons.append("reply.words")
    # A new ticket wants to hear that it was read and what is still needed; one in work wants its solution.
    if template.marks_solution is (status is not Status.NEW):
        score += _FITS_STATUS
        reasons.append("reply.fits_status")
    if _needs_order(template.body.zh):
        score += _NAMES_ORDER if has_order else _LACKS_ORDER
        reasons.append("reply.names_order" if has_order else "reply.lacks_order")
    return Suggestion(template, max(0, score), tuple(reasons), tuple(worth))


def _exact_hits(vocabulary: set[str], text: str, words: Iterable[str]) -> dict[str, float]:
    """What each word is worth that stands in the message, or that the rule book found there."""
    given = set(_normal(tuple(words)))
    standing = {word for word in vocabulary if word in text and _is_whole(word, text)}
    return {word: _worth(word) for word in standing | (vocabulary & given) if word}


def _near_hits(vocabulary: set[str], text: str) -> dict[str, float]:
    """Words that almost stand in the message, at half their worth times the likeness.

    Only from four characters on, and if the message is at least as long as the word: shorter ones are
    near to anything.
    """
    long_enough = [word for word in vocabulary if _FUZZY_FROM <= len(word) <= len(text)]
    near = process.extract(text, long_enough, scorer=fuzz.partial_ratio, score_cutoff=_FUZZY_CUTOFF, limit=None)
    return {
        word: _worth(word) * likeness / 200
        for word, likeness, _ in near
        if not word.isascii() or likeness >= _LATIN_CUTOFF
    }


def _worth(word: str) -> float:
    """A longer word says more; a Latin letter says about a third of a Chinese character."""
    return 6 + 3 * min(6.0, len(word) / 3 if word.isascii() else len(word))


def _is_whole(word: str, text: str) -> bool:
    """Whether a Latin word stands there as a word of its own, not in the middle of another one."""
    return not word.isascii() or re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text) is not None


@lru_cache(maxsize=4096)
def _normal(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(normalise(word).text for word in words)


@lru_cache(maxsize=4096)
def _needs_order(body: str) -> bool:
    return not ORDER_PLACEHOLDERS.isdisjoint(_SHAPE.findall(body))


# ---- search

_SHORTCUT, _TITLE, _WORD, _PINYIN, _BODY = 5, 4, 3, 2, 1


def search(templates: Sequence[Template], query: str, limit: int = 20) -> tuple[Template, ...]:
    """Templates in which every word of the query stands: shortcut, title, words, pinyin or body, in that order.

    Pinyin of title and words is found by initials (``fch`` for 发错货) and in full. An empty query finds
    the first ``limit``; of a long one the first ``MAX_QUERY`` characters count. A leading slash is the
    composer's key for the search and doesn't count.
    """
    tokens = _plain(query[:MAX_QUERY]).removeprefix("/").split()
    found = [(min((_field(one, token) for token in tokens), default=_BODY), one) for one in templates]
    found.sort(key=lambda pair: -pair[0])
    return tuple(template for field, template in found if field)[:limit]


def search_fields(template: Template) -> tuple[str, str, str, str, str]:
    """What ``search`` looks in, best first: shortcut, title, words, pinyin, body; for a search elsewhere."""
    shortcut, title, words, body = _fields(template.shortcut, template.title, template.words, template.body)
    return shortcut, title, words, "\n".join(_sounds(title + "\n" + words)), body


def _field(template: Template, token: str) -> int:
    """The best field in which the token stands; 0 if in none."""
    shortcut, title, words, body = _fields(template.shortcut, template.title, template.words, template.body)
    if shortcut.startswith(token):
        return _SHORTCUT
    if token in title:
        return _TITLE
    if token in words:
        return _WORD
    if token.isascii() and len(token) > 1 and any(token in sounds for sounds in _sounds(title + "\n" + words)):
        return _PINYIN
    return _BODY if token in body else 0


@lru_cache(maxsize=4096)
def _fields(shortcut: str, title: Label, words: tuple[str, ...], body: Label) -> tuple[str, str, str, str]:
    return (
        _plain(shortcut).removeprefix("/"),
        _plain(f"{title.zh}\n{title.en}"),
        _plain("\n".join(words)),
        _plain(f"{body.zh}\n{body.en}"),
    )


@lru_cache(maxsize=4096)
def _sounds(text: str) -> tuple[str, str]:
    """Initials and full pinyin, line by line. Other characters stand for themselves."""
    initials = "\n".join("".join(lazy_pinyin(line, style=Style.FIRST_LETTER)) for line in text.split("\n"))
    return initials, "\n".join("".join(lazy_pinyin(line)) for line in text.split("\n"))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
