"""Everything that can be set, on one page: on a phone there is no side menu."""

from __future__ import annotations

from flask import Blueprint

settings = Blueprint("settings", __name__)

import helpdesk.web.settings.views  # noqa: E402, F401  it registers its view
