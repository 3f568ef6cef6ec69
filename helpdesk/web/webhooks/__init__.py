"""Webhooks: the pages where they are set up, and the address at which other systems call."""

from __future__ import annotations

from flask import Blueprint

webhooks = Blueprint("webhooks", __name__)

import helpdesk.web.webhooks.calls  # noqa: E402
import helpdesk.web.webhooks.views  # noqa: E402, F401  they register their views
