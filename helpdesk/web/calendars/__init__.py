"""Calendars: working hours, their years, and public holidays."""

from __future__ import annotations

from flask import Blueprint

calendars = Blueprint("calendars", __name__)

import helpdesk.web.calendars.holiday_import  # noqa: E402
import helpdesk.web.calendars.holidays  # noqa: E402  they register their views
import helpdesk.web.calendars.views  # noqa: E402, F401
