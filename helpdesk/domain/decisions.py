"""Which type of ticket a message is, and why.

A decision is a sum over lit words: each word adds its points to its type, the type with most points
wins, and how far it leads says how sure we are. Everything a reader needs to check it is in the value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from helpdesk.domain.learner import LIT, Example, Features, Model, features_of
from helpdesk.domain.lexicon import Lexicon
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.text import NORMALISER_VERSION, Normalised, normalise
from helpdesk.domain.tickets import TicketClass
from helpdesk.domain.word_search import Hit, How

Tier = Literal["auto", "suggest", "none"]

MAX_LETTERS = 1_000
"""What stands further down in a message is not considered: it would cost time and blur what it is about."""

OTHER = "other"
COMPLAINT = "service_complaint"


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the order says at the time of the decision; None is not known. Money is fen.

    ``shipped``: at least one parcel left; ``signed``: every parcel was signed for; ``called_off``: cancelled or
    refunded before anything left; ``refunded``: the money was sent back.
    """

    known: bool = False
    shipped: bool | None = None
    signed: bool | None = None
    paid_fen: int | None = None
    called_off: bool | None = None
    refunded: bool | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OrderFacts:
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Span:
    """Letters ``start``..``end`` of the unaltered message that lit ``word`` for ``type``."""

    start: int
    end: int
    word: str
    type: str
    how: str  # exact, pattern, pinyin, fuzzy, learned


@dataclass(frozen=True, slots=True)
class Candidate:
    """A type and how strongly the words speak for it (0..1)."""

    type: str
    score: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The type, how sure, and what it stands on."""

    type: str
    klass: TicketClass
    queue: str
    tier: Tier
    score: float
    spans: tuple[Span, ...]
    runners_up: tuple[Candidate, ...]
    rule_version: int
    model_version: int | None
    normaliser_version: int


def spans_to_json(spans: Iterable[Span]) -> list[dict[str, Any]]:
    """Lit words as they are stored with a decision."""
    return [asdict(span) for span in spans]


def spans_from_json(data: Iterable[Mapping[str, Any]]) -> tuple[Span, ...]:
    """Lit words as they were stored."""
    return tuple(Span(**row) for row in data)


def candidates_to_json(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    """Runners-up as they are stored with a decision."""
    return [asdict(candidate) for candidate in candidates]


def candidates_from_json(data: Iterable[Mapping[str, Any]]) -> tuple[Candidate, ...]:
    """Runners-up as they were stored."""
    return tuple(Candidate(**row) for row in data)


_SAME_MATTER: tuple[frozenset[str], ...] = (
    frozenset({"late_shipment", "logistics_stuck", "lost_parcel"}),
    frozenset({"return_request", "exchange_request", "refund_status", "cancel_order", "return_mismatch"}),
    frozenset({"damaged", "quality"}),
    frozenset({"price_dispute", "coupon_promo"}),
)
"""Types that are told by the same story: the next of them is another reading, not another problem."""


def second_problem(type_code: str, runners_up: Iterable[Candidate]) -> Candidate | None:
    """The runner-up that is a problem of its own: a strong word speaks for it, and it is another matter than the type.

    A complaint about the shop goes with any problem and is never a second one.
    """
    first = next(iter(runners_up), None)
    if first is None or type_code == OTHER or first.score < _score(SURE) or first.type in (type_code, COMPLAINT):
        return None
    return None if any({type_code, first.type} <= matter for matter in _SAME_MATTER) else first


ENOUGH = 2.0
"""Points below which nothing is decided: one weak word is no evidence."""

SURE = 3.0
"""Points from which a type is applied without a question, if it leads clearly."""

CLEAR_LEAD = 1.5
"""Points by which a sure type leads the next."""

NAMED = 1.5
"""Points at most for a matter that is named, of which nothing is told, asked or wanted: 买菜顺便取的快递."""

MOST_BARE = 4
"""Letters of a message that is the matter and nothing else: whoever writes 发票 wants one."""

_TOLD = re.compile(
    r"没|不|未|无|怎|为什么|为啥|咋|凭|什么时候|啥时|几时|多久|几天|几点|催|帮|麻烦|请|要|想|退|换|改|查|补|赔|取消|坏|错|少|漏|破|慢|差"
    r"|骗|假|急|还|又|太|投诉|联系|解决|处理|呢|吗|哪|申请|[a-z]"
)
"""What nearly every message about a problem holds: a lack, a question, a wish."""

MAX_NEAR_LETTERS = 200
"""Near hits are sought in messages up to this length: longer ones say what they mean somewhere."""


MOST_LEARNED = 4
"""Learned phrases shown with a decision: those that said most."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A message as the rules see it."""

    normalised: Normalised
    hits: list[Hit]
    points: dict[str, float]

    def features(self) -> Features:
        return features_of(self.normalised.text, (hit.phrase for hit in self.hits))


def classify(text: str, facts: OrderFacts, rulebook: RuleBook, model: Model | None = None) -> Decision:
    """The type of a message by the rule book's words, what is known of its order, and what was learned.

    Never fails on any text. Tier ``none`` is type ``other`` in the answering queue, with what came
    closest as runners-up. Of equal points the type with more lit words goes first, then the order of
    the rule book. System types are never chosen.
    """
    read = _read(text, facts, rulebook)
    points = _with_learned(read, rulebook, model) if model else read.points
    enough = 0.0 if model else ENOUGH  # with a model ``other`` has points of its own to be beaten
    lit = Counter(hit.word.type for hit in read.hits)
    order = list(rulebook.types)
    ranked = sorted(points, key=lambda code: (-points[code], -lit[code], order.index(code)))
    candidates = [Candidate(code, _score(points[code])) for code in ranked if code != OTHER]
    best = ranked[0] if ranked else OTHER
    if best == OTHER or points[best] < enough:
        type_code, tier, runners_up = OTHER, "none", candidates[:2]
    else:
        rivals = [code for code in ranked[1:] if code != OTHER or OTHER in read.points]
        lead = points[best] - max((points[code] for code in rivals), default=0.0)
        type_code, tier = best, "auto" if points[best] >= SURE and lead >= CLEAR_LEAD else "suggest"
        runners_up = candidates[1:3]
    kind = rulebook.type(type_code)
    return Decision(
        type=type_code,
        klass=kind.klass,
        queue=rulebook.answering_queue if type_code == OTHER else kind.queue,
        tier=tier,  # type: ignore[arg-type]
        score=_score(points.get(type_code, 0.0)),
        spans=(*_spans(read.hits, read.normalised), *_learned_spans(read, type_code, model)),
        runners_up=tuple(runners_up),
        rule_version=rulebook.version,
        model_version=model.version if model else None,
        normaliser_version=NORMALISER_VERSION,
    )


def example_of(text: str, facts: OrderFacts, rulebook: RuleBook, type_code: str) -> Example:
    """A message and the type that a person gave it, as the learner takes them."""
    read = _read(text, facts, rulebook)
    return Example(read.features(), _all_points(read, rulebook), type_code)


def _read(text: str, facts: OrderFacts, rulebook: RuleBook) -> _Read:
    normalised = normalise(text[:MAX_LETTERS])
    hits = _retyped(_hits(normalised.text, rulebook.lexicon), facts, rulebook)
    points = _points(hits)
    if len(normalised.text) > MOST_BARE and not _TOLD.search(normalised.text):
        for code in points.keys() - {hit.word.type for hit in hits if hit.phrase not in rulebook.lexicon.topics}:
            points[code] = min(points[code], NAMED)
    return _Read(normalised, hits, points)


def _all_points(read: _Read, rulebook: RuleBook) -> dict[str, float]:
    """Points of every type that can be chosen; ``other`` has just less than what it takes to decide something else."""
    points = {code: read.points.get(code, 0.0) for code, kind in rulebook.types.items() if not kind.system}
    points[OTHER] = max(points[OTHER], ENOUGH - 0.01)
    return points


def _with_learned(read: _Read, rulebook: RuleBook, model: Model) -> dict[str, float]:
    """The rules' points and the learned ones; types that neither speaks for are left out."""
    added = model.added(read.features())
    points = {code: value + added.get(code, 0.0) for code, value in _all_points(read, rulebook).items()}
    return {code: value for code, value in points.items() if value > 0 or code == OTHER}


def _learned_spans(read: _Read, type_code: str, model: Model | None) -> Iterable[Span]:
    """The letters that did most for the type: what the learner says for itself. Lit words are shown already."""
    if model is None:
        return
    text = read.normalised.text
    said = [(row.get(type_code, 0.0), feature) for feature, row in model.by_feature(read.features())]
    for value, letters in sorted(said, key=lambda one: (-one[0], one[1]))[:MOST_LEARNED]:
        if value > 0 and not letters.startswith(LIT) and len(letters) > 1:
            start = text.index(letters)
            yield Span(*read.normalised.original_span(start, start + len(letters)), letters, type_code, "learned")


def _hits(text: str, lexicon: Lexicon) -> list[Hit]:
    """Words lit in the text; near ones only where the text lights too little by itself."""
    found = lexicon.find(text)
    if len(text) > MAX_NEAR_LETTERS or max(_points(found.hits).values(), default=0.0) >= ENOUGH:
        return list(found.hits)
    return [*found.hits, *lexicon.find_near(found)]


def _points(hits: Iterable[Hit]) -> dict[str, float]:
    """Points by type. A word counts once, and of overlapping words of a type the one worth most."""
    points: dict[str, float] = {}
    taken: dict[str, list[tuple[int, int]]] = {}
    seen: set[tuple[str, str]] = set()
    for hit in sorted(hits, key=lambda hit: (-hit.points, hit.start - hit.end)):
        code = hit.word.type or OTHER
        ranges = taken.setdefault(code, [])
        if (code, hit.word.written) in seen or any(a < d and c < b for a, b in hit.ranges for c, d in ranges):
            continue
        seen.add((code, hit.word.written))
        ranges.extend(hit.ranges)
        points[code] = points.get(code, 0.0) + hit.points
    return points


_BY_FACT: Mapping[str, tuple[tuple[str, bool, str], ...]] = {
    "late_shipment": (
        ("called_off", True, "cancel_order"),
        ("signed", True, "lost_parcel"),
        ("shipped", True, "logistics_stuck"),
    ),
    "logistics_stuck": (
        ("called_off", True, "cancel_order"),
        ("shipped", False, "late_shipment"),
        ("signed", True, "lost_parcel"),
    ),
    "lost_parcel": (("called_off", True, "cancel_order"), ("shipped", False, "late_shipment")),
    "return_request": (("refunded", True, "refund_status"), ("shipped", False, "cancel_order")),
    "cancel_order": (("signed", True, "return_request"),),
}
"""Words that mean another type once the order's state is known: 怎么还没到 of a parcel never sent.

The first fact that holds decides. What never left can't be returned, what was signed for can't be called off, and what
was refunded is asked about, not returned.
"""


def _retyped(hits: Iterable[Hit], facts: OrderFacts, rulebook: RuleBook) -> list[Hit]:
    """Hits read in the light of the order; words of types the matcher may not choose are dropped."""
    result = []
    for hit in hits:
        code = hit.word.type or OTHER
        for fact, value, meant in _BY_FACT.get(code, ()):
            if facts.known and getattr(facts, fact) is value:
                code = meant
                break
        if not rulebook.type(code).system:
            result.append(hit if code == hit.word.type else replace(hit, word=replace(hit.word, type=code)))
    return result


def _score(points: float) -> float:
    """Points on a scale of 0..1, rounded so that it reads and compares the same everywhere."""
    return round(points / (points + 2.0), 4)


def _spans(hits: Iterable[Hit], normalised: Normalised) -> Iterable[Span]:
    for hit in hits:
        for start, end in hit.ranges:
            first, last = normalised.original_span(start, end)
            yield Span(first, last, hit.phrase, hit.word.type or OTHER, How(hit.how).value)
