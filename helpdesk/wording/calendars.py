"""Working hours in words."""

from __future__ import annotations

from flask_babel import gettext

from helpdesk.domain.calendars import Calendar
from helpdesk.domain.hours import Intervals, show_time
from helpdesk.wording.labels import N_, locale_code

WEEKDAYS = (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日"))


def hours_text(calendar: Calendar) -> str:
    """``周一至周五 09:00–18:00``: neighbouring days with the same hours together, closed ones left out."""
    runs: list[tuple[int, int, Intervals]] = []
    for day in range(7):
        hours = calendar.hours.get(day, ())
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == hours:
            runs[-1] = (runs[-1][0], day, hours)
        elif hours:
            runs.append((day, day, hours))
    if not runs:
        return gettext("没有固定的上班时间")
    return ("; " if locale_code() == "en" else "；").join(_run(*run) for run in runs)


def _run(first: int, last: int, hours: Intervals) -> str:
    times = ", ".join(f"{show_time(begin)}–{show_time(end)}" for begin, end in hours)
    return f"{_days(first, last)} {times}"


def _days(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return gettext("每天")
    if first == last:
        return gettext(WEEKDAYS[first])
    return gettext("%(first)s至%(last)s", first=gettext(WEEKDAYS[first]), last=gettext(WEEKDAYS[last]))
