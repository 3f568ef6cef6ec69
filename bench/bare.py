"""What a page is compared with: the same rows as constants, through one plain template, behind the same login.

``write`` is what creating is compared with: one row inserted and committed, behind login and CSRF check. ``facts``
makes the constants out of the database that is measured on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import text

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.ticket_filter import Tab, TicketFilter
from helpdesk.queries import ticket_list
from helpdesk.queries.suggestions import suggestions
from helpdesk.queries.ticket_page import TicketPage, ticket_page
from helpdesk.storage import session, unit_of_work
from helpdesk.web.access import needs

FILE = "bare.json"
TICKET = ("ticket", "entries", "facts", "said")
TABLE = "CREATE TABLE IF NOT EXISTS bench_row (id INTEGER PRIMARY KEY, text VARCHAR)"
INSERT = "INSERT INTO bench_row (text) VALUES (:text)"


def facts(actor: Actor, now: datetime) -> dict[str, Any]:
    """The first page of the actor's list and its first ticket, as strings."""
    page = ticket_list.page(TicketFilter(), Tab.ALL, actor, now)
    found = ticket_page(page.rows[0].number, actor, now, now)
    return {
        "rows": [
            {
                "number": row.number,
                "klass": row.klass,
                "subject": row.subject,
                "type": row.type,
                "channel": row.channel.zh,
                "customer": row.customer or "",
                "order": row.order_number or "",
                "paid": f"¥{(row.paid_fen or 0) / 100:.2f}",
                "created": f"{row.created_at:%m-%d %H:%M}",
                "hands": row.hands or "",
                "status": row.status,
                "clock": f"{row.clock.remaining_seconds}" if row.clock else "",
            }
            for row in page.rows
        ],
        "ticket": {
            "number": found.ticket.number,
            "subject": found.ticket.subject,
            "klass": found.ticket.klass,
            "type": found.ticket.type,
            "status": found.ticket.status.value,
            "owner": found.names.name(found.ticket.owner_id) or "",
        },
        "entries": [
            {
                "who": found.names.name(entry.author_id) or "",
                "at": f"{entry.at:%m-%d %H:%M}",
                "text": entry.text or entry.code,
            }
            for entry in found.timeline.entries
        ],
        "facts": [(name, str(value)) for name, value in _facts(found)],
        "said": [
            {"title": filled.template.title.zh, "text": filled.text, "score": str(one.score)}
            for one, filled in suggestions(found, actor, {}).best
        ],
    }


def _facts(page: TicketPage) -> Iterator[tuple[str, object]]:
    """What else the page shows: clocks with their reasons, order, customer, why this type, other tickets."""
    for clock in page.clocks:
        yield clock.kind, f"{clock.state} {clock.due_at} {clock.percent}"
        for step in clock.steps:
            yield step.code, " ".join(map(str, step.params.values()))
    for part in (page.order, page.customer, page.decision):
        if part is not None:
            yield from ((name, getattr(part, name)) for name in part.__slots__)
    for line in page.parts.lines:
        yield line.name, line.quantity
    for other in page.related:
        yield other.number, f"{other.subject} {other.status}"


def blueprint(folder: Path) -> Blueprint:
    """The bare views, on the constants that lie in the folder."""
    constants = json.loads((folder / FILE).read_text(encoding="utf-8"))
    bare = Blueprint("bench", __name__, template_folder="templates")

    @bare.get("/bench/list")
    @needs(Permission.TICKETS_READ)
    def list_() -> str:
        return render_template("bench/list.html", rows=constants["rows"])

    @bare.get("/bench/ticket")
    @needs(Permission.TICKETS_READ)
    def ticket() -> str:
        return render_template("bench/ticket.html", **{name: constants[name] for name in TICKET})

    @bare.post("/bench/write")
    @needs(Permission.TICKETS_CREATE)
    def write() -> tuple[str, int, dict[str, str]]:
        with unit_of_work():
            session().execute(text(INSERT), {"text": request.form["text"]})
        return "", 302, {"Location": "/bench/ticket"}

    return bare
