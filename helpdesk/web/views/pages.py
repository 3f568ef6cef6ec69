"""All views, saving one, calling it otherwise, letting others use it, deleting it and taking that back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, Problem, Stale
from helpdesk.domain.views import SHIPPED, ListView, parse_list
from helpdesk.queries import queues
from helpdesk.queries import views as queries
from helpdesk.queries.choices import list_choices
from helpdesk.queries.views import View
from helpdesk.services import views as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import differences, show_problem
from helpdesk.web.list_addresses import list_url
from helpdesk.web.locale import day_end
from helpdesk.web.views import views
from helpdesk.web.views.forms import FIELDS, VersionOnly, ViewForm, whose
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.lists import list_text, view_label

UP, DOWN = -1, 1


@views.get("")
@needs(Permission.TICKETS_READ)
def index() -> str:
    names = _names()
    shelves: dict[str, list[dict[str, Any]]] = {}
    for one in queries.views(current_actor()):
        shelf = _("我的") if one.scope == "personal" else label(one.queue) if one.queue else _("所有人")
        shelves.setdefault(shelf, []).append(_shown(one, names))
    shipped = [
        {
            "name": view_label(code),
            "url": list_url(args, view=code),
            "text": list_text(_asked(args), names),
        }
        for code, args in SHIPPED.items()
    ]
    return render_template("views/index.html", shelves=shelves, shipped=shipped)


@views.get("/<id:view_id>")
@needs(Permission.TICKETS_READ)
def view(view_id: int) -> BaseResponse:
    """The address to send to a colleague: it opens the list as the view is by now."""
    found = queries.view(view_id, current_actor())
    return redirect(list_url(found.args, view=view_id))


@views.route("/new", methods=["GET", "POST"])
@needs(Permission.TICKETS_READ)
def new() -> BaseResponse:
    shown = _asked(request.args)
    form = _form(ViewForm())
    if not form.is_submitted():
        return _page(form, shown)
    if not form.validate():
        return _page(form, shown, status=422)
    try:
        with unit_of_work():
            view_id = services.save(form.naming(), shown, actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(form, shown, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存视图“%(name)s”。", name=form.name.data), "done")
    return redirect(list_url(shown.to_args(), view=view_id))


@views.route("/<id:view_id>/edit", methods=["GET", "POST"])
@needs(Permission.TICKETS_READ)
def edit(view_id: int) -> BaseResponse:
    found = queries.view(view_id, current_actor())
    form = _form(
        ViewForm(data={"name": found.name, "whose": whose(found.scope, found.queue_id), "version": found.version})
    )
    shown = _read(found)
    if not form.is_submitted():
        return _page(form, shown, found)
    if not form.validate():
        return _page(form, shown, found, status=422)
    try:
        with unit_of_work():
            services.change(view_id, form.version.data, form.naming(), actor=current_actor(), now=moment())
    except Stale as problem:
        fresh = queries.view(view_id, current_actor())
        changed = differences((_("名称"), fresh.name, form.name.data))
        form.version.data, form.version.raw_data = fresh.version, None
        return _page(
            form, _read(fresh), fresh, status=problem.status, error=show_problem(form, problem, {}), stale=changed
        )
    except Problem as problem:
        return _page(form, shown, found, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存视图“%(name)s”。", name=form.name.data), "done")
    return redirect(url_for("views.index"))


@views.post("/<id:view_id>/keep")
@needs(Permission.TICKETS_READ)
def keep(view_id: int) -> BaseResponse:
    """The view shows from now on what the list shows that the person looks at."""
    shown = _asked(request.form)
    with unit_of_work():
        services.set_list(view_id, _version(), shown, actor=current_actor(), now=moment())
    flash(_("视图已更新。"), "done")
    return redirect(list_url(shown.to_args(), view=view_id))


@views.post("/<id:view_id>/move")
@needs(Permission.TICKETS_READ)
def move(view_id: int) -> BaseResponse:
    by = {"up": UP, "down": DOWN}.get(request.form.get("to", ""))
    if by is None:
        raise Invalid("input.bad_value", field="to")
    with unit_of_work():
        services.move(view_id, _version(), by, actor=current_actor())
    return redirect(url_for("views.index", _anchor=f"view-{view_id}"))


@views.post("/<id:view_id>/delete")
@needs(Permission.TICKETS_READ)
def delete(view_id: int) -> BaseResponse:
    name = queries.view(view_id, current_actor()).name
    with unit_of_work():
        services.remove(view_id, _version(), actor=current_actor(), now=moment())
    message = {"text": _("已删除视图“%(name)s”。", name=name), "url": url_for("views.restore", view_id=view_id)}
    flash(cast(str, message), "done")  # any JSON will do; see layouts/_flashes.html
    return redirect(url_for("views.index"))


@views.post("/<id:view_id>/restore")
@needs(Permission.TICKETS_READ)
def restore(view_id: int) -> BaseResponse:
    with unit_of_work():
        services.restore(view_id, actor=current_actor(), now=moment())
    flash(_("已恢复视图“%(name)s”。", name=queries.view(view_id, current_actor()).name), "done")
    return redirect(url_for("views.index"))


def _asked(args: Mapping[str, str]) -> ListView:
    """The list in an address; ``Invalid`` for one that can't be."""
    return parse_list(args, day_end(moment()))


def _read(found: View) -> ListView:
    """What a stored view shows; all tickets, where the program no longer understands it."""
    try:
        return _asked(found.args)
    except Problem:
        return ListView()


def _names() -> dict[str, dict[str, str]]:
    """Of what filters name by a code, by the field it stands in."""
    offered = list_choices(current_actor())
    return {
        "type": {code: label(kind.name) for code, kind in rules().types.items()},
        "queue": {one.code: label(one.name) for one in offered.queues},
        "channel": {one.code: label(one.name) for one in offered.channels},
        "shop": {one.code: label(one.name) for one in offered.shops},
        "owner": {str(one.id): one.name for one in offered.people},
    }


def _form(form: ViewForm) -> ViewForm:
    form.offer(current_actor(), queues.names())
    return form


def _version() -> int:
    return VersionOnly().version.data


def _shown(one: View, names: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "url": list_url(one.args, view=one.id),
        "text": list_text(_read(one), names),
        "owner": "" if one.scope == "personal" else one.owner,
        "version": one.version,
        "editable": one.editable,
    }


def _page(
    form: ViewForm,
    shown: ListView,
    found: View | None = None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Any] | None = None,
) -> Response:
    page = render_template(
        "views/edit.html",
        form=form,
        error=error,
        stale=stale or [],
        text=list_text(shown, _names()),
        back_url=url_for("views.index") if found else list_url(shown.to_args()),
        view=found,
    )
    return make_response(page, status)
