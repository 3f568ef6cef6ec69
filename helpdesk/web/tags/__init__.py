"""The list of tags."""

from __future__ import annotations

from flask import Blueprint

tags = Blueprint("tags", __name__)

import helpdesk.web.tags.views  # noqa: E402, F401  it registers its views
