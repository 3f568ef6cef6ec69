"""What opening a page says about the bell: its lines on this ticket have been read."""

from __future__ import annotations

from helpdesk.queries import notifications as queries
from helpdesk.services import notifications as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment
from helpdesk.web.filters import count_anew, shown_navigation


def read_about(number: str) -> None:
    """The ticket's page is being opened: what the bell says of it has been read."""
    if not shown_navigation().unread:
        return
    ticket_id = queries.unread_on(number, current_actor())
    if ticket_id is not None:
        with unit_of_work():
            services.read_ticket(ticket_id, actor=current_actor(), now=moment())
        count_anew()
