"""Storing what was measured of the queues' pace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete

from helpdesk.domain.forecast import Standing
from helpdesk.models import QueuePace
from helpdesk.storage import session


def keep(standings: Mapping[int, Standing], *, now: datetime) -> None:
    """Replace what was measured before by the standings of all active queues, by queue, as measured at ``now``."""
    session().execute(delete(QueuePace))
    session().add_all(
        QueuePace(
            queue_id=queue_id,
            measured_at=now,
            late_from=found.forecast.at,
            enough=found.forecast.enough,
            arrivals_per_hour=found.forecast.arrivals_per_hour,
            solves_per_hour=found.forecast.solves_per_hour,
            open=found.forecast.open,
            solved=found.forecast.solved,
            days=found.forecast.days,
            week_met=found.week.met,
            week_late=found.week.late,
            week_before_met=found.week_before.met,
            week_before_late=found.week_before.late,
        )
        for queue_id, found in standings.items()
    )
