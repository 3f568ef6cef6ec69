"""The search index built anew while everybody works, and proved equal to the texts it is of.

``start_anew`` empties it; ``build_some`` then reads the texts from the newest back, some with each call, so that what
is asked for most is found first. What is written meanwhile is indexed by its own transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row, func, select, text, update

from helpdesk.domain.search import Kind
from helpdesk.models.search import KINDS, NOUNS, SPREAD, SearchProgress, empty, entry_grams, index_id, write
from helpdesk.storage import insert_once, is_postgresql, session

BATCH = 1_000
BUCKET = 1_000
"""Texts that are compared as one: what differs is told as this many neighbours."""


@dataclass(frozen=True, slots=True)
class Differs:
    """Texts of a kind, by the ids of their nouns, of which the index says something else."""

    kind: Kind
    first: int
    last: int


def start_anew() -> None:
    """Throw the index away; everything is to be read again. Nothing is found meanwhile but what is read already."""
    empty(session().connection())
    for kind in KINDS:
        newest = session().execute(select(func.coalesce(func.max(NOUNS[kind][0].id), 0))).scalar_one()  # type: ignore[attr-defined]
        insert_once(SearchProgress, kind=kind.value, below=0)
        session().execute(update(SearchProgress).where(SearchProgress.kind == kind.value).values(below=newest + 1))


def left() -> int:
    """How many ids are still to be read; some of them may not be there."""
    return sum(session().scalars(select(SearchProgress.below - 1).where(SearchProgress.below > 1)))


def build_some(batch: int = BATCH) -> int:
    """Read the next texts, the newest first, and index them. Returns how many ids were gone through, 0 at the end."""
    progress = session().scalars(
        select(SearchProgress)
        .where(SearchProgress.below > 1)
        .order_by(SearchProgress.below.desc())
        .limit(1)
        .with_for_update()
    )
    part = progress.first()
    if part is None:
        return 0
    low = max(1, part.below - batch)
    kind = Kind(part.kind)
    rows = session().execute(_texts(kind, low, part.below).with_for_update(read=True)).all()
    write(session().connection(), ((index_id(kind, row[0]), None, entry_grams(kind, row[1:])) for row in rows))
    gone_through = part.below - low
    part.below = low
    return gone_through


def differences() -> list[Differs]:
    """Where the index and the texts don't say the same; nothing if they do.

    Both are added up, each gram of each text as one number, in buckets of neighbouring texts: nothing has to be held
    in memory, and sums that agree by chance are as likely as any two 64-bit numbers.
    """
    ought: Counter[tuple[Kind, int]] = Counter()
    for kind in KINDS:
        for row in _all_texts(kind):
            noun_id: int = row[0]
            for gram in entry_grams(kind, row[1:]) or ():
                ought[kind, noun_id // BUCKET] += _figure(index_id(kind, noun_id), gram)
    held: Counter[tuple[Kind, int]] = Counter()
    for number, gram in _postings():
        held[KINDS[number % SPREAD], number // SPREAD // BUCKET] += _figure(number, gram)
    wrong = {key for key in ought.keys() | held.keys() if ought[key] != held[key]}
    return [
        Differs(kind, bucket * BUCKET, (bucket + 1) * BUCKET - 1)
        for kind, bucket in sorted(wrong, key=lambda key: (KINDS.index(key[0]), key[1]))
    ]


def _texts(kind: Kind, low: int, high: int) -> Any:
    noun, columns, _make = NOUNS[kind]
    key = noun.id  # type: ignore[attr-defined]
    return select(key, *(getattr(noun, name) for name in columns)).where(key >= low, key < high).order_by(key)


def _all_texts(kind: Kind) -> Iterator[Row[Any]]:
    noun = NOUNS[kind][0]
    newest = session().execute(select(func.coalesce(func.max(noun.id), 0))).scalar_one()  # type: ignore[attr-defined]
    for low in range(0, newest + 1, BATCH):
        yield from session().execute(_texts(kind, low, low + BATCH))


def _postings() -> Iterator[tuple[int, str]]:
    """Every gram of every text, as the index has it."""
    if is_postgresql():
        asked = "SELECT id, unnest(tsvector_to_array(grams)) FROM search_fts"
    else:
        asked = "SELECT doc, term FROM temp.search_vocabulary"
        session().execute(
            text(
                "CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_vocabulary USING fts5vocab(main, search_fts, instance)"
            )
        )
    for row in session().execute(text(asked).execution_options(yield_per=10_000)):
        yield row[0], row[1]


def _figure(number: int, gram: str) -> int:
    return int.from_bytes(blake2b(f"{number} {gram}".encode(), digest_size=8).digest())
