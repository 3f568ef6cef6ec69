from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance import sla

VECTORS = Path(__file__).parent / "data" / "sla_vectors.json"
CASE = {
    "id": "one-hour",
    "tier": "core",
    "op": "clock",
    "timezone": "Etc/UTC",
    "hours": {"mon": [["09:00", "17:00"]]},
    "events": [{"at": "2026-06-01T10:00:00Z", "type": "create"}],
    "target_seconds": 3600,
    "expected": {"deadline": "2026-06-01T11:00:00Z"},
}


@pytest.mark.parametrize("case", sla.load(VECTORS), ids=lambda case: case["id"])
def test_the_engine_answers_as_expected(case):
    assert sla.failure(case) is None


def test_a_wrong_answer_and_a_crash_are_bad_cases(tmp_path, capsys):
    wrong = {**CASE, "id": "wrong", "expected": {"deadline": None, "state": "running"}}
    broken = {**CASE, "id": "broken", "tier": "advisory", "timezone": "Asia/Atlantis"}
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"cases": [CASE, wrong, broken]}), encoding="utf-8")
    assert sla.main([str(file)]) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["core wrong", "advisory broken"]
    assert last == "core 1 ok 1 bad; advisory 0 ok 1 bad"


def test_an_advisory_case_does_not_fail_the_run(tmp_path, capsys):
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([CASE, {**CASE, "tier": "advisory", "expected": {"deadline": None}}]), encoding="utf-8")
    assert sla.main([str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "core 1 ok 0 bad; advisory 0 ok 1 bad"


def test_another_accepted_answer_passes():
    assert sla.failure({**CASE, "expected": {"deadline": None}, "also_accept": [CASE["expected"]]}) is None


def test_without_a_file_the_usage_is_shown(capsys):
    assert sla.main([]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("events", "elapsed", "state"),
    [
        ([("create", "10:00"), ("resolve", "12:00"), ("pause", "11:00")], 3600, "resolved"),  # out of order
        ([("pause", "11:00"), ("create", "10:00"), ("resume", "11:00")], 7200, "running"),  # at the same instant
        ([("create", "10:00"), ("pause", "11:00"), ("resolve", "11:30"), ("reopen", "11:40")], 4800, "running"),
        ([("create", "10:00"), ("resolve", "11:00"), ("resume", "11:30")], 3600, "resolved"),
    ],
)
def test_events_are_taken_in_order_of_time(events, elapsed, state):
    timeline = [{"type": kind, "at": f"2026-06-01T{at}:00Z"} for kind, at in events]
    given = sla.answer({**CASE, "events": timeline, "now": "2026-06-01T12:00:00Z"})
    assert (given["elapsed_seconds"], given["state"]) == (elapsed, state)
