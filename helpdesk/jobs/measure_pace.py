"""Measure how fast the queues work, so that no page has to."""

from __future__ import annotations

from datetime import datetime

from helpdesk.queries import pace
from helpdesk.services import paces
from helpdesk.storage import unit_of_work


def measure_pace(now: datetime) -> int:
    """Returns how many queues are about to be late. Nothing is locked while it reads."""
    standings = pace.measure(now)
    with unit_of_work():
        paces.keep(standings, now=now)
    return sum(found.forecast.at is not None for found in standings.values())
