"""What is done while a ticket waits: reminders, word to the supervisor, the end of the wait."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.escalation import MAX_TEXT, TELLS_CUSTOMER, PauseStepRule
from helpdesk.domain.problems import Problem, Stale
from helpdesk.domain.tickets import PENDING, Status
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import escalation as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.escalation import escalation
from helpdesk.web.escalation.forms import STEP_FIELDS, ListForm, StepRow, step_values
from helpdesk.web.escalation.rows import Rows, removed
from helpdesk.web.forms import Difference, differences
from helpdesk.wording import duration, problem_text, status_label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.escalation import step_text

SHORT = {status.value.removeprefix("pending_"): status for status in Status if status in PENDING}
"""Waiting states as they stand in an address."""


@escalation.route("/escalation/pauses/<waiting>", methods=["GET", "POST"])
@needs(Permission.ESCALATION_MANAGE)
def pauses(waiting: str) -> BaseResponse:
    services.require_house(current_actor())
    status = SHORT.get(waiting) or abort(404)
    form = ListForm()
    standing = services.steps_of(published_rulebook(), status)
    if not form.is_submitted():
        return _page(status, form, Rows.stored(StepRow, map(step_values, standing)))
    deed = request.form.get("do", "save")
    rows = Rows.typed(StepRow, request.form, without=removed(deed))
    valid = rows.validate()
    if not form.validate():
        return _page(status, form, rows, code=422, error=_("表单已过期，请再提交一次。"))
    if deed != "save":
        return _page(status, form, rows)
    if not valid:
        return _page(status, form, rows, code=422)
    steps = [line.step(status) for line in rows.lines]
    before = published_rulebook().version
    try:
        with unit_of_work():
            version = services.set_pause_steps(status, steps, form.version.data, actor=current_actor(), now=moment())
    except Stale as problem:
        return _page(status, form, rows, code=409, error=problem_text(problem), stale=_changes(status, steps))
    except Problem as problem:
        return _page(status, form, rows, code=problem.status, error=rows.show(problem, STEP_FIELDS))
    if version == before:
        flash(_("没有改动，规则还是版本 %(version)s。", version=version), "done")
    else:
        flash(_("已保存为规则版本 %(version)s，只影响新开始的等待。", version=version), "done")
    return redirect(url_for("escalation.index"))


def longest(steps: tuple[PauseStepRule, ...] | list[PauseStepRule]) -> str:
    """How long a ticket waits at most, or empty where nothing ends the wait."""
    ends = [step.after_seconds for step in steps if step.action in services.ENDS_WAIT]
    return duration(max(ends)) if ends else ""


def _changes(status: Status, steps: list[PauseStepRule]) -> list[Difference]:
    """What stands there by now beside what was typed."""
    standing = services.steps_of(published_rulebook(), status)
    return differences((status_label(status), _lines(standing), _lines(steps)))


def _lines(steps: Any) -> str:
    ordered = sorted(steps, key=lambda step: step.after_seconds)
    return _("；").join(
        f"{step_text(step)} {step.text.zh} {step.text.en}" if step.text else step_text(step) for step in ordered
    )


def _page(
    status: Status,
    form: ListForm,
    rows: Rows[StepRow],
    *,
    code: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    fresh = not form.is_submitted() or stale is not None
    page = render_template(
        "escalation/pauses.html",
        form=form,
        rows=rows,
        waiting=status_label(status),
        tells=TELLS_CUSTOMER,
        version=published_rulebook().version if fresh else form.version.data,
        most=services.MOST_STEPS,
        longest_text=MAX_TEXT,
        error=error,
        stale=stale or [],
    )
    return make_response(page, code)
