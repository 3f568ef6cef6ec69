"""Logging in, one's own account, and the people who work here."""

from __future__ import annotations

from flask import Blueprint

accounts = Blueprint("accounts", __name__)

import helpdesk.web.accounts.users  # noqa: E402  they register their views
import helpdesk.web.accounts.views  # noqa: E402, F401
