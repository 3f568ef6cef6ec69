"""The week's shifts: who is on duty when, and where nobody is."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import format_date, ngettext
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain import shifts as rules
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, NotAllowed, Problem, Stale
from helpdesk.domain.shifts import Duty, Part
from helpdesk.domain.ticket_filter import parse_filter
from helpdesk.queries import rota
from helpdesk.queries.rota import Cover, Planned, Week
from helpdesk.services import shifts
from helpdesk.services.shifts import Repeated
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import Difference, differences
from helpdesk.web.locale import shop_zone
from helpdesk.web.team import team
from helpdesk.web.team.forms import RepeatForm, WeekForm
from helpdesk.wording import absence_label, label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code

MOST_HINTS = 8
"""Shifts that are offered for choosing: those that occur most often in the week."""


@team.get("/team/shifts")
@needs(Permission.SHIFTS_READ)
def week() -> str:
    first = _monday()
    found = _week(first)
    today = _today()
    return render_template(
        "team/shifts.html",
        days=[_day(first + timedelta(days=n), today) for n in range(rota.WEEK)],
        people=[_person(one, first, today) for one in found.people],
        cover=[_cover(one) for one in found.cover],
        queue=_queue(),
        tabs=_tabs(found, first),
        editable=any(one.editable for one in found.people),
        first=first,
        heading=_span(first),
        this_week=first == rules.monday(today),
        urls={
            "before": _url(first - timedelta(weeks=1)),
            "now": _url(rules.monday(today)),
            "after": _url(first + timedelta(weeks=1)),
        },
        most_weeks=rules.MOST_WEEKS,
    )


@team.route("/team/shifts/<id:user_id>", methods=["GET", "POST"])
@needs(Permission.SHIFTS_MANAGE)
def person(user_id: int) -> BaseResponse:
    first = _monday()
    planned = rota.person(current_actor(), user_id, first, shop_zone())
    if not planned.editable:
        raise NotAllowed("shift.not_yours")
    form = WeekForm(data=_typed(planned))
    if not form.is_submitted():
        return _page(form, planned, first)
    duties = _read(form, first) if form.validate() else None
    if duties is None:
        return _page(form, planned, first, status=422)
    try:
        with unit_of_work():
            shifts.set_shifts(
                user_id, first, duties, seen=form.seen.data, zone=shop_zone(), actor=current_actor(), now=moment()
            )
    except Stale as problem:
        fresh = rota.person(current_actor(), user_id, first, shop_zone())
        changes = _changes(form, fresh, first)
        form.seen.data = rules.fingerprint(fresh.duties)
        return _page(form, fresh, first, status=problem.status, error=problem_text(problem), stale=changes)
    except Problem as problem:
        return _page(form, planned, first, status=problem.status, error=problem_text(problem))
    flash(_("已保存 %(name)s 的排班。", name=planned.name), "done")
    return redirect(_url(first))


@team.post("/team/shifts/repeat")
@needs(Permission.SHIFTS_MANAGE)
def repeat() -> BaseResponse:
    """This week's shifts again in the weeks behind it."""
    first, form = _monday(), RepeatForm()
    if not form.validate():
        raise Invalid("shift.too_many_weeks", most=rules.MOST_WEEKS)
    _repeat(first, [first + timedelta(weeks=n) for n in range(1, (form.weeks.data or 0) + 1)])
    return redirect(_url(first))


@team.post("/team/shifts/copy")
@needs(Permission.SHIFTS_MANAGE)
def copy() -> BaseResponse:
    """Last week's shifts in this week."""
    first = _monday()
    _repeat(first - timedelta(weeks=1), [first])
    return redirect(_url(first))


def _repeat(source: date, onto: list[date]) -> None:
    people = {one.id: one.name for one in _week(source).people if one.editable}
    with unit_of_work():
        done = shifts.repeat_week(list(people), source, onto, zone=shop_zone(), actor=current_actor(), now=moment())
    _tell(done, people)


def _tell(done: Repeated, names: dict[int, str]) -> None:
    if done.shifts:
        people = ngettext("%(num)d 人", "%(num)d 人", done.people)
        flash(
            ngettext("排了 %(num)d 班，%(people)s。", "排了 %(num)d 班，%(people)s。", done.shifts, people=people),
            "done",
        )
    if done.skipped:
        kept = [_("%(name)s：%(week)s", name=names[user_id], week=_span(week)) for user_id, week in done.skipped[:20]]
        flash([_("这几周已经有班次，或会重叠，没有改动："), *kept], "info")  # type: ignore[arg-type]  # see _flashes.html
    if not done.shifts and not done.skipped:
        flash(_("那一周没有班次可以照搬。"), "info")


def _monday() -> date:
    """The Monday of the week in the address, else of this one. ``Invalid`` for what is no date."""
    text = request.values.get("week", "")
    if not text:
        return rules.monday(_today())
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid("calendar.bad_date", value=text[:20]) from None
    rules.check_day(day, _today())
    return rules.monday(day)


def _today() -> date:
    return moment().astimezone(shop_zone()).date()


def _queue() -> str:
    """The queue in the address; ``Invalid`` for what can't be a code."""
    return parse_filter({"queue": request.values.get("queue", "")}).queue


def _url(first: date) -> str:
    return url_for("team.week", week=first.isoformat(), queue=_queue() or None)


def _week(first: date) -> Week:
    return rota.week(current_actor(), first, shop_zone(), queue=_queue())


def _tabs(found: Week, first: date) -> list[dict[str, Any]]:
    shown = [{"name": _("全部"), "url": url_for("team.week", week=first.isoformat()), "current": not _queue()}]
    for queue in found.queues:
        address = url_for("team.week", week=first.isoformat(), queue=queue.code)
        shown.append({"name": label(queue.name), "url": address, "current": queue.code == _queue()})
    return shown


def _span(first: date) -> str:
    last = first + timedelta(days=rota.WEEK - 1)
    pattern = "d MMM" if locale_code() == "en" else "M月d日"
    return f"{format_date(first, pattern)} – {format_date(last, pattern)}"


def _day(day: date, today: date) -> dict[str, Any]:
    return {
        "date": day,
        "weekday": format_date(day, "EEE"),
        "text": f"{day:%m-%d}",
        "today": day == today,
        "past": day < today,
    }


def _person(one: Planned, first: date, today: date) -> dict[str, Any]:
    zone = shop_zone()
    days = []
    for n, duties in enumerate(one.days):
        day = first + timedelta(days=n)
        span = Duty(rules.midnight(day, zone), rules.midnight(day + timedelta(days=1), zone))
        away = [absence for absence in one.away if rules.overlaps(span, [absence.span])]
        days.append(
            {
                **_day(day, today),
                "shifts": ["–".join(rules.times(duty, zone)) for duty in duties],
                "off": [not list(rules.without([duty], [absence.span for absence in away])) for duty in duties],
                "away": [{"kind": absence_label(absence.kind), "stand_in": absence.stand_in} for absence in away],
            }
        )
    return {
        "id": one.id,
        "name": one.name,
        "initial": one.name[:1],
        "days": days,
        "hours": round(sum((duty.ends_at - duty.starts_at).total_seconds() for duty in one.duties) / 3600, 1),
        "editable": one.editable,
        "url": url_for("team.person", user_id=one.id, week=first.isoformat(), queue=_queue() or None),
    }


def _cover(cover: Cover) -> dict[str, Any]:
    """The parts of each day in words; those with nobody are what the reader looks for."""
    return {
        "name": label(cover.name),
        "without_rota": cover.without_rota,
        "days": [
            {
                "closed": not parts,
                "gaps": [_times(part) for part in parts if not part.people],
                "parts": [{"times": _times(part), "people": part.people} for part in parts if part.people],
            }
            for parts in cover.days
        ],
    }


def _times(part: Part) -> str:
    return "–".join(rules.times(Duty(part.starts_at, part.ends_at), shop_zone()))


def _typed(planned: Planned) -> dict[str, str]:
    """What stands there, as the form shows it."""
    days = {f"day{n}": rules.written(duties, shop_zone()) for n, duties in enumerate(planned.days)}
    return {**days, "seen": rules.fingerprint(planned.duties)}


def _read(form: WeekForm, first: date) -> list[Duty] | None:
    """The shifts that were typed; None where a day can't be read, which then says so itself."""
    duties: list[Duty] = []
    for n, field in enumerate(form.days):
        try:
            duties += rules.read(first + timedelta(days=n), field.data, shop_zone())
        except Problem as problem:
            field.errors = [problem_text(problem)]
    return None if form.errors else duties


def _changes(form: WeekForm, fresh: Planned, first: date) -> list[Difference]:
    stands = _typed(fresh)
    days = [_weekday(first + timedelta(days=n)) for n in range(rota.WEEK)]
    return differences(*((day, stands[field.name], field.data) for day, field in zip(days, form.days, strict=True)))


def _weekday(day: date) -> str:
    return f"{format_date(day, 'EEE')} {day:%m-%d}"


def _page(
    form: WeekForm,
    planned: Planned,
    first: date,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    everybody = _week(first).people
    times = Counter("-".join(rules.times(duty, shop_zone())) for one in everybody for duty in one.duties)
    return make_response(
        render_template(
            "team/person.html",
            form=form,
            fields=[
                {
                    "field": field,
                    "label": _weekday(first + timedelta(days=n)),
                    "today": first + timedelta(days=n) == _today(),
                }
                for n, field in enumerate(form.days)
            ],
            name=planned.name,
            heading=_span(first),
            hints=[times_ for times_, _count in times.most_common(MOST_HINTS)],
            absences=[
                {"kind": absence_label(one.kind), "starts_at": one.starts_at, "ends_at": one.ends_at}
                for one in planned.away
            ],
            back_url=_url(first),
            error=error,
            stale=stale or [],
        ),
        status,
    )
