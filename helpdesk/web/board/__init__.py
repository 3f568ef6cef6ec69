"""The overdue board: what is late, what will be, who is overloaded, what waits for approval; and acting on it."""

from __future__ import annotations

from flask import Blueprint

board = Blueprint("board", __name__)

import helpdesk.web.board.actions  # noqa: E402  they register their views
import helpdesk.web.board.views  # noqa: E402, F401
