"""The API against its own description, briefly. Longer: ``python -m tests.conformance.api``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import databases
from tests.conformance.api import check


@pytest.mark.slow
def test_every_answer_is_as_described_and_none_is_a_failure_of_ours(tmp_path: Path) -> None:
    store = databases.SQLite(tmp_path)
    try:
        figures = check(store.app, examples=5)
    finally:
        databases.engine_of(store.app).dispose()
    assert figures.requests > 200
    told = {status for counted in figures.statuses.values() for status in counted}
    assert {200, 201, 404, 422} <= told
    assert not [status for status in told if status >= 500]
