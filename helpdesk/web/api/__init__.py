"""The API under ``/api/v1``: what other systems read and tell, each with a token of its own.

No cookie is looked at here, so there is nothing that a forged form could use: that alone is why it needs no CSRF token.
"""

from __future__ import annotations

from flask import Blueprint

from helpdesk.web.security import csrf

api = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(api)

import helpdesk.web.api.attachments  # noqa: E402
import helpdesk.web.api.marks  # noqa: E402
import helpdesk.web.api.messages  # noqa: E402
import helpdesk.web.api.orders  # noqa: E402
import helpdesk.web.api.places  # noqa: E402
import helpdesk.web.api.reference  # noqa: E402
import helpdesk.web.api.templates  # noqa: E402
import helpdesk.web.api.tickets  # noqa: E402, F401  they register their addresses
