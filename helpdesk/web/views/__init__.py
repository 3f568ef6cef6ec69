"""Saved views: lists of tickets with a name, their columns and their order."""

from __future__ import annotations

from flask import Blueprint

views = Blueprint("views", __name__, url_prefix="/views")

import helpdesk.web.views.columns  # noqa: E402
import helpdesk.web.views.pages  # noqa: E402, F401  they register their views
