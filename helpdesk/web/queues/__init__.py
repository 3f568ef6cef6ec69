"""Queues and their members."""

from __future__ import annotations

from flask import Blueprint

queues = Blueprint("queues", __name__)

import helpdesk.web.queues.members  # noqa: E402
import helpdesk.web.queues.views  # noqa: E402, F401  they register their views
