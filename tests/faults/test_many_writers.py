"""Many write at once on SQLite. For two minutes: ``python -m tests.faults.many_writers``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import databases
from tests.faults.many_writers import crowd


@pytest.mark.slow
def test_nobody_of_twenty_who_write_without_a_pause_is_refused(tmp_path: Path) -> None:
    store = databases.SQLite(tmp_path)
    figures = crowd(20, 2, 4, store)
    databases.engine_of(store.app).dispose()
    assert figures.refused == 0
    assert (figures.tickets, figures.notes) == (figures.done["tickets"], figures.done["notes"])
    assert figures.tickets > 20
