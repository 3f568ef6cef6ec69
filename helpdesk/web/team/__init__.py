"""The people of a queue: how much they have in hand, when they work, who stands in."""

from __future__ import annotations

from flask import Blueprint

team = Blueprint("team", __name__)

import helpdesk.web.team.absences  # noqa: E402  they register their views
import helpdesk.web.team.rota  # noqa: E402
import helpdesk.web.team.workload  # noqa: E402, F401
