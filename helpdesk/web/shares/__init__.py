"""责任归属 apart from the ticket: appeals, and what each party owes month by month."""

from __future__ import annotations

from flask import Blueprint

shares = Blueprint("shares", __name__)

from helpdesk.web.shares import appeals, charge_back  # noqa: E402, F401  they register their views
