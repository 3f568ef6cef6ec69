"""The lists of all types, and that of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import Response, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission, Scope
from helpdesk.domain.checklists import Item
from helpdesk.domain.problems import Problem, Stale
from helpdesk.queries import checklists as queries
from helpdesk.queries.checklists import ListRow
from helpdesk.services import checklists as services
from helpdesk.services.queues import require_settings
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.checklists import checklists
from helpdesk.web.checklists.forms import ChecklistForm, as_typed
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _


@checklists.get("/checklists")
@needs(Permission.QUEUES_READ)
def index() -> str:
    actor = current_actor()
    rows = [
        {
            "type": row.type,
            "name": label(row.name),
            "items": [{"name": label(item.name), "required": item.required} for item in row.items],
            "url": url_for("checklists.checklist", type_code=row.type),
        }
        for row in sorted(queries.checklists(actor), key=lambda row: not row.items)
    ]
    return render_template("checklists/index.html", lists=rows, can_edit=_may_edit())


@checklists.route("/checklists/<type_code>", methods=["GET", "POST"])
@needs(Permission.QUEUES_MANAGE)
def checklist(type_code: str) -> BaseResponse:
    actor = current_actor()
    require_settings(actor)
    row = queries.checklist(type_code, actor)
    form = ChecklistForm(data={"rows": as_typed(row.items)})
    if not form.is_submitted():
        return _page(form, row)
    if not form.validate():
        return _page(form, row, status=422)
    items = form.items()
    try:
        with unit_of_work():
            services.set_checklist(type_code, form.version.data, items, actor=actor, now=moment())
    except Stale as problem:
        fresh = queries.checklist(type_code, actor)
        stale = differences((_("检查项"), _listed(fresh.items), _listed(items)))
        form = ChecklistForm(formdata=None, data={"rows": as_typed(_still(items, fresh))})
        return _page(form, fresh, status=409, error=show_problem(form, problem, {}), stale=stale)
    except Problem as problem:
        return _page(form, row, status=problem.status, error=show_problem(form, problem, {}))
    flash(_("已保存 %(name)s 的检查清单。", name=label(row.name)), "done")
    return redirect(url_for("checklists.index"))


def _listed(items: Iterable[Item]) -> str:
    """As somebody reads it who has to compare two of them."""
    named = (label(item.name) for item in items)
    return _("、").join(name for name in named if name.strip())


def _still(typed: Iterable[Item], fresh: ListRow) -> list[Item]:
    """What was typed, on the list as it stands now: an item that was taken off meanwhile would be a new one."""
    standing = {item.id for item in fresh.items}
    named = (item for item in typed if item.name.zh or item.name.en)
    return [replace(item, id=item.id if item.id in standing else None) for item in named]


def _may_edit() -> bool:
    return current_actor().scope(Permission.QUEUES_MANAGE) is Scope.ALL


def _page(
    form: ChecklistForm,
    row: ListRow,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    fresh = not form.is_submitted() or stale is not None
    page = render_template(
        "checklists/checklist_form.html",
        form=form,
        name=label(row.name),
        version=row.version if fresh else form.version.data,
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)
