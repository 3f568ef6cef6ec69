"""What happens as time runs: stages of clocks, steps while tickets wait, deadlines of platforms."""

from __future__ import annotations

from flask import Blueprint

escalation = Blueprint("escalation", __name__)

import helpdesk.web.escalation.pauses  # noqa: E402
import helpdesk.web.escalation.platforms  # noqa: E402
import helpdesk.web.escalation.stages  # noqa: E402
import helpdesk.web.escalation.views  # noqa: E402, F401  they register their views
