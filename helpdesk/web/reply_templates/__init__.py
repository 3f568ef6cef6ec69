"""Reply templates: the library, writing one and trying it on a ticket, its versions."""

from __future__ import annotations

from flask import Blueprint

reply_templates = Blueprint("reply_templates", __name__)

import helpdesk.web.reply_templates.views  # noqa: E402, F401  it registers its views
