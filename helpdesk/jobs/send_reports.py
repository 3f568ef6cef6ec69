"""Send the month's report on the 1st and the day's digest at nine, to those who want them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app

from helpdesk.config import Settings
from helpdesk.domain import report_digest
from helpdesk.domain.reports import Period
from helpdesk.queries import report_sendings as queries
from helpdesk.queries.actors import system_actor
from helpdesk.services import report_sendings
from helpdesk.services.report_sendings import Circle
from helpdesk.storage import unit_of_work

COUNTED_WITHIN = timedelta(minutes=10)
"""So long it waits for tickets that are still to be counted: where something always changes, that never ends."""


def send_reports(clock: Callable[[], datetime], *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due and not sent yet, as it may come late or twice; returns how many sendings were made.

    Each circle of readers (``services.report_sendings``) is one transaction. The figures are read before it.
    """
    settings: Settings = current_app.config["UNSNAG"]
    now = clock()
    local = now.astimezone(ZoneInfo(settings.timezone)).replace(tzinfo=None)
    made = 0
    for kind, period in report_digest.due(local):
        counted = local >= report_digest.due_since(kind, period) + COUNTED_WITHIN or not queries.anything_due()
        for circle in report_sendings.circles(period, mail=bool(settings.smtp_host)) if counted else ():
            if stopping():
                return made
            key = report_digest.key_of(kind, period, circle.scope)
            if not queries.is_sent(key):
                made += _send(kind, period, circle, key, now)
    return made


def _send(kind: str, period: Period, circle: Circle, key: str, now: datetime) -> bool:
    system = system_actor("job")
    told = queries.figures(period, queries.reader_of(circle.queues, system.id))
    with unit_of_work():
        sent = report_sendings.send(kind, period, circle, told, key=key, actor=system, now=now)
    return sent is not None
