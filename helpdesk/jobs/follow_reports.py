"""Count what changed: the report's facts and sums follow the tickets."""

from __future__ import annotations

from collections.abc import Callable

from helpdesk.queries import report_sources
from helpdesk.services import report_facts
from helpdesk.storage import unit_of_work

AT_ONCE = 500
"""Marks taken up in one transaction. A ticket has several where much happened on it."""


def follow_reports(*, stopping: Callable[[], bool] = lambda: False) -> int:
    """Returns how many tickets were counted. Nothing is locked while it reads; who is stopped loses one portion."""
    done = 0
    while not stopping() and (due := report_sources.due(AT_ONCE)):
        told = report_sources.told_by(sorted({ticket_id for _id, ticket_id in due}))
        with unit_of_work():
            done += report_facts.store(told.facts, told.articles, due)
    return done
