"""Files of tickets and orders: uploaded, their columns settled, worked off by the job worker."""

from __future__ import annotations

from flask import Blueprint

imports = Blueprint("imports", __name__)

from helpdesk.web.imports import runs, uploads  # noqa: E402, F401  they register their views
