"""Count how the rule book's words do and what customers say that it doesn't know, once a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from helpdesk.domain.phrases import Corpus, Found
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.text import normalise
from helpdesk.domain.word_health import Tally
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import word_counts
from helpdesk.services import words
from helpdesk.storage import unit_of_work

WINDOW = timedelta(days=180)
EVERY = timedelta(hours=20)
"""Less than a day, so that a job worker that runs by day only doesn't skip one."""


def count_words(now: datetime, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Returns how many decisions were counted, 0 if that was done lately.

    Nothing is locked while it reads, and nothing is stored before all is counted: who is stopped begins again.
    """
    last = word_counts.last_counted()
    if last is not None and now - last < EVERY:
        return 0
    tally = Tally()
    for batch in word_counts.judged(now - WINDOW):
        tally.add(batch)
        if stopping():
            return 0
    if not tally.decisions:
        return 0
    found = phrases(now)
    with unit_of_work():
        words.keep_health(tally.words, now=now)
        words.keep_proposals(found, now=now)
    return tally.decisions


def phrases(now: datetime) -> list[Found]:
    """What customers of a type say and its words don't; without anybody's name or address."""
    book, corpus = published_rulebook(), Corpus()
    for one in word_counts.heard(now - WINDOW):
        hidden = [normalise(secret).text for secret in one.hidden]
        corpus.add(one.type, normalise(one.text).text, one.customer, hidden)
    return [one for one in corpus.proposals() if not _known(one, book)]


def _known(found: Found, book: RuleBook) -> bool:
    """The type's own words light it already, the type is gone, or only monitors open such tickets."""
    kind = book.types.get(found.type)
    if kind is None or kind.system:
        return True
    return any(hit.word.type == found.type for hit in book.lexicon.find(found.phrase).hits)
