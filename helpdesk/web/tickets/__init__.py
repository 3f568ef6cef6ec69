"""Tickets: the queue page, the ticket page, and what can be done there."""

from __future__ import annotations

from flask import Blueprint

tickets = Blueprint("tickets", __name__)

from helpdesk.web.tickets import (  # noqa: E402, F401  they register their views
    actions,
    blame,
    bulk,
    compose,
    export,
    intake,
    linking,
    lists,
    marks,
    merging,
    offers,
    onlooking,
    pulse,
    shelf,
    show,
    splitting,
)
