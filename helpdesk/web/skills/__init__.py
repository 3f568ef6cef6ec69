"""Skills: what asks for them, and who has them."""

from __future__ import annotations

from flask import Blueprint

skills = Blueprint("skills", __name__)

import helpdesk.web.skills.views  # noqa: E402, F401  it registers its views
