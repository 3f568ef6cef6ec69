"""Money: what waits for somebody to agree, the ledger of what was promised, and finance's payment files."""

from __future__ import annotations

from flask import Blueprint

money = Blueprint("money", __name__)

from helpdesk.web.money import approvals, ledger, payouts  # noqa: E402, F401  they register their views
