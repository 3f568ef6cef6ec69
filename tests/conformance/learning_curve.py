"""What learning from corrections brings on labelled messages: by cross-validation, and after few corrections.

usage: python -m tests.conformance.learning_curve GOLD.jsonl [--json FILE]

Five times four fifths of the messages are corrections in a new installation, and the rest is asked about. Then 20, 50,
100 and 200 of them, drawn five times. Everything goes the product's own way: tickets, an agent's corrections, the job
worker's training, which also decides whether a model goes live. Beside each figure stands that of the rules alone on
the very same messages.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from helpdesk.domain.decisions import OTHER
from helpdesk.domain.learner import Model
from helpdesk.domain.rulebook import RuleBook, parse_rulebook
from seeds.rulebook_document import document
from tests.conformance.classify import predictions
from tests.conformance.corrections import learned_from

FOLDS = 5
DRAWS = 5
SIZES = (20, 50, 100, 200)
FIGURES = ("top1", "top3", "macro", "false_alarm", "missed")

Gold = Mapping[str, Any]
Answer = tuple[Gold, Sequence[str]]


def asked(gold: Sequence[Gold], book: RuleBook, model: Model | None) -> list[Answer]:
    """Each message with the types it was given, best first."""
    with TemporaryDirectory() as folder:
        path = written(gold, Path(folder) / "asked.jsonl")
        return [(one, row["types"]) for one, row in zip(gold, predictions(path, book, model), strict=True)]  # type: ignore[misc]


def learned(gold: Sequence[Gold]) -> Model | None:
    """The model that these corrections bring into force, if any."""
    with TemporaryDirectory() as folder:
        return learned_from(written(gold, Path(folder) / "corrections.jsonl"))


def written(gold: Sequence[Gold], path: Path) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in gold), encoding="utf-8")
    return path


def figures(answers: Iterable[Answer]) -> dict[str, float]:
    """Shares of 0..1; a type that may be given as well counts as right."""
    rows = [(gold["type"], {gold["type"], *gold.get("acceptable", ())}, types[:3]) for gold, types in answers]
    by_type: defaultdict[str, list[bool]] = defaultdict(list)
    for code, right, types in rows:
        by_type[code].append(types[0] in right)
    return {
        "top1": share(types[0] in right for _, right, types in rows),
        "top3": share(bool(right & {*types}) for _, right, types in rows),
        "macro": sum(map(share, by_type.values())) / len(by_type),
        "false_alarm": share(types[0] not in right for code, right, types in rows if code == OTHER),
        "missed": share(types[0] == OTHER and OTHER not in right for code, right, types in rows if code != OTHER),
    }


def share(right: Iterable[bool]) -> float:
    counted = list(right)
    return sum(counted) / len(counted) if counted else 0.0


def folded(gold: Sequence[Gold], book: RuleBook) -> dict[str, Any]:
    """Cross-validation: every message is asked about once, by a model that never saw it."""
    order = shuffled(gold, 0)
    alone: list[Answer] = []
    blended: list[Answer] = []
    live = 0
    for fold in range(FOLDS):
        rest = order[fold::FOLDS]
        model = learned([one for number, one in enumerate(order) if number % FOLDS != fold])
        live += model is not None
        alone += asked(rest, book, None)
        blended += asked(rest, book, model)
    return {
        "live": live,
        "rules": figures(alone),
        "learned": figures(blended),
        "by_type": {code: [by_type(alone, code), by_type(blended, code)] for code in sorted({g["type"] for g in gold})},
    }


def by_type(answers: Iterable[Answer], code: str) -> tuple[int, int]:
    """How many of this type were right at first, of how many."""
    right = [types[0] in {code, *gold.get("acceptable", ())} for gold, types in answers if gold["type"] == code]
    return sum(right), len(right)


def after(gold: Sequence[Gold], size: int, book: RuleBook) -> dict[str, Any]:
    """Mean over draws of so many corrections, on the messages that were not drawn."""
    rows: list[dict[str, Any]] = []
    for draw in range(DRAWS):
        order = shuffled(gold, draw)
        model = learned(order[:size])
        rest = order[size:]
        rows.append({"live": model is not None, "rules": figures(asked(rest, book, None))})
        rows[-1]["learned"] = figures(asked(rest, book, model)) if model else rows[-1]["rules"]
    mean = {who: {name: share_of(rows, who, name) for name in FIGURES} for who in ("rules", "learned")}
    return {"live": sum(row["live"] for row in rows), **mean}


def share_of(rows: Sequence[Mapping[str, Any]], who: str, name: str) -> float:
    return float(sum(row[who][name] for row in rows)) / len(rows)


def shuffled(gold: Sequence[Gold], seed: int) -> list[Gold]:
    order = list(gold)
    random.Random(seed).shuffle(order)
    return order


def shown(title: str, row: Mapping[str, Any], of: int) -> str:
    told = "  ".join(f"{name} {row['rules'][name]:.3f} -> {row['learned'][name]:.3f}" for name in FIGURES)
    return f"{title:18} live {row['live']}/{of}  {told}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    arguments = parser.parse_args()
    gold = [json.loads(line) for line in arguments.gold.read_text(encoding="utf-8").splitlines() if line.strip()]
    book = parse_rulebook(document(), version=1)
    print(f"{len(gold)} messages; each figure: the rules alone -> with what was learned", flush=True)
    result: dict[str, Any] = {"folds": folded(gold, book)}
    print(shown("four fifths", result["folds"], FOLDS), flush=True)
    for size in SIZES:
        result[str(size)] = after(gold, size, book)
        print(shown(f"{size} corrections", result[str(size)], DRAWS), flush=True)
    print("type               n  rules  learned")
    for code, ((alone, count), (blended, _)) in result["folds"]["by_type"].items():
        print(f"{code:18} {count:3}   {alone / count:.2f}     {blended / count:.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
