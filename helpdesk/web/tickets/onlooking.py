"""Who else has the ticket open: each page says that it is there every few seconds, and hears of the others."""

from __future__ import annotations

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.queries.onlookers import others
from helpdesk.services import onlookers
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.tickets import tickets


@tickets.post("/tickets/<number>/here")
@needs(Permission.TICKETS_READ, keeps_session=False)
def here(number: str) -> BaseResponse:
    """This page shows the ticket; answers with who else looks at it, and who writes."""
    actor, now = current_actor(), moment()
    with unit_of_work():
        ticket_id = onlookers.look(number, writing=request.form.get("writing") == "1", actor=actor, now=now)
    found = others([ticket_id], actor, now).get(ticket_id, [])
    return make_response(render_template("tickets/_onlookers.html", others=found))


@tickets.post("/tickets/<number>/gone")
@needs(Permission.TICKETS_READ, keeps_session=False, notes_presence=False)
def gone(number: str) -> BaseResponse:
    """This page was closed."""
    with unit_of_work():
        onlookers.leave(number, actor=current_actor())
    return Response(status=204)
