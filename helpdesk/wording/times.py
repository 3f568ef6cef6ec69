"""Instants near the present, as people say them."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import format_datetime, get_timezone, gettext

from helpdesk.wording.labels import locale_code

SECOND = timedelta(seconds=1)


def day_and_time(at: datetime, now: datetime) -> str:
    """``今天 18:00``, ``明天 11:00``, else ``11-24 11:00``, in the shop's zone. Midnight ends a day: ``今天 24:00``."""
    return f"{_day(at, now)} {_time(at)}"


def time_or_day(at: datetime, now: datetime) -> str:
    """The same where there is little room: ``18:00`` is today's."""
    return _time(at) if _days_ahead(at, now) == 0 else day_and_time(at, now)


def minute_of(stamp: str) -> str:
    """A stored instant (ISO 8601) as ``11-24 22:00`` on the shop's wall."""
    return f"{datetime.fromisoformat(stamp).astimezone(get_timezone()):%m-%d %H:%M}"


def _day(at: datetime, now: datetime) -> str:
    ahead = _days_ahead(at, now)
    if ahead == 0:
        return gettext("今天")
    if ahead == 1:
        return gettext("明天")
    return format_datetime(_within(at), "d MMM" if locale_code() == "en" else "MM-dd")


def _days_ahead(at: datetime, now: datetime) -> int:
    zone = get_timezone()
    return (_within(at).astimezone(zone).date() - now.astimezone(zone).date()).days


def _time(at: datetime) -> str:
    return "24:00" if _ends_day(at) else f"{at.astimezone(get_timezone()):%H:%M}"


def _within(at: datetime) -> datetime:
    """An instant of the day that the instant belongs to."""
    return at - SECOND if _ends_day(at) else at


def _ends_day(at: datetime) -> bool:
    return f"{at.astimezone(get_timezone()):%H%M%S}" == "000000"
