"""A small linear learner on what people said a ticket's type was.

It stands on the rule book's shoulders: a message's points by type are taken as they are, and the learner adds
points of its own for the letters of the message (runs of one to three) and the words lit in it. Trained as a
multinomial logistic regression in plain Python: at a few thousand examples that takes seconds, and each added
point can be shown beside the letters it came from.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MIN_EXAMPLES = 100
"""Below so many corrections a learner is worse than the list it would overrule: it keeps silent."""

NEW_ENOUGH = 25
"""Corrections since the last training that make another one worth while."""

WEIGHTS = (1.0, 0.5, 0.25)
"""How much of the learned points may count; cross-validation chooses, silence being the other choice."""

FOLDS = 5
EPOCHS = 10
RATE = 2.0
DECAY = 0.02
RUNS = (1, 2, 3)
MAX_LETTERS = 300
MIN_SEEN = 2
"""Letters that occur in one message only say nothing about the next."""

SMALLEST = 0.01
LIT = "#"
"""Before a feature that is a lit word rather than letters of the message; normalised texts never hold it."""

Points = Mapping[str, float]
Features = frozenset[str]


@dataclass(frozen=True, slots=True)
class Example:
    """A message as the rules see it (``features``, and ``points`` for every type), and its type."""

    features: Features
    points: Points
    type: str


@dataclass(frozen=True, slots=True)
class Model:
    """Points by feature and type, and the share of them that counts. ``version`` names the stored one."""

    version: int
    weights: Mapping[str, Points]
    weight: float

    def added(self, features: Iterable[str]) -> dict[str, float]:
        """Points that these features add, by type."""
        added: dict[str, float] = {}
        for _, points in self.by_feature(features):
            for code, value in points.items():
                added[code] = added.get(code, 0.0) + value
        return added

    def by_feature(self, features: Iterable[str]) -> list[tuple[str, dict[str, float]]]:
        """The same, feature by feature: what the learner stands on."""
        known = frozenset(features)
        share = self.weight * _share(len(known))
        found = ((feature, self.weights[feature]) for feature in sorted(known) if feature in self.weights)
        return [(feature, {code: share * value for code, value in row.items()}) for feature, row in found]

    def to_document(self) -> dict[str, Any]:
        return {"weight": self.weight, "weights": {feature: dict(row) for feature, row in self.weights.items()}}

    @classmethod
    def parse(cls, document: Mapping[str, Any], version: int) -> Model:
        return cls(version, document["weights"], document["weight"])


SILENT = Model(0, {}, 0.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """What cross-validation on the examples says: shares of right first types, of the rules alone and blended.

    ``weight`` is the best of ``WEIGHTS``; 0 where the blend is not clearly better than the rules (see ``_clearly``).
    """

    examples: int
    rules: float
    blended: float
    weight: float


def features_of(text: str, lit: Iterable[str]) -> Features:
    """Runs of one to three letters of a normalised text, and the words lit in it."""
    text = text[:MAX_LETTERS]
    runs = {text[at : at + length] for length in RUNS for at in range(len(text) - length + 1)}
    return frozenset(runs | {LIT + word for word in lit})


def learn(examples: Sequence[Example], version: int) -> tuple[Model | None, Trial]:
    """A model on these examples with the share that cross-validation grants it; None if that is nothing."""
    trial = cross_validate(examples)
    if not trial.weight:
        return None, trial
    return Model(version, train(examples), trial.weight), trial


def cross_validate(examples: Sequence[Example]) -> Trial:
    """Train on four fifths, ask about the rest, five times over."""
    if len(examples) < MIN_EXAMPLES:
        return Trial(len(examples), 0.0, 0.0, 0.0)
    order = list(range(len(examples)))
    random.Random(0).shuffle(order)  # noqa: S311  the same examples give the same model
    gained: Counter[float] = Counter()
    lost: Counter[float] = Counter()
    rules = 0
    for fold in range(FOLDS):
        asked = [examples[at] for at in order[fold::FOLDS]]
        known = [examples[at] for number, at in enumerate(order) if number % FOLDS != fold]
        weights = train(known)
        alone = [best(one, SILENT) == one.type for one in asked]
        rules += sum(alone)
        for weight in WEIGHTS:
            blended = [best(one, Model(0, weights, weight)) == one.type for one in asked]
            gained[weight] += sum(new and not old for new, old in zip(blended, alone, strict=True))
            lost[weight] += sum(old and not new for new, old in zip(blended, alone, strict=True))
    weight = max(WEIGHTS, key=lambda weight: (gained[weight] - lost[weight], -weight))
    count = len(examples)
    blended_right = rules + gained[weight] - lost[weight]
    granted = weight if _clearly(gained[weight], lost[weight]) else 0.0
    return Trial(count, rules / count, blended_right / count, granted)


def _clearly(gained: int, lost: int) -> bool:
    """More was won than chance plays with: of answers that differ, half would be gains if nothing had been learned.

    Two standard errors of that: with one, models of two hundred messages went live that cost a percent on the next.
    """
    return gained - lost > 2 * math.sqrt(gained + lost)


def best(example: Example, model: Model) -> str:
    """The type with the most points, the rules' and the learned ones together."""
    added = model.added(example.features)
    return max(example.points, key=lambda code: example.points[code] + added.get(code, 0.0))


def train(examples: Sequence[Example]) -> dict[str, Points]:
    """Weights by feature and type: logistic regression by stochastic descent, the rules' points as the start.

    Deterministic: the same examples in the same order give the same weights.
    """
    seen = Counter(feature for example in examples for feature in example.features)
    known = [
        ([feature for feature in sorted(example.features) if seen[feature] >= MIN_SEEN], example)
        for example in examples
    ]
    weights: defaultdict[str, dict[str, float]] = defaultdict(dict)
    dice = random.Random(0)  # noqa: S311  only the order in which examples are looked at
    for epoch in range(EPOCHS):
        dice.shuffle(known)
        for features, example in known:
            _step(weights, features, example, RATE / (1 + 0.3 * epoch))
    rounded = {
        feature: {code: round(value, 3) for code, value in row.items() if abs(value) >= SMALLEST}
        for feature, row in weights.items()
    }
    return {feature: row for feature, row in rounded.items() if row}


def _step(weights: defaultdict[str, dict[str, float]], features: Sequence[str], example: Example, rate: float) -> None:
    """Move the weights of this message's features towards its type."""
    share = _share(len(example.features))
    points = dict(example.points)
    for feature in features:
        for code, value in weights[feature].items():
            points[code] = points.get(code, 0.0) + share * value
    for code, chance in _chances(points).items():
        error = chance - (code == example.type)
        if abs(error) > 0.02:
            move, shrink = rate * error * share, 1.0 - rate * DECAY
            for feature in features:
                row = weights[feature]
                row[code] = row.get(code, 0.0) * shrink - move


def _chances(points: Points) -> dict[str, float]:
    most = max(points.values())
    grown = {code: math.exp(value - most) for code, value in points.items()}
    total = sum(grown.values())
    return {code: value / total for code, value in grown.items()}


def _share(features: int) -> float:
    """Of a long message each feature says less."""
    return features**-0.5 if features else 0.0
