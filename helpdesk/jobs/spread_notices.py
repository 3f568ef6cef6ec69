"""Tell those whom it concerns of what has happened: lines under bells, news for mailboxes and targets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import current_app

from helpdesk.services import notices
from helpdesk.storage import unit_of_work

MOST_PER_RUN = 20_000


def spread_notices(clock: Callable[[], datetime], *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Spread what waits, a batch for each transaction; returns how many notices."""
    mail = bool(current_app.config["UNSNAG"].smtp_host)
    if not notices.anything_due(clock()):
        return 0
    total = 0
    while total < MOST_PER_RUN and not stopping():
        with unit_of_work():
            told = notices.spread(clock(), mail=mail)
        total += told
        if not told:
            break
    return total
