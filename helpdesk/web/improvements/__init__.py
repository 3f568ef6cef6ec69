"""Upstream improvements: the board, one with its before and after, suggestions."""

from __future__ import annotations

from flask import Blueprint

improvements = Blueprint("improvements", __name__)

from helpdesk.web.improvements import views, writing  # noqa: E402, F401  they register their views
