"""Changes of settings, newest first."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any

from flask import render_template, request, url_for
from flask_babel import format_date, get_timezone

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid
from helpdesk.queries import changes as queries
from helpdesk.queries.changes import Change
from helpdesk.queries.keyset import parse_cursor
from helpdesk.web.access import current_actor, needs
from helpdesk.web.changes import changes
from helpdesk.web.forms import row_id
from helpdesk.wording.changes import change_text, change_values, kind_label


@changes.get("/changes")
@needs(Permission.CHANGES_READ)
def index() -> str:
    kind, person = request.args.get("kind", ""), _person(request.args.get("person", ""))
    actor = current_actor()
    page = queries.changes(actor, kind=kind, person=person, after=parse_cursor(request.args.get("after", "")))
    asked: dict[str, Any] = {"kind": kind or None, "person": person}
    return render_template(
        "changes/index.html",
        days=[(day, list(ofday)) for day, ofday in groupby(map(_shown, page.changes), key=itemgetter("day"))],
        kind=kind,
        person=person,
        kinds=[(code, kind_label(code)) for code in queries.KINDS],
        people=queries.people(actor),
        is_first="after" not in request.args,
        first_url=url_for("changes.index", **asked),
        next_url=url_for("changes.index", **asked, after=str(page.next)) if page.next else "",
    )


def _shown(change: Change) -> dict[str, Any]:
    local = change.at.astimezone(get_timezone())
    return {
        "at": change.at,
        "day": format_date(local.date(), "full"),
        "time": f"{local:%H:%M}",
        "by": change.by,
        "by_person": change.by_person,
        "text": change_text(change),
        "rows": change_values(change),
    }


def _person(text: str) -> int | None:
    if not text:
        return None
    try:
        return row_id(text)
    except ValueError:
        raise Invalid("changes.unknown_person") from None
