"""Everything that can be set, on one page: on a phone there is no side menu."""

from __future__ import annotations

from flask import Blueprint

settings = Blueprint("settings", __name__)

from helpdesk.web.settings import palette, views  # noqa: E402, F401  they register their views
