"""Calendars: the list, their hours, a year at a glance."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import get_timezone
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission, Scope
from helpdesk.domain.calendars import Calendar, with_holidays
from helpdesk.domain.holidays import FIRST_YEAR, LAST_YEAR
from helpdesk.domain.hours import WEEKDAYS
from helpdesk.domain.problems import Invalid, Problem, Stale
from helpdesk.queries import calendars as queries
from helpdesk.queries.calendars import CalendarRow, Year
from helpdesk.services import calendars as services
from helpdesk.services.calendars import Saved
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.calendars import calendars, typed
from helpdesk.web.calendars.forms import FIELDS, HoursForm, NewCalendarForm
from helpdesk.web.calendars.typed import BLANK_ROWS, SpecialRow, Typed
from helpdesk.web.calendars.year_grid import figures, marks, year_grid
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.wording import hours_text, label, problem_text
from helpdesk.wording.calendars import (
    WEEKDAYS as WEEKDAY_NAMES,
)
from helpdesk.wording.calendars import (
    day_kind_label,
    day_text,
    hours_total,
    intervals_text,
    weekday_text,
    year_status_label,
)
from helpdesk.wording.catalog import gettext as _


@calendars.app_context_processor
def _warning() -> dict[str, Any]:
    return {"year_to_confirm": year_to_confirm}


def year_to_confirm() -> int | None:
    """For the banner on every page: the year that the reader should confirm. Asked only around the turn of the year."""
    if today().month not in (1, 12) or not current_user.is_authenticated:
        return None
    if not current_actor().may(Permission.CALENDARS_MANAGE):
        return None
    return queries.unconfirmed_year(today())


def today() -> date:
    """On the installation's wall."""
    return moment().astimezone(get_timezone()).date()


def sets_all() -> bool:
    """The person decides for all queues: holidays, new calendars."""
    return current_actor().scope(Permission.CALENDARS_MANAGE) is Scope.ALL


def known_year(year: int) -> int:
    """A year that a table may speak of, or a 404."""
    return year if FIRST_YEAR <= year <= LAST_YEAR else abort(404)


def follow_words(saved: Saved) -> str:
    """What became of the running clocks."""
    if saved.later:
        return _("%(n)s 个运行中的时钟由后台任务接着重算。", n=saved.later)
    return _("重算了 %(n)s 个运行中的时钟。", n=saved.clocks) if saved.clocks else ""


@calendars.get("/calendars")
@needs(Permission.CALENDARS_READ)
def index() -> str:
    rows = queries.calendars(current_actor())
    this_year = today().year
    years = queries.holiday_years((this_year, this_year + 1))
    return render_template(
        "calendars/index.html",
        calendars=[_card(row, this_year) for row in rows],
        years=[_year_fact(year) for year in years.values()],
        unconfirmed=queries.unconfirmed_year(today()),
        sets_all=sets_all(),
    )


def _card(row: CalendarRow, year: int) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": label(row),
        "hours": hours_text(row.calendar),
        "make_up": intervals_text(row.calendar.make_up_hours) if row.calendar.make_up_hours else "",
        "observes_holidays": row.calendar.observes_holidays,
        "confirmed_through": row.calendar.confirmed_through if row.calendar.observes_holidays else None,
        "special_days": sum(day >= today() for day in row.calendar.overrides),
        "timezone": row.calendar.timezone,
        "queues": [label(queue) for queue in row.queues],
        "version": row.version,
        "running": row.running,
        "behind": row.behind,
        "may_edit": services.may_change(current_actor(), row.code, row.queue_ids),
        "edit_url": url_for("calendars.calendar", calendar_id=row.id),
        "year_url": url_for("calendars.year", calendar_id=row.id, year=year),
    }


def _year_fact(year: Year) -> dict[str, Any]:
    return {
        "year": year.year,
        "status": year.status,
        "status_text": year_status_label(year.status),
        "corrected": year.corrected,
        "days": len(year.days),
        "url": url_for("calendars.holidays", year=year.year),
    }


@calendars.route("/calendars/new", methods=["GET", "POST"])
@needs(Permission.CALENDARS_MANAGE)
def new_calendar() -> BaseResponse:
    services.require_all(current_actor())
    form = NewCalendarForm()
    form.offer(queries.calendars(current_actor()))
    error, status = "", 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with unit_of_work():
                    names = form.name_zh.data, form.name_en.data
                    calendar_id = services.create_calendar(
                        form.code.data, *names, like=form.like.data, actor=current_actor(), now=moment()
                    )
            except Problem as problem:
                error, status = show_problem(form, problem, FIELDS), problem.status
            else:
                flash(_("已新建日历，现在改它的时段。"), "done")
                return redirect(url_for("calendars.calendar", calendar_id=calendar_id))
    return make_response(render_template("calendars/new_calendar.html", form=form, error=error), status)


@calendars.route("/calendars/<id:calendar_id>", methods=["GET", "POST"])
@needs(Permission.CALENDARS_MANAGE)
def calendar(calendar_id: int) -> BaseResponse:
    row = queries.calendar(calendar_id, current_actor())
    services.require_change(current_actor(), row.code, row.queue_ids)
    form = HoursForm()
    form.offer(_(name) for name in WEEKDAY_NAMES)
    if not form.is_submitted():
        typed.fill(form, row)
        return _hours_page(form, row, typed.stored_rows(row, today()))
    valid, deed = form.validate(), request.form.get("do", "save")
    if deed == "copy":
        typed.copy_hours(form)
    said = typed.read(form, row, today())
    if deed in ("copy", "preview", "more"):
        return _preview(form, row, said, deed)
    if not valid or said.settings is None:
        return _hours_page(form, row, said.special_rows, said=said, status=422)
    try:
        with unit_of_work():
            saved = services.change_calendar(
                calendar_id, form.version.data, said.settings, actor=current_actor(), now=moment()
            )
    except Stale as problem:
        fresh = queries.calendar(calendar_id, current_actor())
        stale = _changes(fresh, said)
        return _hours_page(form, fresh, said.special_rows, said=said, status=409, problem=problem, stale=stale)
    except Problem as problem:
        return _hours_page(form, row, said.special_rows, said=said, status=problem.status, problem=problem)
    flash(" ".join((_("已保存 %(name)s。", name=label(row)), follow_words(saved))).strip(), "done")
    return redirect(url_for("calendars.index"))


def _preview(form: HoursForm, row: CalendarRow, said: Typed, deed: str) -> Response:
    if request.headers.get("X-Requested-With"):
        return make_response(render_template("calendars/_preview.html", **_preview_words(row, said)))
    return _hours_page(form, row, said.special_rows, said=said, blank=BLANK_ROWS * (2 if deed == "more" else 1))


def _hours_page(
    form: HoursForm,
    row: CalendarRow,
    special_rows: list[SpecialRow],
    *,
    said: Typed | None = None,
    status: int = 200,
    problem: Problem | None = None,
    stale: list[Difference] | None = None,
    blank: int = BLANK_ROWS,
) -> Response:
    error = show_problem(form, problem, FIELDS) if problem else ""
    page = render_template(
        "calendars/hours.html",
        form=form,
        weekdays=[(form.weekday(name), _(text)) for name, text in zip(WEEKDAYS, WEEKDAY_NAMES, strict=True)],
        special_rows=[*special_rows, *[SpecialRow()] * blank],
        calendar=_card(row, today().year),
        version=row.version if said is None or stale is not None else form.version.data,
        error=error,
        stale=stale or [],
        **_preview_words(row, said),
    )
    return make_response(page, status)


def _preview_words(row: CalendarRow, said: Typed | None) -> dict[str, Any]:
    """Next week as it is now, or as it would be with what was typed."""
    shown: Calendar | None = row.calendar
    refused = ""
    if said is not None:
        try:
            shown = services.with_settings(row.calendar, said.settings) if said.settings else None
        except Invalid as problem:
            shown, refused = None, problem_text(problem)
    days = typed.next_week(shown, today()) if shown else []
    return {
        "preview_hours": hours_text(shown) if shown else "",
        "preview_days": [
            {
                "day": day_text(one.day),
                "kind": one.kind,
                "kind_text": day_kind_label(one.kind),
                "hours": intervals_text(one.hours),
            }
            for one in days
        ],
        "preview_total": hours_total(typed.total(days)),
        "preview_problem": refused or (_("还有填错的地方，改好后才能预览。") if said and not said.settings else ""),
        "rewritten": said.rewritten if said else [],
    }


def _changes(fresh: CalendarRow, said: Typed) -> list[Difference]:
    """What stands there by now beside what was typed."""
    if said.settings is None:
        return []
    theirs, yours = fresh.calendar, services.with_settings(fresh.calendar, said.settings)
    return differences(
        (_("中文名"), fresh.name_zh, said.settings.name_zh),
        (_("英文名"), fresh.name_en, said.settings.name_en),
        (_("每周时段"), hours_text(theirs), hours_text(yours)),
        (_("跟随法定节假日"), _yes(theirs.observes_holidays), _yes(yours.observes_holidays)),
        (_("调休上班日的时段"), intervals_text(theirs.make_up_hours or ()), intervals_text(yours.make_up_hours or ())),
        (_("特殊日期"), _special_text(theirs.overrides), _special_text(yours.overrides)),
    )


def _special_text(days: Any) -> str:
    return "; ".join(f"{day} {intervals_text(days[day])}" for day in sorted(days) if day.year >= today().year)


def _yes(value: bool) -> str:
    return _("是") if value else _("否")


@calendars.get("/calendars/<id:calendar_id>/years/<int:year>")
@needs(Permission.CALENDARS_READ)
def year(calendar_id: int, year: int) -> str:
    known_year(year)
    rows = queries.calendars(current_actor())
    row = next((one for one in rows if one.id == calendar_id), None) or abort(404)
    shown, table = row.calendar, queries.holiday_year(year)
    if table.status == "draft":  # shown as it would be, and said so
        others = [day for day in queries.published() if day.day.year != year]
        shown = with_holidays(shown, [*others, *table.days], shown.confirmed_through)
    names = table.published if table.status == "confirmed" else table.days
    return render_template(
        "calendars/year.html",
        calendar=_card(row, year),
        calendars=[_other(one, row.id, year) for one in rows],
        year=year,
        months=year_grid(shown, year, names, today()),
        weekdays=[weekday_text(date(2024, 1, day)) for day in range(1, 8)],
        marks=marks(),
        figures=figures(shown, year),
        total=hours_total(figures(shown, year).seconds),
        table=_year_fact(table),
        before=url_for("calendars.year", calendar_id=row.id, year=year - 1) if year > FIRST_YEAR else "",
        after=url_for("calendars.year", calendar_id=row.id, year=year + 1) if year < LAST_YEAR else "",
    )


def _other(row: CalendarRow, current_id: int, year: int) -> dict[str, Any]:
    """The same year of another calendar, to switch to."""
    url = url_for("calendars.year", calendar_id=row.id, year=year)
    return {"name": label(row), "url": url, "current": row.id == current_id}
