"""What a queue is asked by others, answered one after the other."""

from __future__ import annotations

from flask import Blueprint

assists = Blueprint("assists", __name__)

import helpdesk.web.assists.views  # noqa: E402, F401  it registers its views
