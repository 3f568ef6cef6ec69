"""The main job on real input: messages of customers become tickets that somebody can answer.

Set UNSNAG_EVAL_DIR to the folder that holds them. What follows in the browser: tests/browser/test_main_job.py.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, select

from helpdesk.models import ClockRow, DecisionRow, Queue, Ticket
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.storage import session, unit_of_work
from seeds import base
from tests.conformance.real_messages import as_table, needs_messages

MESSAGES = 453


@pytest.fixture
def imported(app: Flask, now: datetime, tmp_path: Path) -> list[str]:
    """What two imports of the same messages printed, one after the other."""
    table = tmp_path / "messages.csv"
    assert as_table(table) == MESSAGES
    with unit_of_work():
        base.plant(now, base.SHOPS)
    return [run_import(app, table), run_import(app, table, "--again")]


def run_import(app: Flask, *arguments: object) -> str:
    result = app.test_cli_runner().invoke(args=["import", "tickets", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


@needs_messages
def test_each_real_message_becomes_one_ticket_with_all_that_it_needs(imported: list[str]) -> None:
    first, again = imported
    assert f"done {MESSAGES} of {MESSAGES} created={MESSAGES}" in first
    assert f"done {MESSAGES} of {MESSAGES} repeated={MESSAGES}" in again
    tickets = session().scalars(select(Ticket)).all()
    assert len({ticket.number for ticket in tickets}) == len(tickets) == MESSAGES
    rulebook = published_rulebook()
    queues = {queue.id: queue.code for queue in session().scalars(select(Queue))}
    clocks = grouped(select(ClockRow.ticket_id, ClockRow.kind).where(ClockRow.due_at.is_not(None)))
    decisions = grouped(select(DecisionRow.ticket_id, DecisionRow))
    for ticket in tickets:
        rule = rulebook.types[ticket.type]
        assert (ticket.klass, queues[ticket.queue_id], ticket.status) == (rule.klass, rule.queue, "new")
        ours = [kind for kind in clocks[ticket.id] if kind != "platform"]  # its own beside them, where it has one
        assert sorted(ours) == ["first_response", "queue", "solution"]
        [decision] = decisions[ticket.id]
        assert (decision.type, decision.tier) == (ticket.type, ticket.tier)
        assert decision.spans or decision.tier == "none", "a type was chosen without a reason"


def grouped(statement: Select[int, Any]) -> dict[int, list[Any]]:
    """The second column's values by the first, a ticket."""
    found: dict[int, list[Any]] = defaultdict(list)
    for ticket_id, value in session().execute(statement):
        found[ticket_id].append(value)
    return found
