"""The monthly report by type, the tickets behind its figures, its files, its months."""

from __future__ import annotations

from flask import Blueprint

reports = Blueprint("reports", __name__)

from helpdesk.web.reports import exports, months, sent, tickets, views  # noqa: E402, F401  they register their views
