"""The shipped rule book against labelled messages that are kept outside of this repository.

Set UNSNAG_EVAL_DIR to the folder that holds the labelled files and their scorer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpdesk.domain.rulebook import parse_rulebook
from seeds.rulebook_document import document
from tests.conformance.classify import main, predictions

FOLDER = os.environ.get("UNSNAG_EVAL_DIR")

needs_data = pytest.mark.skipif(
    not FOLDER, reason="UNSNAG_EVAL_DIR is not set: no labelled messages to score the rule book against"
)

AT_LEAST: dict[str, dict[str, float]] = {
    "dev_zh.jsonl": {"top1": 0.80, "top3": 0.91, "macro_top1": 0.78},
    "dev_zh_perturbed.jsonl": {"top1": 0.75},
    "composed_dev.jsonl": {"top1": 0.75},
    "dev_en.jsonl": {"top1": 0.78},
}
AT_MOST: dict[str, dict[str, float]] = {"dev_zh.jsonl": {"false_alarm": 0.10, "missed": 0.14}}


@needs_data
@pytest.mark.parametrize("name", AT_LEAST)
def test_the_shipped_rule_book_holds_its_figures(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FOLDER
    gold, found = Path(FOLDER) / name, tmp_path / name
    monkeypatch.setattr(sys, "argv", ["classify", str(gold), "--out", str(found)])
    main()
    command = [sys.executable, str(Path(FOLDER) / "score.py"), str(gold), str(found), "--json"]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert figures["unanswered"] == 0
    low = {key: figures[key] for key, least in AT_LEAST[name].items() if figures[key] < least}
    high = {key: figures[key] for key, most in AT_MOST.get(name, {}).items() if figures[key] > most}
    assert not low
    assert not high


def test_a_prediction_names_types_class_and_time(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    lines = ({"id": "a", "text": "杯子碎了，我要退货"}, {"id": "b", "text": "感觉一般"})
    gold.write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    first, second = predictions(gold, parse_rulebook(document(), version=1))
    assert (first["id"], first["types"], first["class"]) == ("a", ["damaged", "return_request"], "C")
    assert second["types"] == ["other", "quality"]
    assert isinstance(first["ms"], float)
