"""The ticket page's card of links to other tickets."""

from __future__ import annotations

from typing import Any

from flask import url_for

from helpdesk.domain.access import Actor
from helpdesk.domain.links import Relation
from helpdesk.domain.tickets import ACTIVE, Status
from helpdesk.queries.links import Linked, links_of
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.wording.labels import relation_label


def card(page: TicketPage, actor: Actor, *, works: bool) -> dict[str, Any] | None:
    """The links, how far the children are, and what is proposed to be linked; None where there is nothing of it.

    ``works``: the reader may work on this ticket, whatever its status but merged.
    """
    found = links_of(page.ticket.id, actor) if page.ticket.linked else ()
    may = works and page.ticket.status is not Status.MERGED
    if not found and not may:
        return None
    children = [one for one in found if one.relation is Relation.PARENT]
    linked = {one.number for one in found}
    return {
        "rows": [_row(one) for one in found],
        "may": may,
        "children": len(children),
        "children_done": sum(one.status not in ACTIVE for one in children),
        "relations": [(relation.value, relation_label(relation)) for relation in Relation],
        "recent": [(one.number, one.subject) for one in page.related if one.number not in linked],
    }


def _row(one: Linked) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "url": url_for("tickets.show", number=one.number),
        "relation": relation_label(one.relation),
        "subject": one.subject,
        "klass": one.klass,
        "status": one.status,
        "burns_at": one.burns_at if one.status in ACTIVE else None,
    }
