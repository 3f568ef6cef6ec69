"""How the rules' words and learned models do, for their pages; and what a change of words would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, literal, or_, select, tuple_

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.decisions import classify
from helpdesk.domain.learner import LIT, MIN_EXAMPLES, NEW_ENOUGH, Model
from helpdesk.domain.lexicon import Lexicon
from helpdesk.domain.problems import Invalid, NotFound
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.text import normalise
from helpdesk.domain.word_health import (
    Effect,
    dead_words,
    effect,
    is_harmful,
    lower_bound,
    resembles,
    with_word,
    without_word,
)
from helpdesk.domain.words import Word
from helpdesk.models import Correction, Event, LearnedModel, PhraseProposal, RuleBookRow, User, WordHealth
from helpdesk.models.learned import live_model
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.words import ADOPTED, RETIRED, TAKEN_BACK
from helpdesk.queries.word_counts import latest
from helpdesk.storage import session

PER_PAGE = 50
MOST_WORDS = 5_000
MOST_PROPOSALS = 200
MOST_CHANGES = 12
MOST_VERSIONS = 30
REPLAYED = 200
"""Stored messages that a change is tried on: with the matcher at a few ms each that is about a second."""

ENOUGH_LIT = 2_000
"""Lit words below which silence says nothing: of thousands of words most are rare."""

DEEDS = ("adopt", "retire")
SHOWN_PHRASES = 12
"""Weighted phrases by which a model is explained, and as many types at most."""


@dataclass(frozen=True, slots=True)
class WordRow:
    type: str
    word: str
    fired: int
    accepted: int
    corrected: int
    last_seen_at: datetime

    @property
    def surely_wrong(self) -> float:
        """Wilson's lower bound of the corrected share."""
        return lower_bound(self.corrected, self.accepted + self.corrected)


@dataclass(frozen=True, slots=True)
class Counted:
    """``lit``: words lit in all decisions that were counted; ``counted_at`` None before the first count."""

    words: int
    lit: int
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """``more``: (fired, type, word) of the last row, to go on behind; None at the end."""

    rows: tuple[WordRow, ...]
    more: tuple[int, str, str] | None


@dataclass(frozen=True, slots=True)
class Proposal:
    type: str
    phrase: str
    seen: int
    elsewhere: int
    state: str


@dataclass(frozen=True, slots=True)
class WordChange:
    """A word that somebody took up or retired; ``open``: it can still be taken back."""

    id: int
    code: str
    at: datetime
    by: str
    type: str
    phrase: str
    version: int
    open: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do to the last ``replayed`` stored messages. ``version``: the rules it was tried on."""

    version: int
    replayed: int
    effects: tuple[Effect, ...]

    def count(self, verdict: str) -> int:
        return sum(one.verdict == verdict for one in self.effects)


@dataclass(frozen=True, slots=True)
class ModelRow:
    version: int
    state: str
    rule_version: int
    examples: int
    rules_share: float
    blended_share: float
    weight: float
    created_at: datetime
    switched_by: str | None


@dataclass(frozen=True, slots=True)
class Training:
    """``fresh``: corrections since the last training; ``missing``: how many until the next one is due."""

    corrections: int
    fresh: int
    missing: int


def counted() -> Counted:
    """One statement."""
    row = (
        session()
        .execute(
            select(
                func.count(), func.coalesce(func.sum(WordHealth.fired), 0), func.max(WordHealth.counted_at)
            ).select_from(WordHealth)
        )
        .one()
    )
    return Counted(row[0], int(row[1]), row[2])


def busiest(actor: Actor, *, type_code: str = "", after: tuple[int, str, str] | None = None) -> Page:
    """Words by how often they were lit, a page at a time by key. One statement."""
    actor.require(Permission.WORDS_READ)
    statement = select(WordHealth).order_by(WordHealth.fired.desc(), WordHealth.type, WordHealth.word)
    if type_code:
        statement = statement.where(WordHealth.type == type_code)
    if after is not None:
        fired, type_after, word = after
        behind = tuple_(WordHealth.type, WordHealth.word) > tuple_(literal(type_after), literal(word))
        statement = statement.where(or_(WordHealth.fired < fired, and_(WordHealth.fired == fired, behind)))
    rows = [_word(row) for row in session().scalars(statement.limit(PER_PAGE + 1))]
    shown = tuple(rows[:PER_PAGE])
    return Page(shown, (shown[-1].fired, shown[-1].type, shown[-1].word) if len(rows) > PER_PAGE else None)


def harmful(actor: Actor) -> list[WordRow]:
    """Words that surely mislead, the worst first. One statement."""
    actor.require(Permission.WORDS_READ)
    rows = session().scalars(select(WordHealth).where(WordHealth.corrected > WordHealth.accepted).limit(MOST_WORDS))
    found = [_word(row) for row in rows if is_harmful(row.accepted, row.corrected)]
    return sorted(found, key=lambda one: (-one.surely_wrong, -one.corrected, one.type, one.word))


def dead(actor: Actor, book: RuleBook, type_code: str = "") -> list[Word]:
    """Words of a type (of all, without one) that were lit in no decision. One statement."""
    actor.require(Permission.WORDS_READ)
    lit = session().scalars(select(WordHealth.word).distinct().limit(MOST_WORDS)).all()
    return dead_words((word for word in book.lexicon.words if type_code in ("", word.type)), lit)


def proposals(actor: Actor) -> list[Proposal]:
    """Phrases that wait for a decision, the most used first, and those that were dismissed. One statement."""
    actor.require(Permission.WORDS_READ)
    rows = session().scalars(
        select(PhraseProposal)
        .where(PhraseProposal.state.in_(("open", "dismissed")))
        .order_by(PhraseProposal.seen.desc(), PhraseProposal.type, PhraseProposal.phrase)
        .limit(MOST_PROPOSALS)
    )
    return [Proposal(row.type, row.phrase, row.seen, row.elsewhere, row.state) for row in rows]


def changes(actor: Actor) -> list[WordChange]:
    """The latest changes of words, newest first. One statement."""
    actor.require(Permission.WORDS_READ)
    rows = (
        session()
        .execute(
            select(Event.id, Event.code, Event.at, Event.params, User.name)
            .join(User, User.id == Event.actor_id)
            .where(Event.ticket_id.is_(None), Event.code.in_((ADOPTED, RETIRED, TAKEN_BACK)))
            .order_by(Event.id.desc())
            .limit(2 * MOST_CHANGES)
        )
        .all()
    )
    back = {row.params.get("event") for row in rows if row.code == TAKEN_BACK}
    return [
        WordChange(
            id=row.id,
            code=row.code,
            at=row.at,
            by=row.name,
            type=row.params["type"],
            phrase=row.params["phrase"],
            version=row.params["version"],
            open=row.code != TAKEN_BACK and row.id not in back,
        )
        for row in rows[:MOST_CHANGES]
    ]


def preview(actor: Actor, deed: str, type_code: str, phrase: str, weight: str) -> Preview:
    """Decide the latest stored messages once by the rules in force and once with the change; nothing is stored.

    ``Invalid`` or ``Conflict`` where the change can't be made.
    """
    actor.require(Permission.RULES_MANAGE)
    book = published_rulebook()
    if deed not in DEEDS or book.type(type_code).system:
        raise Invalid("words.bad_word", word=phrase[:60])
    lexicon = (
        session()
        .execute(select(RuleBookRow.document["lexicon"]).where(RuleBookRow.version == book.version))
        .scalar_one()
    )
    changed = (
        with_word(lexicon, type_code, phrase, weight) if deed == "adopt" else without_word(lexicon, type_code, phrase)
    )
    other, model = replace(book, lexicon=Lexicon.parse(changed)), live_model()
    messages = latest(REPLAYED)
    effects = (
        effect(
            one.number,
            classify(one.text, one.facts, book, model),
            classify(one.text, one.facts, other, model),
            one.truth,
        )
        for one in messages
        if resembles(phrase, book.lexicon.meant(normalise(one.text).text))
    )
    return Preview(book.version, len(messages), tuple(one for one in effects if one is not None))


def models(actor: Actor) -> list[ModelRow]:
    """The latest trainings, newest first, without their weights. One statement."""
    actor.require(Permission.WORDS_READ)
    columns = LearnedModel.__table__.c
    rows = session().execute(
        select(
            *(columns.version, columns.state, columns.rule_version, columns.examples, columns.rules_share),
            *(columns.blended_share, columns.created_at, User.name),
            LearnedModel.document["weight"].as_float().label("weight"),
        )
        .outerjoin(User, User.id == columns.switched_by_id)
        .order_by(columns.version.desc())
        .limit(MOST_VERSIONS)
    )
    return [
        ModelRow(
            version=row.version,
            state=row.state,
            rule_version=row.rule_version,
            examples=row.examples,
            rules_share=row.rules_share,
            blended_share=row.blended_share,
            weight=row.weight or 0.0,
            created_at=row.created_at,
            switched_by=row.name,
        )
        for row in rows
    ]


def training(actor: Actor) -> Training:
    """How far it is to the next training. One statement."""
    actor.require(Permission.WORDS_READ)
    through = select(func.max(LearnedModel.version)).scalar_subquery()
    known = func.coalesce(
        select(LearnedModel.through_correction_id).where(LearnedModel.version == through).scalar_subquery(), 0
    )
    fresh = select(func.count()).select_from(Correction).where(Correction.id > known).scalar_subquery()
    everything = select(func.count()).select_from(Correction).scalar_subquery()
    row = session().execute(select(everything, fresh, through)).one()
    needed = MIN_EXAMPLES if row[2] is None else NEW_ENOUGH
    return Training(row[0], row[1], max(0, needed - row[1]))


def explained(actor: Actor, version: int) -> Mapping[str, list[tuple[str, float]]]:
    """By type the phrases that speak most for it in a model, heaviest first. ``NotFound`` if there is no such one.

    Letters alone and words that the rules light are left out: neither explains anything.
    """
    actor.require(Permission.WORDS_READ)
    document: Any = (
        session().execute(select(LearnedModel.document).where(LearnedModel.version == version)).scalar_one_or_none()
    )
    if document is None:
        raise NotFound("learner.no_such_version", version=version)
    found: dict[str, list[tuple[str, float]]] = {}
    if "weights" in document:
        for phrase, row in Model.parse(document, version).weights.items():
            if len(phrase) > 1 and not phrase.startswith(LIT):
                for code, value in row.items():
                    if value > 0:
                        found.setdefault(code, []).append((phrase, value))
    return {code: sorted(phrases, key=lambda one: (-one[1], one[0]))[:SHOWN_PHRASES] for code, phrases in found.items()}


def _word(row: WordHealth) -> WordRow:
    return WordRow(row.type, row.word, row.fired, row.accepted, row.corrected, row.last_seen_at)
