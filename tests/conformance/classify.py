"""Classify a labelled file with the shipped rule book alone, for scoring.

usage: python -m tests.conformance.classify GOLD.jsonl --out PRED.jsonl
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

from helpdesk.domain.decisions import Decision, OrderFacts, classify
from helpdesk.domain.rulebook import RuleBook, parse_rulebook
from seeds.rulebook_document import document


def predictions(gold: Path, rulebook: RuleBook) -> Iterator[dict[str, object]]:
    """One prediction a message: its types, best first, and the milliseconds of processor time it took."""
    facts = OrderFacts()
    classify("热身", facts, rulebook)  # compiles the lexicon, once in a process's life
    for line in gold.read_text(encoding="utf-8").splitlines():
        if line.strip():
            message = json.loads(line)
            started = time.process_time()
            decision = classify(message["text"], facts, rulebook)
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
    arguments = parser.parse_args()
    rulebook = parse_rulebook(document(), version=1)
    rows = predictions(arguments.gold, rulebook)
    arguments.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
