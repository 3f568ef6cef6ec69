"""Import of a holiday table: a file is read, shown beside what is there, and stored only when that was confirmed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.adapters.holiday_files import FIELDS, MAX_BYTES, read_holiday_file
from helpdesk.domain.access import Permission
from helpdesk.domain.holidays import Holiday, compare, sift_holidays
from helpdesk.domain.problems import Invalid, Problem, TooLarge
from helpdesk.queries import calendars as queries
from helpdesk.services import calendars as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.calendars import calendars
from helpdesk.web.calendars.forms import ConfirmForm, UploadForm
from helpdesk.web.calendars.holidays import shown_changes
from helpdesk.web.forms import show_problem
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _

MOST_PROBLEMS = 20


@calendars.route("/calendars/holidays/import", methods=["GET", "POST"])
@needs(Permission.CALENDARS_MANAGE)
def import_holidays() -> BaseResponse:
    """Upload; what the file says is shown, nothing is stored yet."""
    services.require_all(current_actor())
    form = UploadForm()
    form.offer()
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        content = form.file.data.stream.read(MAX_BYTES + 1)
        found = read_holiday_file(form.file.data.filename or "", content)
        holidays, bad = sift_holidays(found.rows)
        problems = [*found.problems, *bad]
        if not problems and not holidays:
            raise Invalid("holiday.nothing_in_file")
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, {}))
    if problems:
        return _page(form, status=422, problems=problems)
    return _page(form, preview=_preview(holidays, form.mode.data, found.ignored))


@calendars.post("/calendars/holidays/import/confirmed")
@needs(Permission.CALENDARS_MANAGE)
def confirm_import() -> BaseResponse:
    """Store what the preview showed. ``Stale`` if a year was changed meanwhile."""
    services.require_all(current_actor())
    form = ConfirmForm()
    if not form.validate():
        raise Invalid("input.bad_value")
    with unit_of_work():
        years = services.import_holidays(
            _rows(form.table.data or ""),
            keep_others=form.mode.data == "add",
            versions=_versions(form.versions.data),
            actor=current_actor(),
            now=moment(),
        )
    if not years:
        raise Invalid("holiday.nothing_in_file")
    flash(_("已导入 %(years)s 年的节假日，检查后发布。", years=_("、").join(map(str, years))), "done")
    return redirect(url_for("calendars.holidays", year=years[-1]))


def _preview(holidays: Iterable[Holiday], mode: str, ignored: int) -> dict[str, Any]:
    """By year: what is new, changed and removed, and what has to be sent along to store just that."""
    by_year: dict[int, list[Holiday]] = {}
    for one in holidays:
        by_year.setdefault(one.day.year, []).append(one)
    present = queries.holiday_years(tuple(by_year))
    years = []
    for year, wanted in by_year.items():
        named = {one.day for one in wanted}
        kept = [one for one in present[year].days if one.day not in named] if mode == "add" else []
        years.append({"year": year, "changes": shown_changes(compare(present[year].days, [*wanted, *kept]))})
    form = ConfirmForm(formdata=None)
    form.table.data = _csv(one for wanted in by_year.values() for one in wanted)
    form.versions.data = json.dumps({year: present[year].version for year in by_year})
    form.mode.data = mode
    return {"years": years, "form": form, "ignored": ignored, "mode": mode}


def _csv(holidays: Iterable[Holiday]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(one.to_row() for one in holidays)
    return out.getvalue()


def _rows(table: str) -> list[Mapping[str, str | None]]:
    if len(table) > MAX_BYTES:
        raise TooLarge("holiday.file_too_large", most_kb=MAX_BYTES // 1024)
    try:
        lines = list(csv.reader(io.StringIO(table, newline=""), strict=True))
    except csv.Error:
        raise Invalid("input.bad_value") from None
    return [dict(zip(FIELDS, line, strict=False)) for line in lines if line]


def _versions(sent: str) -> dict[int, int]:
    """What stood there when the preview was made; nothing sensible is no version of anything."""
    try:
        return {int(year): int(version) for year, version in json.loads(sent).items()}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}


def _page(
    form: UploadForm,
    *,
    status: int = 200,
    error: str = "",
    problems: Iterable[Problem] = (),
    preview: dict[str, Any] | None = None,
) -> Response:
    said = [problem_text(problem) for problem in problems]
    page = render_template(
        "calendars/import.html",
        form=form,
        error=error,
        problems=said[:MOST_PROBLEMS],
        more_problems=max(len(said) - MOST_PROBLEMS, 0),
        preview=preview,
        most_kb=MAX_BYTES // 1024,
    )
    return make_response(page, status)
