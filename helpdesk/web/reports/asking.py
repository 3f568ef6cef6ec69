"""What a report's address asks for, and the address of what is asked for.

``month=2026-10`` or ``from=2026-10-01&to=2026-10-14`` is the period, ``vs=2025-10`` (or ``vs_from`` and ``vs_to``, or
``vs=year``: the same days a year before) what it is compared with, ``by`` the cut, ``time`` wall or work, and each
cut's name a filter: ``channel=3&type=wrong_item``, with ``-`` for tickets that have none. Everything may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from flask import request, url_for

from helpdesk.domain.problems import Invalid
from helpdesk.domain.reports import Dimension, Period, Question, month_of
from helpdesk.web.access import moment
from helpdesk.web.forms import row_id
from helpdesk.web.locale import shop_zone

WALL, WORK = "wall", "work"
TIMES = (WALL, WORK)
NONE = "-"
"""In an address, for the tickets that have no value of a cut; elsewhere that is an empty one."""

YEAR_BEFORE = "year"
FIRST_YEAR, LAST_YEAR = 2000, 2199
GRACE = timedelta(days=7)
"""In the first days of a month people ask for the one before."""

_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CODE = re.compile(r"[\w-]{1,40}", re.ASCII)
_IDS = (Dimension.CHANNEL, Dimension.QUEUE, Dimension.AGENT)
_MAY_LACK = (Dimension.AGENT, Dimension.SKU, Dimension.WAREHOUSE, Dimension.COURIER)
_MOST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, in which time it is answered, and the day it was asked on."""

    question: Question
    time: str
    today: date

    @property
    def period(self) -> Period:
        return self.question.period

    @property
    def against(self) -> Period:
        return self.question.against or self.period.before()

    @property
    def only(self) -> dict[Dimension, str]:
        return dict(self.question.only)

    @property
    def args(self) -> dict[str, str]:
        """The address's arguments: the same question asked again. What is usual is left out, but for the period."""
        question = self.question
        found = _period_args(self.period, "month", "from", "to")
        if question.by is not Dimension.TYPE:
            found["by"] = question.by.value
        if self.time != WALL:
            found["time"] = self.time
        if self.against != self.period.before():
            found |= _period_args(self.against, "vs", "vs_from", "vs_to")
        return found | {cut.value: value or NONE for cut, value in question.only}

    def by(self, cut: Dimension) -> Asked:
        """The same, cut another way."""
        return replace(self, question=replace(self.question, by=cut))

    def in_time(self, time: str) -> Asked:
        return replace(self, time=time)

    def of(self, period: Period) -> Asked:
        """The same of another period, compared with what stands before that one."""
        return replace(self, question=replace(self.question, period=period, against=period.before()))

    def versus(self, period: Period) -> Asked:
        return replace(self, question=replace(self.question, against=period))

    def within(self, cut: Dimension, value: str | None) -> Asked:
        """The same of one value of a cut alone, an empty one for tickets without any; of all of them with None."""
        rest = [(name, kept) for name, kept in self.question.only if name is not cut]
        only = tuple(sorted(rest if value is None else [*rest, (cut, value)]))
        return replace(self, question=replace(self.question, only=only))

    def url(self, endpoint: str = "reports.index", **more: str) -> str:
        """Its page, or another view of the same question."""
        values: dict[str, Any] = {**self.args, **more}
        return url_for(endpoint, **values)


def asked() -> Asked:
    """What this request's address asks for. ``Invalid`` says what is wrong with it."""
    return parse(request.args, today(moment()))


def today(now: datetime) -> date:
    """The day on the shop's wall."""
    return now.astimezone(shop_zone()).date()


def parse(args: Mapping[str, str], day: date) -> Asked:
    """The question that these arguments ask on this day. Unknown names are passed over, unknown values refused."""
    texts = {name: value.strip() for name, value in args.items() if value.strip()}
    period = _period(texts, "month", "from", "to") or month_of(day - GRACE)
    if texts.get("vs") == YEAR_BEFORE:
        against = year_before(period)
    else:
        against = _period(texts, "vs", "vs_from", "vs_to") or period.before()
    cut, time = texts.get("by", Dimension.TYPE), texts.get("time", WALL)
    if cut not in list(Dimension):
        raise Invalid("report.unknown_cut")
    if time not in TIMES:
        raise Invalid("report.unknown_time")
    only = tuple(sorted((one, _value(one, texts[one])) for one in Dimension if one in texts))
    return Asked(Question(period, Dimension(cut), against, only), time, day)


def year_before(period: Period) -> Period:
    """The same days of the year before; a whole month stays whole."""
    if period.month:
        return month_of(period.month.replace(year=period.first.year - 1))
    return Period(_year_before(period.first), _year_before(period.last))


def _year_before(day: date) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap_day else day.day)


def _period(texts: Mapping[str, str], month: str, first: str, last: str) -> Period | None:
    """Two days go before a month: a form that sends both was changed in its days."""
    if first in texts or last in texts:
        return Period(_day(texts.get(first, "")), _day(texts.get(last, "")))
    if month not in texts:
        return None
    if not _MONTH.fullmatch(texts[month]):
        raise Invalid("report.bad_month")
    return month_of(_checked(f"{texts[month]}-01", "report.bad_month"))


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise Invalid("report.bad_day")
    return _checked(text, "report.bad_day")


def _checked(text: str, code: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid(code) from None
    if not FIRST_YEAR < day.year <= LAST_YEAR:
        raise Invalid(code)
    return day


def _value(cut: Dimension, text: str) -> str:
    """A filter's value: nothing is taken for one that no row can have."""
    if text == NONE and cut in _MAY_LACK:
        return ""
    if cut in _IDS:
        try:
            return str(row_id(text))
        except ValueError:
            raise Invalid("report.bad_filter") from None
    free = cut in (Dimension.SKU, Dimension.WAREHOUSE, Dimension.COURIER)
    good = len(text) <= _MOST_TEXT and text.isprintable() if free else _CODE.fullmatch(text)
    if not good:
        raise Invalid("report.bad_filter")
    return text


def _period_args(period: Period, month: str, first: str, last: str) -> dict[str, str]:
    if period.month:
        return {month: f"{period.month:%Y-%m}"}
    return {first: period.first.isoformat(), last: period.last.isoformat()}
