"""Remove what has served its time: sessions, tries to log in, notices nobody waits for, old lines of bells."""

from __future__ import annotations

from datetime import datetime

from helpdesk.services import notifications, outbox
from helpdesk.services.clean_up import remove_ended
from helpdesk.storage import unit_of_work


def clean_up(now: datetime) -> int:
    """Returns how many rows were removed or withdrawn."""
    with unit_of_work():
        return remove_ended(now) + outbox.expire_notices(now) + notifications.remove_old(now)
