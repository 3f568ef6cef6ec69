"""Who is away, and who stands in for him."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain import shifts as rules
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Problem
from helpdesk.queries import rota
from helpdesk.queries.rota import Away
from helpdesk.services import absences as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import show_problem
from helpdesk.web.locale import shop_zone
from helpdesk.web.team import team
from helpdesk.web.team.forms import ABSENCE_FIELDS, NOBODY, AbsenceForm
from helpdesk.wording import absence_label, problem_text


@team.get("/team/absences")
@needs(Permission.SHIFTS_READ)
def absences() -> Response:
    """The list, with the form for a new one where the reader plans for somebody."""
    return _page(_form())


@team.post("/team/absences")
@needs(Permission.SHIFTS_MANAGE)
def add_absence() -> BaseResponse:
    form = _form()
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            services.add_absence(
                form.person.data,
                form.starts_at(),
                form.ends_at(),
                kind=form.kind.data,
                stand_in_id=form.stand_in.data or None,
                actor=current_actor(),
                now=moment(),
            )
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, ABSENCE_FIELDS))
    flash(_("已登记缺勤。"), "done")
    return redirect(url_for("team.absences"))


@team.post("/team/absences/<id:absence_id>/cancel")
@needs(Permission.SHIFTS_MANAGE)
def cancel_absence(absence_id: int) -> BaseResponse:
    try:
        with unit_of_work():
            services.cancel_absence(absence_id, _version(), actor=current_actor(), now=moment())
    except Problem as problem:
        flash(problem_text(problem), "problem")
    else:
        flash(_("已取消缺勤。"), "done")
    return redirect(url_for("team.absences"))


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _form() -> AbsenceForm:
    today = moment().astimezone(shop_zone()).date()
    people = rota.week(current_actor(), rules.monday(today), shop_zone()).people
    form = AbsenceForm(first_day=today, last_day=today, stand_in=NOBODY)
    form.offer(
        [(one.id, one.name) for one in people if one.editable],
        [(one.id, one.name) for one in people],
        _("没有人代理"),
    )
    return form


def _page(form: AbsenceForm, *, status: int = 200, error: str = "") -> Response:
    now = moment()
    found = rota.absences(current_actor(), now)
    return make_response(
        render_template(
            "team/absences.html",
            form=form if form.person.choices else None,
            present=[_shown(one) for one in found if one.starts_at <= now],
            coming=[_shown(one) for one in found if one.starts_at > now],
            error=error,
        ),
        status,
    )


def _shown(one: Away) -> dict[str, Any]:
    return {
        "id": one.id,
        "version": one.version,
        "name": one.name,
        "initial": one.name[:1],
        "kind": absence_label(one.kind),
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "stand_in": one.stand_in,
        "stand_in_away": one.stand_in_away,
        "editable": one.editable,
    }
