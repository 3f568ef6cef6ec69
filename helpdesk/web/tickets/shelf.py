"""All templates for one ticket, for the search that opens in its composer."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_login import current_user

from helpdesk.domain.access import Permission, may_reply
from helpdesk.domain.problems import NotAllowed
from helpdesk.domain.replies import search_fields
from helpdesk.queries.suggestions import Filled, suggestions
from helpdesk.queries.ticket_page import ticket_page
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.locale import day_start
from helpdesk.web.tickets import side_column, staged, tickets
from helpdesk.web.tickets.presenting import type_name
from helpdesk.web.tickets.staged import Desk
from helpdesk.wording import label


@tickets.get("/tickets/<number>/templates")
@needs(Permission.TICKETS_REPLY)
def shelf(number: str) -> dict[str, Any]:
    """The templates that the actor may use, filled for this ticket, its own type's first."""
    actor, now, book = current_actor(), moment(), rules()
    page = ticket_page(number, actor, now, day_start(now), rules())
    if not may_reply(actor, page.standing):
        raise NotAllowed("ticket.may_not_reply", number=number)
    desk = Desk(page, book, actor, side_column.offers(page, book, actor))
    values = side_column.placeholder_values(page, desk.offered, current_user.name, now)
    said = suggestions(page, actor, values, staged.amounts(desk.offered))
    return {"templates": [_entry(one, desk) for one in side_column.by_type(said, page)]}


def _entry(filled: Filled, desk: Desk) -> dict[str, Any]:
    template = filled.template
    rows = staged.rows(template, desk)
    return {
        "code": template.code,
        "version": template.version,
        "title": label(template.title),
        "shortcut": template.shortcut,
        "type": type_name(template.type, desk.book) if template.type else "",
        "text": filled.text,
        "solution": template.marks_solution,
        "status": template.set_status or "",
        "fields": search_fields(template),
        "offers": [f"{row['text']} {row.get('said', '')}".strip() for row in rows if row["kind"] == "propose"],
        "staged": render_template("tickets/_staged.html", staged=rows) if rows else "",
    }
