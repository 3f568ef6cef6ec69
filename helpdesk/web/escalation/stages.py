"""Stages of clocks: those of the house, and a queue's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.escalation import Stage, in_order
from helpdesk.domain.problems import Problem, Stale
from helpdesk.domain.rulebook import RuleBook, TicketType
from helpdesk.domain.tickets import Priority
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import escalation as queries
from helpdesk.queries.escalation import RuledQueue
from helpdesk.services import escalation as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.escalation import escalation
from helpdesk.web.escalation.forms import STAGE_FIELDS, ListForm, StageRow, stage_values
from helpdesk.web.escalation.rows import Rows, removed
from helpdesk.web.forms import Difference, choices, differences
from helpdesk.wording import duration, label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.escalation import stage_deeds, stage_text, stage_when

EXAMPLE_PRIORITY = Priority.P2


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose list it is (None: the house's), and how it stands in the rules."""

    queue: RuledQueue | None
    book: RuleBook

    @property
    def own(self) -> bool:
        """A queue's list that is not the house's."""
        return self.queue is not None and self.queue.code in self.book.queue_stages

    @property
    def stages(self) -> tuple[Stage, ...]:
        return self.book.stages_for(self.queue.code) if self.queue else self.book.stages

    @property
    def types(self) -> list[TicketType]:
        """Those that an example can speak of: the queue's, or all."""
        of_queue = [one for one in self.book.types.values() if self.queue is None or one.queue == self.queue.code]
        return of_queue or list(self.book.types.values())


@escalation.route("/escalation/stages", methods=["GET", "POST"])
@needs(Permission.ESCALATION_MANAGE)
def house() -> BaseResponse:
    services.require_house(current_actor())
    return _edit(Standing(None, published_rulebook()))


@escalation.route("/escalation/queues/<id:queue_id>", methods=["GET", "POST"])
@needs(Permission.ESCALATION_MANAGE)
def queue(queue_id: int) -> BaseResponse:
    found = queries.ruled_queue(queue_id, current_actor())
    services.require_queue(current_actor(), queue_id)
    return _edit(Standing(found, published_rulebook()))


def _edit(standing: Standing) -> BaseResponse:
    form = ListForm()
    form.example.choices = choices((one.code, label(one.name)) for one in standing.types)
    if not form.is_submitted():
        return _page(standing, form, Rows.stored(StageRow, map(stage_values, standing.stages)))
    deed = request.form.get("do", "save")
    rows = Rows.typed(StageRow, request.form, without=removed(deed))
    valid = rows.validate()
    if deed == "preview" and request.headers.get("X-Requested-With"):
        return make_response(render_template("escalation/_preview.html", **_preview(standing, form, rows)))
    if not form.validate():
        return _page(standing, form, rows, status=422, error=_("表单已过期，请再提交一次。"))
    if deed not in ("save", "default"):
        return _page(standing, form, rows)
    if deed == "save" and not valid:
        return _page(standing, form, rows, status=422)
    try:
        with unit_of_work():
            version = _store(standing, form.version.data, None if deed == "default" else rows)
    except Stale as problem:
        fresh = Standing(standing.queue, published_rulebook())
        stale = _changes(fresh, rows) if valid else []
        return _page(fresh, form, rows, status=409, error=problem_text(problem), stale=stale)
    except Problem as problem:
        return _page(standing, form, rows, status=problem.status, error=rows.show(problem, STAGE_FIELDS))
    _say_saved(version, standing.book.version)
    return redirect(url_for("escalation.index"))


def _store(standing: Standing, version: int, rows: Rows[StageRow] | None) -> int:
    who: dict[str, Any] = {"actor": current_actor(), "now": moment()}
    stages = None if rows is None else [line.stage() for line in rows.lines]
    if standing.queue is not None:
        return services.set_queue_stages(standing.queue.id, stages, version, **who)
    return services.set_house_stages(stages or [], version, **who)


def _say_saved(version: int, before: int) -> None:
    if version == before:
        flash(_("没有改动，规则还是版本 %(version)s。", version=version), "done")
    else:
        flash(_("已保存为规则版本 %(version)s，只影响新工单。", version=version), "done")


def _changes(standing: Standing, rows: Rows[StageRow]) -> list[Difference]:
    """What stands there by now beside what was typed."""
    typed = in_order(line.stage() for line in rows.lines)
    return differences((_("升级阶段"), _lines(standing.stages), _lines(typed)))


def _lines(stages: tuple[Stage, ...]) -> str:
    return _("；").join(stage_text(stage) for stage in stages)


def _page(
    standing: Standing,
    form: ListForm,
    rows: Rows[StageRow],
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    fresh = not form.is_submitted() or stale is not None
    return make_response(
        render_template(
            "escalation/stages.html",
            form=form,
            rows=rows,
            queue=label(standing.queue.name) if standing.queue else "",
            own=standing.own,
            version=standing.book.version if fresh else form.version.data,
            most=services.MOST_STAGES,
            error=error,
            stale=stale or [],
            **_preview(standing, form, rows),
        ),
        status,
    )


def _preview(standing: Standing, form: ListForm, rows: Rows[StageRow]) -> dict[str, Any]:
    """The list in words, and what it means for a ticket of the chosen type."""
    by_code = {one.code: one for one in standing.types}
    kind = by_code.get(form.example.data or "") or standing.types[0]
    form.example.data = kind.code
    target = standing.book.solution_seconds(kind.code, EXAMPLE_PRIORITY)
    stages = () if rows.errors else in_order(line.stage() for line in rows.lines)
    return {
        "example_type": label(kind.name),
        "example_priority": EXAMPLE_PRIORITY.value,
        "example_target": duration(target),
        "example_lines": [
            {"when": stage_when(stage), "deeds": stage_deeds(stage), "after": _after(stage, target)}
            for stage in sorted(stages, key=lambda stage: stage.elapsed(target) or 0)
        ],
        "has_mistakes": rows.errors,
    }


def _after(stage: Stage, target: int) -> str:
    """How much working time after the start, or empty where the target is too short for it."""
    elapsed = stage.elapsed(target)
    return "" if elapsed is None else duration(elapsed)
