"""Labelled messages of customers, kept outside of this repository, as a file to import."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

FOLDER = os.environ.get("UNSNAG_EVAL_DIR")

needs_messages = pytest.mark.skipif(not FOLDER, reason="UNSNAG_EVAL_DIR is not set: no real messages to import")


def as_table(target: Path, name: str = "dev_zh.jsonl") -> int:
    """Write the messages as a CSV of their ids and texts; returns how many."""
    assert FOLDER
    lines = (Path(FOLDER) / name).read_text(encoding="utf-8").splitlines()
    messages = [json.loads(line) for line in lines if line.strip()]
    with target.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("external_id", "text"))
        table.writerows((message["id"], message["text"]) for message in messages)
    return len(messages)
