"""Queues: how they work, and who is in them."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission, Scope
from helpdesk.domain.problems import Problem, Stale
from helpdesk.domain.rulebook import Label
from helpdesk.models.calendars import load_calendars
from helpdesk.queries import queues as queries
from helpdesk.queries.queues import QueueRow
from helpdesk.services import queues as services
from helpdesk.services.queues import QueueSettings
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.web.navigation import class_and_icon
from helpdesk.web.queues import members, queues
from helpdesk.web.queues.forms import FIELDS, QueueForm
from helpdesk.wording import assignment_label, hours_text, label
from helpdesk.wording.catalog import gettext as _


@queues.get("/queues")
@needs(Permission.QUEUES_READ)
def index() -> str:
    actor = current_actor()
    rows = queries.queues(actor, now=moment())
    calendars = load_calendars({(row.calendar_id, row.calendar_version) for row in rows})
    shown = [
        {
            "code": row.code,
            "name": label(row),
            "klass": class_and_icon(row.code)[0],
            "icon": class_and_icon(row.code)[1],
            "calendar_name": _calendar_name(row),
            "calendar_hours": hours_text(calendars[row.calendar_id, row.calendar_version]),
            "mode": row.assignment,
            "writes_to_buyers": row.writes_to_buyers,
            "active": row.active,
            "member_count": row.members,
            "open_count": row.open_tickets,
            "overdue": row.overdue,
            "url": url_for("queues.queue", queue_id=row.id),
            "can_edit": services.says_members(actor, row.id),
        }
        for row in rows
    ]
    return render_template("queues/index.html", queues=shown, can_add=_all_queues())


@queues.route("/queues/new", methods=["GET", "POST"])
@needs(Permission.QUEUES_MANAGE)
def new_queue() -> BaseResponse:
    services.require_settings(current_actor())
    form = QueueForm(mode="manual")
    form.offer(queries.calendars(), [])
    form.keep(new=True, settings=True)
    if not form.is_submitted():
        return _page(form)
    settings = form.settings() if form.validate() else None
    if not isinstance(settings, QueueSettings):
        return _page(form, status=422)
    try:
        with unit_of_work():
            queue_id = services.create_queue(form.code.data, settings, actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已新建队列，现在把人加进来。"), "done")
    return redirect(url_for("queues.queue", queue_id=queue_id))


@queues.route("/queues/<id:queue_id>", methods=["GET", "POST"])
@needs(Permission.QUEUES_MANAGE)
def queue(queue_id: int) -> BaseResponse:
    actor = current_actor()
    row = queries.queue(queue_id, actor, now=moment())
    services.require_members(actor, queue_id)
    form = _form(row)
    if not form.is_submitted():
        return _page(form, row)
    if not form.validate():
        return _page(form, row, status=422)
    try:
        with unit_of_work():
            services.update_queue(
                queue_id, form.version.data, form.settings(), form.members.data, actor=actor, now=moment()
            )
    except Stale as problem:
        fresh = queries.queue(queue_id, actor, now=moment())
        error = show_problem(form, problem, FIELDS)
        return _page(form, fresh, status=problem.status, error=error, stale=_changes(form, fresh))
    except Problem as problem:
        return _page(form, row, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存 %(name)s。", name=label(row)), "done")
    return redirect(url_for("queues.index"))


def _form(row: QueueRow) -> QueueForm:
    people = queries.people(row.id, current_actor())
    form = QueueForm(
        data={
            "name_zh": row.name_zh,
            "name_en": row.name_en,
            "calendar": row.calendar_id,
            "mode": row.assignment,
            "capacity": row.capacity,
            "writes_to_buyers": row.writes_to_buyers,
            "active": row.active,
            "members": [person.id for person in people if person.member],
        }
    )
    form.offer(queries.calendars(), people)
    form.keep(new=False, settings=_all_queues())
    return form


def _changes(form: QueueForm, row: QueueRow) -> list[Difference]:
    """What stands there by now beside what was typed."""
    people = queries.people(row.id, current_actor())
    members = _("、").join(person.name for person in people if person.member)
    typed = _("、").join(person.name for person in people if person.id in form.members.data)
    settings = form.settings()
    common = (
        (_("分派方式"), assignment_label(row.assignment), assignment_label(settings.assignment)),
        (_("每人在手上限"), row.capacity, settings.capacity),
        (_("成员"), members, typed),
    )
    if not isinstance(settings, QueueSettings):
        return differences(*common)
    calendars = {choice.id: label(choice) for choice in queries.calendars()}
    return differences(
        (_("中文名"), row.name_zh, settings.name_zh),
        (_("英文名"), row.name_en, settings.name_en),
        (_("日历"), calendars[row.calendar_id], calendars.get(settings.calendar_id)),
        (_("成员可以回复客户"), _yes(row.writes_to_buyers), _yes(settings.writes_to_buyers)),
        (_("队列在用"), _yes(row.active), _yes(settings.active)),
        *common,
    )


def _yes(value: bool) -> str:
    return _("是") if value else _("否")


def _calendar_name(row: QueueRow) -> str:
    return label(Label(row.calendar_zh, row.calendar_en))


def _all_queues() -> bool:
    """The person sets what queues are, not only who is in his own."""
    return current_actor().scope(Permission.QUEUES_MANAGE) is Scope.ALL


def _page(
    form: QueueForm,
    row: QueueRow | None = None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    shown = row and {
        "id": row.id,
        "code": row.code,
        "name": label(row),
        "version": row.version,
        "open_count": row.open_tickets,
    }
    page = render_template(
        "queues/queue_form.html",
        form=form,
        queue=shown,
        members=members.rows(row.id) if row else [],
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)
