"""Several processes open the same tickets by API. A thousand of them: ``python -m tests.faults.api_keys``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import databases
from tests.faults.api_keys import race


@pytest.mark.slow
def test_the_same_events_from_three_processes_are_one_ticket_each_without_an_error(tmp_path: Path) -> None:
    store = databases.SQLite(tmp_path)
    figures = race(20, 3, store.app, f"sqlite:///{store.path}")
    databases.engine_of(store.app).dispose()
    assert (figures.tickets, figures.messages, figures.events, figures.kept) == (20, 20, 20, 10)
    assert sum(figures.answers.values()) == 60
    assert figures.answers["200 repeated"] == 20  # with a key the first answer comes again: created
    assert figures.answers["201 created"] == 40
