"""Lists of what has to be done before a ticket may be resolved."""

from __future__ import annotations

from flask import Blueprint

checklists = Blueprint("checklists", __name__)

import helpdesk.web.checklists.views  # noqa: E402, F401  it registers its views
