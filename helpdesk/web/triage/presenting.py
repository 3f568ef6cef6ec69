"""A triage card in words: the message with what was lit, order facts, candidates with their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from helpdesk.domain.decisions import OTHER, OrderFacts, Span
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.text import findable
from helpdesk.queries.triage import Card
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _

MOST_CANDIDATES = 3
"""As many as there are keys for."""


def card(row: Card, book: RuleBook) -> dict[str, Any]:
    return {
        "number": row.number,
        "version": row.version,
        "subject": row.subject,
        "channel": label(row.channel),
        "created_at": row.created_at,
        "nudges": row.nudges,
        "guessed": row.tier == "suggest",
        "klass": book.types[row.type].klass.value if row.type in book.types else "",
        "type_name": _name(row.type, book),
        "segments": list(lit(row.text, row.spans, book)),
        "candidates": _candidates(row, book),
        "facts": list(_facts(row.facts)),
        "order_number": row.order_number,
        "paid_fen": row.facts.paid_fen,
        "cursor": str(row.cursor),
    }


def types(book: RuleBook) -> list[dict[str, str]]:
    """What a person may choose, in the order of the rules; ``words`` find it: pinyin in full and by initials."""
    return [
        {
            "code": code,
            "name": label(kind.name),
            "klass": kind.klass.value,
            "words": findable(kind.name.zh, kind.name.en),
        }
        for code, kind in book.types.items()
        if not kind.system
    ]


def lit(text: str, spans: Iterable[Span], book: RuleBook) -> Iterator[dict[str, str]]:
    """The text in pieces, with ``why`` where the decision stands on it; of overlapping ones the first, longest."""
    read = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start < read:
            continue
        if read < span.start:
            yield {"text": text[read : span.start], "why": ""}
        why = _("“%(word)s”指向%(type)s", word=span.word, type=_name(span.type, book))
        yield {"text": text[span.start : span.end], "why": why}
        read = span.end
    if read < len(text):
        yield {"text": text[read:], "why": ""}


def _candidates(row: Card, book: RuleBook) -> list[dict[str, Any]]:
    """At most three, ``other`` last where nothing was found: it is a decision, too."""
    found = {one.type: one.score for one in row.candidates if one.type in book.types and not book.type(one.type).system}
    if OTHER not in found and len(found) < MOST_CANDIDATES:
        found[OTHER] = 0.0
    chosen = list(found.items())[:MOST_CANDIDATES]
    return [
        {"code": code, "name": _name(code, book), "klass": book.types[code].klass.value, "score": score * 100}
        for code, score in chosen
    ]


def _facts(facts: OrderFacts) -> Iterator[str]:
    """What was known of the order when it was decided."""
    if not facts.known:
        return
    yield _("已签收") if facts.signed else _("已发货") if facts.shipped else _("未发货")


def _name(code: str, book: RuleBook) -> str:
    return label(book.types[code].name) if code in book.types else code
