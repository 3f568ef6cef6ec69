"""What people are told: the bell, where else they hear of it, and what could not be delivered."""

from __future__ import annotations

from flask import Blueprint

notifications = Blueprint("notifications", __name__)

import helpdesk.web.notifications.bell  # noqa: E402  they register their views
import helpdesk.web.notifications.dead_letters  # noqa: E402
import helpdesk.web.notifications.own  # noqa: E402
import helpdesk.web.notifications.targets  # noqa: E402, F401
