"""The ticket page's card of what has to be done before it may be resolved."""

from __future__ import annotations

from typing import Any

from helpdesk.domain.checklists import missing
from helpdesk.queries.checklists import tasks_of
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.wording import label


def card(page: TicketPage, *, works: bool) -> dict[str, Any] | None:
    """The items with who ticked them, and the names of what is left; None where the type has no list."""
    if not page.ticket.listed:
        return None
    found = tasks_of(page.ticket.id, page.ticket.type)
    ticked = {task.item.id for task in found.rows if task.at is not None}
    left = missing((task.item for task in found.rows), ticked)
    return {
        "version": found.version,
        "may": works,
        "rows": [
            {
                "id": task.item.id,
                "name": label(task.item.name),
                "required": task.item.required,
                "done": task.at is not None,
                "by": task.by,
                "at": task.at,
            }
            for task in found.rows
        ],
        "done": len(ticked),
        "left": [label(item.name) for item in left],
    }
