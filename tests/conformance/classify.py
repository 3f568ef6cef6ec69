"""Classify a labelled file, for scoring: with the shipped rule book alone, or after learning from corrections.

usage: python -m tests.conformance.classify GOLD.jsonl --out PRED.jsonl [--learn CORRECTIONS.jsonl]

``--learn`` feeds those labelled messages (lines of the same form) as agents' corrections first: each becomes a
ticket in a temporary database, gets its type by an agent, and the job worker's training runs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

from helpdesk.domain.decisions import Decision, OrderFacts, classify
from helpdesk.domain.learner import Model
from helpdesk.domain.rulebook import RuleBook, parse_rulebook
from seeds.rulebook_document import document
from tests.conformance.corrections import learned_from


def predictions(gold: Path, rulebook: RuleBook, model: Model | None = None) -> Iterator[dict[str, object]]:
    """One prediction a message: its types, best first, and the milliseconds of processor time it took."""
    facts = OrderFacts()
    classify("热身", facts, rulebook, model)  # compiles the lexicon, once in a process's life
    for line in gold.read_text(encoding="utf-8").splitlines():
        if line.strip():
            message = json.loads(line)
            started = time.process_time()
            decision = classify(message["text"], facts, rulebook, model)
            spent = (time.process_time() - started) * 1000
            yield {
                "id": message["id"],
                "types": ranking(decision),
                "class": decision.klass.value,
                "ms": round(spent, 3),
            }


def ranking(decision: Decision) -> list[str]:
    """The chosen type, then the runners-up; ``other`` first where nothing was chosen."""
    return [decision.type, *(candidate.type for candidate in decision.runners_up)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--learn", type=Path, metavar="CORRECTIONS.jsonl")
    arguments = parser.parse_args()
    rulebook = parse_rulebook(document(), version=1)
    model = learned_from(arguments.learn) if arguments.learn else None
    rows = predictions(arguments.gold, rulebook, model)
    arguments.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
