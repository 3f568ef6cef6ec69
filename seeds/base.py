"""What every installation starts with: calendars, queues, channels, rules and reply templates.

``plant`` adds what is missing and leaves alone what is there: people may have changed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select

from helpdesk.domain.access import Role
from helpdesk.models import (
    CalendarVersion,
    Channel,
    Holiday,
    HolidayYear,
    Queue,
    ReplyTemplate,
    ReplyTemplateVersion,
    RuleBookRow,
    Shop,
    User,
    WorkCalendar,
)
from helpdesk.services import platform_clocks
from helpdesk.services.rulebooks import document_hash
from helpdesk.storage import session
from seeds import calendar_data, reply_template_data, rulebook_document

SYSTEM_LOGIN = "system"
TIMEZONE = "Asia/Shanghai"

SHOPS: Mapping[str, str] = {"main": "本店"}
"""The one shop of an installation that has not been told of its own yet."""

CHANNELS: tuple[tuple[str, str, str], ...] = (
    ("tmall", "天猫", "Tmall"),
    ("jd", "京东", "JD"),
    ("pinduoduo", "拼多多", "Pinduoduo"),
    ("douyin", "抖音", "Douyin"),
    ("mini_program", "小程序", "Mini program"),
)


@dataclass(frozen=True, slots=True)
class SeedQueue:
    """A queue; its calendar has the same code."""

    code: str
    name_zh: str
    name_en: str
    writes_to_buyers: bool = False


QUEUES = (
    SeedQueue("customer_service", "客服", "Customer service", writes_to_buyers=True),
    SeedQueue("warehouse", "仓库", "Warehouse"),
    SeedQueue("finance", "财务", "Finance"),
)


@dataclass(slots=True)
class Planted:
    """How many rows of each kind were added. ``kept_rules``: the shipped rule book differs from the stored one."""

    added: dict[str, int] = field(default_factory=dict)
    kept_rules: bool = False

    def count(self, kind: str, rows: int) -> None:
        if rows:
            self.added[kind] = self.added.get(kind, 0) + rows


def plant(now: datetime, shops: Mapping[str, str] = SHOPS) -> Planted:
    """Bring in what is missing; call it inside ``unit_of_work()``. Doing it again changes nothing.

    ``shops`` (code to name) are planted only where there is no shop at all. A stored rule book is never
    overwritten, even if the shipped one has changed since: new rules are published by a person.
    """
    planted = Planted()
    planted.count("users", _system_user(now))
    planted.count("shops", _shops(shops))
    planted.count("channels", _missing(Channel, (dict(zip(_CHANNEL, row, strict=True)) for row in CHANNELS)))
    planted.count("holidays", _holidays())
    planted.count("calendars", _calendars(now))
    platform_clocks.around_the_clock(now)
    planted.count("queues", _queues())
    planted.count("reply templates", _templates(now))
    _rules(now, planted)
    return planted


@cache
def shipped_rules() -> tuple[dict[str, Any], str]:
    """The shipped rule book and the hash that tells it from another: SHA-256 of its canonical JSON."""
    document = rulebook_document.document()
    return document, document_hash(document)


_CHANNEL = ("code", "name_zh", "name_en")


def _system_user(now: datetime) -> int:
    if session().scalar(select(User.id).where(User.role == Role.SYSTEM.value).limit(1)):
        return 0
    return _add([User(login=SYSTEM_LOGIN, name="系统", role=Role.SYSTEM.value, password_hash=None, created_at=now)])


def _shops(shops: Mapping[str, str]) -> int:
    if session().scalar(select(func.count(Shop.id))):
        return 0
    return _add([Shop(code=code, name=name, timezone=TIMEZONE) for code, name in shops.items()])


def _missing(model: type[Channel] | type[Queue], rows: Iterable[dict[str, Any]]) -> int:
    """Add the rows whose code is not there yet."""
    known = set(session().scalars(select(model.code)))
    return _add([model(**row) for row in rows if row["code"] not in known])


def _holidays() -> int:
    """The table of public holidays, year by year: a year that somebody has touched is his."""
    years = set(session().scalars(select(HolidayYear.year)))
    wanted = {year for year in calendar_data.confirmed_years() if year not in years}
    days = [day for day in calendar_data.holidays() if day.day.year in wanted]
    new = [
        HolidayYear(year=year, status="confirmed", published=[d.to_row() for d in days if d.day.year == year])
        for year in sorted(wanted)
    ]
    _add(new)
    return _add([Holiday(day=d.day, kind=d.kind.value, name_zh=d.name_zh, name_en=d.name_en) for d in days])


def _calendars(now: datetime) -> int:
    known = set(session().scalars(select(WorkCalendar.code)))
    missing = [named for named in calendar_data.calendars() if named.code not in known]
    for named in missing:
        row = WorkCalendar(code=named.code, name_zh=named.name_zh, name_en=named.name_en, version=1)
        _add([row])
        document = named.calendar.to_document()
        _add([CalendarVersion(calendar_id=row.id, version=1, document=document, created_at=now)])
    return len(missing)


def _queues() -> int:
    calendars = {row.code: row.id for row in session().execute(select(WorkCalendar.code, WorkCalendar.id))}
    return _missing(
        Queue,
        (
            {
                "code": queue.code,
                "name_zh": queue.name_zh,
                "name_en": queue.name_en,
                "calendar_id": calendars[queue.code],
                "writes_to_buyers": queue.writes_to_buyers,
                "position": position,
            }
            for position, queue in enumerate(QUEUES, start=1)
        ),
    )


def _templates(now: datetime) -> int:
    """New templates come in; those that exist keep their words, whoever wrote them last."""
    known = set(session().scalars(select(ReplyTemplate.code)))
    missing = [template for template in reply_template_data.reply_templates() if template["code"] not in known]
    head = ("code", "scope", "type", "shortcut")
    for template in missing:
        row = ReplyTemplate(**{name: template[name] for name in head}, version=1)
        _add([row])
        words = {name: value for name, value in template.items() if name not in head}
        _add([ReplyTemplateVersion(template_id=row.id, version=1, created_at=now, **words)])
    return len(missing)


def _rules(now: datetime, planted: Planted) -> None:
    document, digest = shipped_rules()
    hashes = set(session().scalars(select(RuleBookRow.hash)))
    if hashes:
        planted.kept_rules = digest not in hashes
        return
    planted.count(
        "rule book",
        _add(
            [
                RuleBookRow(
                    version=1, status="published", hash=digest, document=document, created_at=now, published_at=now
                )
            ]
        ),
    )


def _add(rows: list[Any]) -> int:
    session().add_all(rows)
    session().flush()
    return len(rows)
