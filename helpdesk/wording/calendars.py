"""Working hours, days and years of holidays in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask_babel import format_date, gettext

from helpdesk.domain.calendars import Calendar, DayKind
from helpdesk.domain.hours import Intervals, Period, periods_of, show_time
from helpdesk.wording.catalog import locale_code
from helpdesk.wording.labels import N_

WEEKDAYS = (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日"))
DAY_KINDS: Mapping[str, str] = {
    DayKind.REGULAR: N_("上班"),
    DayKind.CLOSED: N_("不上班"),
    DayKind.HOLIDAY: N_("放假"),
    DayKind.MAKE_UP: N_("调休上班"),
    DayKind.SPECIAL: N_("特殊时段"),
}
YEAR_STATUSES: Mapping[str, str] = {
    "confirmed": N_("已发布"),
    "draft": N_("草稿"),
    "missing": N_("还没有"),
}


def hours_text(calendar: Calendar) -> str:
    """``周一至周五 09:00–18:00``: neighbouring days with the same hours together, closed ones left out.

    A shift that runs overnight stands with the day it begins on: ``周五 22:00–06:00``.
    """
    runs: list[tuple[int, int, tuple[Period, ...]]] = []
    for day, hours in periods_of(calendar.hours).items():
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == hours:
            runs[-1] = (runs[-1][0], day, hours)
        elif hours:
            runs.append((day, day, hours))
    if not runs:
        return gettext("没有固定的上班时间")
    return ("; " if locale_code() == "en" else "；").join(_run(*run) for run in runs)


def intervals_text(hours: Intervals | tuple[Period, ...]) -> str:
    """``09:00–12:00, 13:30–18:30``; a day without any is closed."""
    if not hours:
        return gettext("不上班")
    return ", ".join(f"{show_time(begin)}–{show_time(end)}" for begin, end in hours)


def hours_total(seconds: int) -> str:
    """Working time in hours, with a half where there is one: ``40 时``."""
    return gettext("%(n)s 时", n=f"{seconds / 3600:.2f}".rstrip("0").rstrip("."))


def weekday_text(day: date) -> str:
    return gettext(WEEKDAYS[day.weekday()])


def day_text(day: date) -> str:
    """``10月1日 周四``."""
    return format_date(day, "EEE d MMMM" if locale_code() == "en" else "M月d日 EEE")


def day_kind_label(kind: str) -> str:
    return gettext(DAY_KINDS[kind])


def year_status_label(status: str) -> str:
    return gettext(YEAR_STATUSES[status])


def _run(first: int, last: int, hours: tuple[Period, ...]) -> str:
    return f"{_days(first, last)} {intervals_text(hours)}"


def _days(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return gettext("每天")
    if first == last:
        return gettext(WEEKDAYS[first])
    return gettext("%(first)s至%(last)s", first=gettext(WEEKDAYS[first]), last=gettext(WEEKDAYS[last]))
