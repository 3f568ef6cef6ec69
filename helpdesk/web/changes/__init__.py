"""Who changed which setting."""

from __future__ import annotations

from flask import Blueprint

changes = Blueprint("changes", __name__)

import helpdesk.web.changes.views  # noqa: E402, F401  it registers its views
