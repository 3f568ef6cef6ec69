"""Who is away, and who stands in for him."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain import shifts as rules
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import NotAllowed, NotFound, Problem
from helpdesk.queries import rota, workload
from helpdesk.queries.rota import Away
from helpdesk.queries.workload import Held
from helpdesk.services import absences as services
from helpdesk.services import assignment, assists, bulk, operations
from helpdesk.services.bulk import Assign, Row
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import sent_version, show_problem
from helpdesk.web.locale import shop_zone
from helpdesk.web.team import team
from helpdesk.web.team.forms import ABSENCE_FIELDS, NOBODY, AbsenceForm
from helpdesk.wording import absence_label, problem_text
from helpdesk.wording.catalog import gettext as _

MOST_HANDED_OVER = 100
"""Tickets that change hands at one press."""


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
            services.cancel_absence(absence_id, sent_version(), actor=current_actor(), now=moment())
    except Problem as problem:
        flash(problem_text(problem), "problem")
    else:
        flash(_("已取消缺勤。"), "done")
    return redirect(url_for("team.absences"))


@team.post("/team/absences/<id:absence_id>/hand-over")
@needs(Permission.TICKETS_ASSIGN)
def hand_over(absence_id: int) -> BaseResponse:
    """Everything the absent person has to do with goes to his stand-in; the tickets are undone as one."""
    absence = next((one for one in rota.absences(current_actor(), moment()) if one.id == absence_id), None)
    if absence is None or absence.stand_in_id is None:
        raise NotFound("absence.not_found")
    if not absence.editable:
        raise NotAllowed("shift.not_yours")
    held = workload.held_by([absence.user_id], current_actor()).get(absence.user_id, ())[:MOST_HANDED_OVER]
    batch, done, undoable, refused = str(uuid4()), 0, False, []
    for one in held:
        try:
            with unit_of_work():
                given = _give(one, absence.user_id, absence.stand_in_id, batch)
        except Problem as problem:
            refused.append(_("%(number)s：%(why)s", number=one.number, why=problem_text(problem)))
        else:
            done, undoable = done + 1, undoable or given
    _tell(done, refused, batch if undoable else "", absence.stand_in or "")
    return redirect(url_for("team.absences"))


def _give(one: Held, user_id: int, stand_in_id: int, batch: str) -> bool:
    """Hand one of them over; whether that can be undone. Who has a question is no change of its ticket."""
    actor, now = current_actor(), moment()
    if one.stint_id is not None:
        assists.assign_assist(one.stint_id, stand_in_id, instead_of=user_id, actor=actor, now=now)
        return False
    if one.how == "owner":
        operation = assignment.hand_over(one.number, stand_in_id, version=one.version, actor=actor, now=now)
        operations.mark(operation, batch)
        return True
    row = Row(one.number, one.version)
    return bulk.carry_out(Assign(stand_in_id), row, batch=batch, actor=actor, now=now) is not None


def _tell(done: int, refused: list[str], batch: str, name: str) -> None:
    """Flash what went, with the undo of it if there is one (``batch``), and what didn't."""
    if done:
        text = ngettext("已把 %(num)d 张转给%(name)s。", "已把 %(num)d 张转给%(name)s。", done, name=name)
        # any JSON; see layouts/_flashes.html
        flash({"text": text, "batch": batch} if batch else text, "done")  # type: ignore[arg-type]
    if refused:
        heading = ngettext("%(num)d 张没有转：", "%(num)d 张没有转：", len(refused))
        flash([heading, *refused], "problem")  # type: ignore[arg-type]
    if not done and not refused:
        flash(_("他手上没有工单。"), "info")


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
    held = _held(found)
    return make_response(
        render_template(
            "team/absences.html",
            form=form if form.person.choices else None,
            present=[_shown(one, held) for one in found if one.starts_at <= now],
            coming=[_shown(one, held) for one in found if one.starts_at > now],
            error=error,
        ),
        status,
    )


def _held(found: tuple[Away, ...]) -> dict[int, int]:
    """How much could be handed over to a stand-in, by the reader, of each person."""
    if not current_actor().may(Permission.TICKETS_ASSIGN):
        return {}
    people = {one.user_id for one in found if one.editable and one.stand_in_id is not None}
    return {user_id: len(held) for user_id, held in workload.held_by(people, current_actor()).items()}


def _shown(one: Away, held: dict[int, int]) -> dict[str, Any]:
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
        "held": held.get(one.user_id, 0) if one.stand_in_id is not None else 0,
    }
