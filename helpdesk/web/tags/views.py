"""Tags: the list, one of them, and two that become one."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Problem, Stale
from helpdesk.queries import tags as queries
from helpdesk.queries.tags import TagRow
from helpdesk.services import tag_lists as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.web.tags import tags
from helpdesk.web.tags.forms import COLOURS, FIELDS, MergeForm, TagForm
from helpdesk.wording.catalog import gettext as _


@tags.get("/tags")
@needs(Permission.QUEUES_READ)
def index() -> str:
    actor = current_actor()
    can_edit = actor.may(Permission.QUEUES_MANAGE)
    return render_template("tags/index.html", tags=queries.tags(actor), can_edit=can_edit)


@tags.route("/tags/new", methods=["GET", "POST"])
@needs(Permission.QUEUES_MANAGE)
def new_tag() -> BaseResponse:
    form = TagForm()
    del form.version
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            services.create_tag(form.settings(), actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已新建标签“%(tag)s”。", tag=form.name.data), "done")
    return redirect(url_for("tags.index"))


@tags.route("/tags/<id:tag_id>", methods=["GET", "POST"])
@needs(Permission.QUEUES_MANAGE)
def tag(tag_id: int) -> BaseResponse:
    actor = current_actor()
    row = queries.tag(tag_id, actor)
    form = TagForm(data={"name": row.name, "colour": row.colour.value, "active": row.active})
    if not form.is_submitted():
        return _page(form, row)
    if not form.validate():
        return _page(form, row, status=422)
    try:
        with unit_of_work():
            services.update_tag(tag_id, form.version.data, form.settings(), actor=actor, now=moment())
    except Stale as problem:
        fresh = queries.tag(tag_id, actor)
        error, stale = show_problem(form, problem, FIELDS), _changes(form, fresh)
        return _page(form, fresh, status=409, error=error, stale=stale)
    except Problem as problem:
        return _page(form, row, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存标签“%(tag)s”。", tag=form.name.data), "done")
    return redirect(url_for("tags.index"))


@tags.post("/tags/<id:tag_id>/merge")
@needs(Permission.QUEUES_MANAGE)
def merge(tag_id: int) -> BaseResponse:
    actor = current_actor()
    row = queries.tag(tag_id, actor)
    form = MergeForm()
    form.offer(_others(row))
    kept = TagForm(formdata=None, data={"name": row.name, "colour": row.colour.value, "active": row.active})
    if not form.validate():
        return _page(kept, row, status=422, merging=form)
    try:
        with unit_of_work():
            many = services.merge_tags(tag_id, form.into.data, form.version.data, actor=actor, now=moment())
    except Problem as problem:
        error = show_problem(form, problem, FIELDS)
        return _page(kept, queries.tag(tag_id, actor), status=problem.status, error=error, merging=form, fresh=True)
    flash(ngettext("已合并，共 %(num)d 张工单。", "已合并，共 %(num)d 张工单。", many), "done")
    return redirect(url_for("tags.index"))


def _others(row: TagRow) -> list[TagRow]:
    return [one for one in queries.tags(current_actor()) if one.id != row.id and one.active]


def _changes(form: TagForm, row: TagRow) -> list[Difference]:
    """What stands there by now beside what was typed."""
    names = {one.value: str(name) for one, name in COLOURS}
    settings = form.settings()
    return differences(
        (_("标签"), row.name, settings.name),
        (_("颜色"), names[row.colour.value], names[settings.colour.value]),
        (_("在用"), _("是") if row.active else _("否"), _("是") if settings.active else _("否")),
    )


def _page(
    form: TagForm,
    row: TagRow | None = None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
    merging: MergeForm | None = None,
    fresh: bool = False,
) -> Response:
    if row is not None and merging is None:
        merging = MergeForm(formdata=None)
        merging.offer(_others(row))
    typed = form.is_submitted() and merging is not None and not fresh and stale is None and status != 200
    page = render_template(
        "tags/tag_form.html",
        form=form,
        merging=merging if row and merging and merging.into.choices else None,
        tag=row,
        version=form.version.data if row and typed and form.version.data is not None else row.version if row else None,
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)
