"""Remind ops and admins of a year's holidays that should be published by now, once a week at most."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app

from helpdesk.queries import calendars as queries
from helpdesk.services import calendars
from helpdesk.storage import unit_of_work


def warn_unconfirmed(now: datetime) -> int:
    """Returns 1 if somebody was told now. The week is one of the installation's wall, from Monday on."""
    today = now.astimezone(ZoneInfo(current_app.config["UNSNAG"].timezone)).date()
    year = queries.unconfirmed_year(today)
    if year is None:
        return 0
    with unit_of_work():
        return int(calendars.warn_unconfirmed(year, today, now=now))
