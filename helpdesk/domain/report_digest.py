"""What is told of a report in a few lines: which one is due, and its main figures as plain values.

Figures are stored as numbers and codes (seconds, fen, per mille), and worded when they are sent or shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.reports import Line, Period, month_of, ratio

MONTH_FROM = time(8)
"""On the first of the month, on the shop's wall: midnight has passed, and everything of the month is counted."""

MONTH_UNTIL_DAY = 10
"""So late a month's report is still of use."""

DAY_FROM = time(9)
MOST_TYPES = 5
LONGEST_SCOPE = 60


def due(local: datetime) -> tuple[tuple[str, Period], ...]:
    """Which reports should have gone out by this time on the shop's wall: ``month`` and ``day`` with their periods.

    The last month's from the 1st at eight to the end of the 10th. Of the days only the one whose nine o'clock came
    last: a digest that is more than a day late isn't sent any more.
    """
    today = local.date()
    found = []
    if (today.day, local.time()) >= (1, MONTH_FROM) and today.day <= MONTH_UNTIL_DAY:
        found.append(("month", month_of(today.replace(day=1) - timedelta(days=1))))
    last = today - timedelta(days=1 if local.time() >= DAY_FROM else 2)
    return (*found, ("day", Period(last, last)))


def due_since(kind: str, period: Period) -> datetime:
    """From when on it goes out, on the shop's wall."""
    return datetime.combine(period.last + timedelta(days=1), MONTH_FROM if kind == "month" else DAY_FROM)


def figures(whole: Line, before: Line, types: Iterable[Line]) -> dict[str, Any]:
    """The main figures of a report by type, beside those of the period before it.

    ``mean_seconds`` is wall-clock handling, rates are per mille, None where there is nothing to divide by. ``top``:
    the types that took most of the hours, with their share of all of them.
    """
    longest = sorted(types, key=lambda line: (-line.sums.wall_seconds, line.value))[:MOST_TYPES]
    return {
        **_counts(whole, ""),
        **_counts(before, "_before"),
        "first_permille": _permille(whole.sums.kept("first")),
        "solution_permille": _permille(whole.sums.kept("solution")),
        "reopen_permille": _permille(whole.sums.reopen_rate),
        "top": [_top(line, whole.sums.wall_seconds) for line in longest if line.sums.wall_seconds],
    }


def says_nothing(told: Mapping[str, Any]) -> bool:
    """Nothing came in, nothing was solved, nothing promised."""
    return not (told["opened"] or told["resolved"] or told["money_fen"])


def _counts(line: Line, when: str) -> dict[str, Any]:
    sums = line.sums
    return {
        f"opened{when}": sums.opened,
        f"resolved{when}": sums.resolved,
        f"mean_seconds{when}": sums.mean("wall"),
        f"money_fen{when}": sums.money_fen,
    }


def _top(line: Line, all_seconds: int) -> dict[str, Any]:
    return {
        "type": line.value,
        "share_permille": _permille(ratio(line.sums.wall_seconds, all_seconds)),
        "mean_seconds": line.sums.mean("wall"),
        "resolved": line.sums.resolved,
    }


def _permille(part: float | None) -> int | None:
    return None if part is None else round(part * 1000)


def stamp(first: date) -> str:
    """A month as it stands in addresses: ``2026-10``."""
    return f"{first:%Y-%m}"


# Who sees the same, and the keys by which a sending is known.


def reach(actor: Actor) -> frozenset[int] | None:
    """The queues whose figures the actor sees; None: everything."""
    return None if actor.scope(Permission.REPORTS_READ) is Scope.ALL else actor.queues


def scope_of(queues: frozenset[int] | None) -> str:
    """A short name of what is seen: ``all``, or ``q`` with the queues' ids."""
    if queues is None:
        return "all"
    named = "q" + ".".join(str(queue) for queue in sorted(queues))
    return named if len(named) <= LONGEST_SCOPE else f"q#{sha256(named.encode()).hexdigest()[:40]}"


def key_of(kind: str, period: Period, scope: str) -> str:
    """Of a sending by the clock."""
    return f"{kind}:{stamp(period.first) if kind == 'month' else period.first}:{scope}"


def code_of(period: Period) -> str:
    """The kind of news that tells of this period."""
    return "report.month" if period.month else "report.day"


def bell_key(sending_id: int) -> str:
    """Of the lines under bells that tell of a sending."""
    return f"report:{sending_id}"


def news_key(sending_id: int, to: str) -> str:
    """Of one address's piece of news: ``to`` is ``u`` or ``t`` with the id of a person or target."""
    return f"report:{sending_id}:{to}"
