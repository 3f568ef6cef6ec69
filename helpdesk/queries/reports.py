"""The monthly report: figures of a period beside those of the period it is compared with.

Three sources hold the same figures (tests hold them equal). A closed month's are stored as lines. Those of a running
month are sums by day, kept in step with the tickets. Whatever else is asked (other cuts, filters, days, people who
see their own queues only) is added up from the tickets' facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from helpdesk.domain.access import Actor
from helpdesk.domain.reports import Line, Question

MOST_ROWS = 300
"""Values of a cut that are told one by one: articles can be many."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Figures of one value of the cut, and of the same value in the period compared with."""

    line: Line
    before: Line

    @property
    def value(self) -> str:
        return self.line.value


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked, answered. ``rows``: those that took most wall-clock hours first, then by value.

    ``source`` is closed, sums or facts. ``due``: tickets that changed and are not counted yet, ``MOST_DUE`` at most.
    ``rule_version`` is that of a closed month, whose labels, bottlenecks and directions hold. ``left_out``: values of
    the cut beyond ``MOST_ROWS``; the whole has them.
    """

    question: Question
    whole: ReportRow
    rows: tuple[ReportRow, ...]
    source: str
    due: int
    rule_version: int | None
    left_out: int = 0


def report(question: Question, actor: Actor) -> Report:
    """The figures in the actor's sight. Six statements at most. ``NotAllowed`` without the right to read reports."""
    raise NotImplementedError


def trend(question: Question, actor: Actor, months: int = 12) -> tuple[tuple[date, Mapping[str, Line]], ...]:
    """Lines by class, month by month, ending with the month of the period's last day."""
    raise NotImplementedError


def heat(question: Question, actor: Actor) -> tuple[tuple[int, ...], ...]:
    """Tickets opened by weekday (Monday first) and hour of the day: 7 rows of 24."""
    raise NotImplementedError


def durations(question: Question, actor: Actor, time: str) -> tuple[tuple[int, int], ...]:
    """The histogram of handling times (``time``: wall or work): (lower edge in seconds, tickets), without gaps."""
    raise NotImplementedError
