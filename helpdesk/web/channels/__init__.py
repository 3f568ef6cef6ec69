"""Shops and channels: where words come in, and what carries ours out."""

from __future__ import annotations

from flask import Blueprint

channels = Blueprint("channels", __name__, url_prefix="/channels")

import helpdesk.web.channels.shops  # noqa: E402
import helpdesk.web.channels.views  # noqa: E402, F401  they register their views
