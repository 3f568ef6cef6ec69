"""Instants near the present, as people say them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from flask_babel import format_date

from helpdesk.wording.catalog import gettext, locale_code, shop_wall

SECOND = timedelta(seconds=1)


class Wall:
    """The shop's wall clock at ``now``, in the language of the request that made it; made once for a list."""

    def __init__(self, now: datetime) -> None:
        self.zone = shop_wall()
        self.today = now.astimezone(self.zone).date()

    def day_and_time(self, at: datetime) -> str:
        """``今天 18:00``, ``明天 11:00``, else ``11-24 11:00``. Midnight ends a day: ``今天 24:00``."""
        day, time = self._read(at)
        return f"{self._day(day)} {time}"

    def time_or_day(self, at: datetime) -> str:
        """The same where there is little room: ``18:00`` is today's."""
        day, time = self._read(at)
        return time if day == self.today else f"{self._day(day)} {time}"

    def _read(self, at: datetime) -> tuple[date, str]:
        local = at.astimezone(self.zone)
        if local.hour == local.minute == local.second == 0:
            return (local - SECOND).date(), "24:00"
        return local.date(), f"{local.hour:02}:{local.minute:02}"

    def _day(self, day: date) -> str:
        ahead = (day - self.today).days
        if ahead == 0:
            return gettext("今天")
        if ahead == 1:
            return gettext("明天")
        return format_date(day, "d MMM") if locale_code() == "en" else f"{day.month:02}-{day.day:02}"


def day_and_time(at: datetime, now: datetime) -> str:
    """See ``Wall``."""
    return _wall(now, shop_wall()).day_and_time(at)


def time_or_day(at: datetime, now: datetime) -> str:
    """See ``Wall``."""
    return _wall(now, shop_wall()).time_or_day(at)


@lru_cache(maxsize=16)
def _wall(now: datetime, _zone: tzinfo) -> Wall:
    """The same for all that a page says."""
    return Wall(now)


def minute_of(stamp: str) -> str:
    """A stored instant (ISO 8601) as ``11-24 22:00`` on the shop's wall."""
    return f"{datetime.fromisoformat(stamp).astimezone(shop_wall()):%m-%d %H:%M}"
