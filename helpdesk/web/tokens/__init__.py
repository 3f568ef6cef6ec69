"""Tokens of the API: the pages where they are made, narrowed, changed and revoked."""

from __future__ import annotations

from flask import Blueprint

tokens = Blueprint("tokens", __name__)

import helpdesk.web.tokens.views  # noqa: E402, F401  it registers its views
