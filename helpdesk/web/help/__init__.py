"""The help page of a shop, where its customers open and follow their tickets without logging in."""

from __future__ import annotations

from flask import Blueprint

help_page = Blueprint("help", __name__, url_prefix="/help")

import helpdesk.web.help.views  # noqa: E402, F401  they register their views
