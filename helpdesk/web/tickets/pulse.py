"""While somebody reads and writes: has the ticket moved on meanwhile? Asked every few seconds, told quietly."""

from __future__ import annotations

import hashlib

from flask import Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.queries import ticket_pulse
from helpdesk.queries.ticket_page import Head
from helpdesk.queries.ticket_pulse import Pulse
from helpdesk.web.access import current_actor, needs
from helpdesk.web.tickets import tickets
from helpdesk.wording.catalog import locale_code


@tickets.get("/tickets/<number>/pulse")
@needs(Permission.TICKETS_READ, keeps_session=False)
def pulse(number: str) -> BaseResponse:
    """A notice of what is newer than the page that asks; empty while nothing is, 304 while that stays so."""
    present = ticket_pulse.pulse(number, current_actor())
    news = _news(present, _shown())
    etag = hashlib.sha256(repr((locale_code(), news, present if news else None)).encode()).hexdigest()[:32]
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        response = make_response(render_template("tickets/_pulse.html", news=news, number=number))
    response.set_etag(etag)
    response.headers["Cache-Control"] = "no-cache, private"
    return response


def pulse_url(ticket: Head) -> str:
    """Where a page that shows this asks."""
    return url_for(
        "tickets.pulse",
        number=ticket.number,
        version=ticket.version,
        heard=ticket.last_message_id,
        said=ticket.last_reply_id,
        noted=ticket.last_note_id,
    )


def _shown() -> Pulse:
    """How far the ticket was on the page; what is no number is nothing."""
    return Pulse(*(request.args.get(name, 0, int) for name in Pulse.__slots__))


def _news(present: Pulse, shown: Pulse) -> str:
    """What matters most of what is new: heard, said, noted, changed; empty for nothing."""
    for name in ("heard", "said", "noted"):
        if getattr(present, name) > getattr(shown, name):
            return name
    return "changed" if present.version > shown.version else ""
