"""How the rules' words and the learned models do, and what is changed about them."""

from __future__ import annotations

from flask import Blueprint

words = Blueprint("words", __name__)

import helpdesk.web.words.models  # noqa: E402  it registers its views
import helpdesk.web.words.views  # noqa: E402, F401  it registers its views
