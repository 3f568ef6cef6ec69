"""Files of tickets: taken in, handed out."""

from __future__ import annotations

from flask import Blueprint

attachments = Blueprint("attachments", __name__)

from helpdesk.web.attachments import views  # noqa: E402, F401  they register themselves
