"""Messages that we wrote ourselves, as buyers type them: the word lists have to be broad, not fitted to a file.

Lines of ``data/fresh_zh.tsv`` are type(s) and text. Words were added while looking at every other line; what they do
to the rest says what they do to messages never seen.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from helpdesk.domain.decisions import OTHER, OrderFacts, classify
from helpdesk.domain.rulebook import parse_rulebook
from seeds.rulebook_document import document

MESSAGES = Path(__file__).parent / "data" / "fresh_zh.tsv"


@cache
def answers() -> list[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    """Per message the acceptable types, the one chosen, and all that were named."""
    book = parse_rulebook(document(), version=1)
    rows = []
    for line in MESSAGES.read_text(encoding="utf-8").splitlines():
        types, text = line.split("\t")
        decision = classify(text, OrderFacts(), book)
        rows.append(
            (tuple(types.split(",")), decision.type, (decision.type, *(one.type for one in decision.runners_up)))
        )
    return rows


def share(right: list[bool]) -> float:
    return sum(right) / len(right)


@pytest.mark.parametrize("half", [0, 1])
def test_fresh_messages_get_their_type(half: int) -> None:
    rows = answers()[half::2]
    assert share([first in gold for gold, first, _ in rows]) >= 0.85
    assert share([bool({*gold} & {*named}) for gold, _, named in rows]) >= 0.92


def test_no_type_is_left_behind() -> None:
    rows = answers()
    by_type: dict[str, list[bool]] = {}
    for gold, first, _ in rows:
        by_type.setdefault(gold[0], []).append(first in gold)
    assert {code: round(share(right), 2) for code, right in by_type.items() if share(right) < 0.7} == {}


def test_small_talk_and_questions_before_buying_are_no_exception() -> None:
    assert share([first != OTHER for gold, first, _ in answers() if gold[0] == OTHER]) <= 0.1


def test_exceptions_are_seldom_taken_for_small_talk() -> None:
    assert share([first == OTHER for gold, first, _ in answers() if gold[0] != OTHER]) <= 0.1
