"""Choosing the columns of a list, one step at a time: each step is an address, so that "back" takes it back."""

from __future__ import annotations

from flask import render_template, request

from helpdesk.domain.access import Permission
from helpdesk.domain.views import Column, parse_list
from helpdesk.web.access import moment, needs
from helpdesk.web.list_addresses import list_url
from helpdesk.web.locale import day_end
from helpdesk.web.views import views
from helpdesk.wording.lists import column_label


@views.get("/columns")
@needs(Permission.TICKETS_READ)
def columns() -> str:
    shown = parse_list(request.args, day_end(moment()))
    kept, view = shown.to_args(), request.args.get("view", "")[:20]
    present = list(shown.shown)

    def step(wanted: list[Column]) -> str:
        return list_url({**kept, "columns": ",".join(wanted)}, view=view, endpoint="views.columns")

    def moved(place: int, by: int) -> list[Column]:
        wanted = present.copy()
        wanted.insert(place + by, wanted.pop(place))
        return wanted

    chosen = [
        {
            "code": column.value,
            "name": column_label(column),
            "up": step(moved(place, -1)) if place else "",
            "down": step(moved(place, 1)) if place < len(present) - 1 else "",
            "without": step([one for one in present if one is not column]) if column is not Column.SUBJECT else "",
        }
        for place, column in enumerate(present)
    ]
    others = [
        {"name": column_label(column), "with": step([*present, column])} for column in Column if column not in present
    ]
    return render_template(
        "views/columns.html",
        chosen=chosen,
        others=others,
        done_url=list_url({**kept, "columns": ",".join(present)}, view=view),
        usual_url=list_url({**kept, "columns": ""}, view=view),
        back_url=list_url(kept, view=view),
    )
