"""A year of public holidays: the table people work on, and publishing it."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.holidays import Comparison, Holiday, english_name, parse_holidays
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.queries import calendars as queries
from helpdesk.queries.calendars import Year
from helpdesk.services import calendars as services
from helpdesk.services.calendars import Saved
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.calendars import calendars
from helpdesk.web.calendars.forms import HolidayForm, PublishForm, RemoveForm
from helpdesk.web.calendars.views import follow_words, known_year, sets_all, today
from helpdesk.web.forms import show_problem
from helpdesk.wording import label
from helpdesk.wording.calendars import weekday_text, year_status_label
from helpdesk.wording.catalog import gettext as _

FIELDS = {"holiday.wrong_year": "day", "holiday.year_out_of_range": "day", "holiday.bad_name": "name_zh"}
"""The field that a refusal is about."""


@calendars.get("/calendars/holidays/<int:year>")
@needs(Permission.CALENDARS_READ)
def holidays(year: int) -> BaseResponse:
    table = queries.holiday_year(known_year(year))
    chosen = next((one for one in table.days if one.day.isoformat() == request.args.get("day")), None)
    form = HolidayForm(formdata=None, obj=chosen)
    form.offer()
    return _page(table, form)


@calendars.post("/calendars/holidays/<int:year>")
@needs(Permission.CALENDARS_MANAGE)
def set_holiday(year: int) -> BaseResponse:
    services.require_all(current_actor())
    table = queries.holiday_year(known_year(year))
    form = HolidayForm()
    form.offer()
    if not form.validate():
        return _page(table, form, status=422, version=form.version.data)
    try:
        [holiday] = parse_holidays([_with_english(form.cells())])
        if holiday.day.year != year:
            raise Invalid("holiday.wrong_year", year=year)
        with unit_of_work():
            services.set_holiday(holiday, form.version.data, actor=current_actor(), now=moment())
    except Problem as problem:
        fresh = queries.holiday_year(year)
        return _page(fresh, form, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存 %(date)s。发布后日历才会变。", date=holiday.day.isoformat()), "done")
    return redirect(url_for("calendars.holidays", year=year))


@calendars.post("/calendars/holidays/<int:year>/removed")
@needs(Permission.CALENDARS_MANAGE)
def remove_holiday(year: int) -> BaseResponse:
    services.require_all(current_actor())
    known_year(year)
    form = RemoveForm()
    day = form.day.data
    if not form.validate() or day is None:
        raise Invalid("calendar.bad_date", value=request.form.get("day", "")[:40])
    with unit_of_work():
        services.remove_holiday(day, form.version.data, actor=current_actor(), now=moment())
    flash(_("已去掉 %(date)s。发布后日历才会变。", date=day.isoformat()), "done")
    return redirect(url_for("calendars.holidays", year=year))


@calendars.route("/calendars/holidays/<int:year>/publish", methods=["GET", "POST"])
@needs(Permission.CALENDARS_MANAGE)
def publish(year: int) -> BaseResponse:
    """Ask first, with what it would do; then do it."""
    services.require_all(current_actor())
    table = queries.holiday_year(known_year(year))
    form = PublishForm()
    error, status = "", 200
    if form.is_submitted():
        try:
            with unit_of_work():
                done = services.publish_year(year, version=form.version.data, actor=current_actor(), now=moment())
        except Problem as problem:
            error, status = show_problem(form, problem, {}), problem.status
            table = queries.holiday_year(year)
        else:
            words = _("%(year)s 年的节假日已发布。", year=year), follow_words(Saved(0, done.clocks, done.later))
            flash(" ".join(words).strip(), "done")
            return redirect(url_for("calendars.holidays", year=year))
    effect = queries.effect_of_publishing(table)
    page = render_template(
        "calendars/publish.html",
        form=form,
        table=_table(table),
        error=error,
        changes=shown_changes(table.unpublished),
        calendars=[{"name": label(row), "running": row.running} for row in effect.calendars],
        clocks=effect.clocks,
    )
    return make_response(page, status)


def shown_day(holiday: Holiday) -> dict[str, Any]:
    return {
        "day": holiday.day,
        "weekday": weekday_text(holiday.day),
        "kind": holiday.kind.value,
        "name": label(holiday) or holiday.name_zh or holiday.name_en,
    }


def shown_changes(found: Comparison) -> dict[str, Any]:
    """What a new table makes of the one that is there."""
    return {
        "added": [shown_day(one) for one in found.added],
        "changed": [(shown_day(before), shown_day(after)) for before, after in found.changed],
        "removed": [shown_day(one) for one in found.removed],
        "same": found.same,
        "empty": found.is_empty,
    }


def _with_english(cells: dict[str, str | None]) -> dict[str, str | None]:
    """Who leaves the English name of a known festival out gets it."""
    if cells["name_en"] or not cells["name_zh"]:
        return cells
    holiday = parse_holidays([cells])[0]
    return {**cells, "name_en": english_name(holiday.name_zh, holiday.kind)}


def _table(table: Year) -> dict[str, Any]:
    return {
        "year": table.year,
        "status": table.status,
        "status_text": year_status_label(table.status),
        "corrected": table.corrected,
        "version": table.version,
        "days": [shown_day(one) for one in table.days],
        "off": sum(one.kind == "off" for one in table.days),
        "work": sum(one.kind == "work" for one in table.days),
    }


def _page(
    table: Year, form: HolidayForm, *, status: int = 200, error: str = "", version: int | None = None
) -> Response:
    known = queries.known_years()
    years = [
        {"year": one, "url": url_for("calendars.holidays", year=one), "current": one == table.year}
        for one in sorted({*known, today().year, today().year + 1, table.year})
    ]
    page = render_template(
        "calendars/holidays.html",
        form=form,
        table=_table(table),
        version=table.version if version is None else version,
        years=years,
        changes=shown_changes(table.unpublished) if table.corrected else None,
        publishable=bool(table.days) and (table.status != "confirmed" or table.corrected),
        unconfirmed=queries.unconfirmed_year(today()),
        sets_all=sets_all(),
        error=error,
        chosen=request.args.get("day", ""),
    )
    return make_response(page, status)
