"""Months of the report: closing them, opening them again, counting them afresh and adopting what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.domain.reports import WHOLE, Line, month_of
from helpdesk.queries import report_months as queries
from helpdesk.queries.report_months import Difference, Recalculation
from helpdesk.services import report_months as services
from helpdesk.services import report_recalculations as recalculations
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import GREATEST_ID
from helpdesk.web.reports import reports
from helpdesk.web.reports.asking import today
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.events import event_text
from helpdesk.wording.labels import yuan
from helpdesk.wording.problems import text_of
from helpdesk.wording.report_names import Names, names
from helpdesk.wording.reports import cut_label, hours, month_label, rate

SHOWN_LINES = 100
LOOK_AGAIN_SECONDS = 3
LONGEST_MONTH = len("2026-10")


@reports.get("/reports/months")
@needs(Permission.REPORTS_CLOSE)
def months() -> Response:
    return _page()


@reports.post("/reports/months/<month>/close")
@needs(Permission.REPORTS_CLOSE)
def close_month(month: str) -> BaseResponse:
    def deed() -> str:
        services.close(_month(month), actor=current_actor(), now=moment())
        return _("%(month)s已关账，数字不再变动。", month=month_label(_month(month)))

    return _told(deed)


@reports.post("/reports/months/<month>/reopen")
@needs(Permission.REPORTS_CLOSE)
def reopen_month(month: str) -> BaseResponse:
    def deed() -> str:
        given = {"reason": request.form.get("reason", ""), "version": _number("version")}
        services.reopen(_month(month), **given, actor=current_actor(), now=moment())  # type: ignore[arg-type]
        return _("%(month)s重新打开了，数字跟着工单变动。", month=month_label(_month(month)))

    return _told(deed)


@reports.post("/reports/months/<month>/recalculate")
@needs(Permission.REPORTS_CLOSE)
def recalculate_month(month: str) -> BaseResponse:
    try:
        with unit_of_work():
            asked = recalculations.ask(_month(month), version=_number("version"), actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(problem_text(problem), problem.status)
    return redirect(url_for("reports.recalculation", recalculation_id=asked))


@reports.get("/reports/recalculations/<id:recalculation_id>")
@needs(Permission.REPORTS_CLOSE)
def recalculation(recalculation_id: int) -> Response:
    return _recalculation(recalculation_id)


@reports.post("/reports/recalculations/<id:recalculation_id>/cancel")
@needs(Permission.REPORTS_CLOSE)
def cancel_recalculation(recalculation_id: int) -> BaseResponse:
    try:
        with unit_of_work():
            recalculations.cancel(recalculation_id, actor=current_actor(), now=moment())
    except Problem as problem:
        return _recalculation(recalculation_id, problem_text(problem), problem.status)
    return redirect(url_for("reports.recalculation", recalculation_id=recalculation_id))


@reports.post("/reports/recalculations/<id:recalculation_id>/adopt")
@needs(Permission.REPORTS_CLOSE)
def adopt_recalculation(recalculation_id: int) -> BaseResponse:
    reason = request.form.get("reason", "")
    try:
        with unit_of_work():
            recalculations.adopt(
                recalculation_id, reason=reason, version=_number("version"), actor=current_actor(), now=moment()
            )
    except Problem as problem:
        return _recalculation(recalculation_id, problem_text(problem), problem.status, reason=reason)
    flash(_("已采用重算的数字。"), "done")
    return redirect(url_for("reports.recalculation", recalculation_id=recalculation_id))


def _told(deed: Callable[[], str]) -> BaseResponse:
    """Do it and say so on the list of months, or why not."""
    try:
        with unit_of_work():
            done = deed()
    except Problem as problem:
        return _page(problem_text(problem), problem.status)
    flash(done, "done")
    return redirect(url_for("reports.months"))


def _page(error: str = "", status: int = 200) -> Response:
    actor, now = current_actor(), moment()
    found = queries.months(actor)
    running = month_of(today(now)).first
    page = render_template(
        "reports/months.html",
        error=error,
        rows=[
            {
                "month": one,
                "address": services.name_of(one.month),
                "name": month_label(one.month),
                "money": yuan(one.money_fen),
                "running": one.month >= running,
                "problem": _problem(one.recalculation),
            }
            for one in found
        ],
        history=[
            {"at": one.at, "by": one.by, "by_person": one.by_person, "text": event_text(one)}
            for one in queries.history(actor)
        ],
        longest=services.LONGEST_REASON,
        reason=request.form.get("reason", ""),
    )
    return _look_again(
        make_response(page, status), any(one.recalculation and one.recalculation.counting for one in found)
    )


def _recalculation(recalculation_id: int, error: str = "", status: int = 200, *, reason: str = "") -> Response:
    actor = current_actor()
    found = queries.recalculation(recalculation_id, actor)
    called = names(actor, rules())
    page = render_template(
        "reports/recalculation.html",
        error=error,
        one=found,
        name=month_label(found.month),
        problem=_problem(found),
        lines=[_shown(line, called) for line in found.lines[:SHOWN_LINES]],
        left_out=max(0, len(found.lines) - SHOWN_LINES),
        sorts=[
            (sort, name, found.tickets.get(sort, 0), found.listed.get(sort, ()))
            for sort, name in (("came", _("新计入")), ("went", _("不再计入")), ("changed", _("有变化")))
        ],
        reason=reason,
        longest=services.LONGEST_REASON,
    )
    return _look_again(make_response(page, status), found.counting)


def _look_again(response: Response, counting: bool) -> Response:
    """While something is counted the page asks again by itself, without a script."""
    if counting and request.method == "GET":
        response.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return response


def _problem(found: Recalculation | None) -> str:
    return text_of(found.problem, {"most": recalculations.MOST_DIFFERENCES}) if found and found.problem else ""


def _shown(line: Difference, called: Names) -> dict[str, Any]:
    whole = line.cut == WHOLE
    return {
        "whole": whole,
        "cut": "" if whole else cut_label(line.cut),
        "value": _("合计") if whole else called.of(line.cut, line.value),
        "figures": list(zip(_figures(line.stands), _figures(line.would), strict=True)),
    }


def _figures(line: Line) -> list[str]:
    """Opened, resolved, mean, P90, solution in time, reopened, money: as they are on the report."""
    sums = line.sums
    return [
        str(sums.opened),
        str(sums.resolved),
        hours(sums.mean("wall")),
        hours(line.spread.of("wall", 90)),
        rate(sums.kept("solution")),
        rate(sums.reopen_rate),
        yuan(sums.money_fen),
    ]


def _month(text: str) -> date:
    try:
        if len(text) != LONGEST_MONTH:
            raise ValueError(text)
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Invalid("report.bad_month") from None


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(GREATEST_ID))):
        raise Invalid("input.bad_value", field=name)
    return min(int(text), GREATEST_ID)
