"""Several processes bring the same events at once. For a thousand of them: ``python -m tests.faults.webhook_keys``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import databases
from tests.faults.webhook_keys import race


@pytest.mark.slow
def test_the_same_events_from_three_processes_are_one_ticket_each_without_an_error(tmp_path: Path) -> None:
    store = databases.SQLite(tmp_path)
    figures = race(30, 3, store.app, f"sqlite:///{store.path}")
    databases.engine_of(store.app).dispose()
    assert (figures.tickets, figures.messages, figures.events, figures.calls) == (30, 30, 30, 90)
    assert figures.answers == {"201 created": 30, "200 repeated": 60}
