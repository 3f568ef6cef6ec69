"""Types that nobody has confirmed yet, decided one after the other."""

from __future__ import annotations

from flask import Blueprint

triage = Blueprint("triage", __name__)

import helpdesk.web.triage.views  # noqa: E402, F401  it registers its views
