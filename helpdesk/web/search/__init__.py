"""搜索: one box over tickets, what was said in them, orders and buyers."""

from __future__ import annotations

from flask import Blueprint

search = Blueprint("search", __name__)

import helpdesk.web.search.views  # noqa: E402, F401  it registers its views
