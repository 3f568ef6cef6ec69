"""The shipped calendars and China's public holidays, as plain values."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpdesk.domain.calendars import Calendar, with_holidays
from helpdesk.domain.holidays import Holiday, last_confirmed_day, parse_holidays

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class NamedCalendar:
    """A calendar of the seeds with the holiday table worked in."""

    code: str
    name_zh: str
    name_en: str
    calendar: Calendar


def holidays() -> tuple[Holiday, ...]:
    """Days off and make-up workdays of 2025 and 2026, in order of date."""
    with (FOLDER / "holidays.csv").open(encoding="utf-8", newline="") as file:
        return parse_holidays(csv.DictReader(file))


def confirmed_years() -> tuple[int, ...]:
    """The years whose holidays are final."""
    return tuple(_document()["confirmed_years"])


def calendars() -> tuple[NamedCalendar, ...]:
    """customer_service, warehouse and finance; their ``to_document()`` is what is stored."""
    table, confirmed = holidays(), last_confirmed_day(confirmed_years())
    return tuple(
        NamedCalendar(
            row["code"], row["name"]["zh"], row["name"]["en"], with_holidays(_calendar(row), table, confirmed)
        )
        for row in _document()["calendars"]
    )


def _calendar(row: dict[str, Any]) -> Calendar:
    """The same hours on each of its days; a make-up workday is a day like the others."""
    return Calendar.parse(
        {
            "timezone": row["timezone"],
            "hours": dict.fromkeys(row["days"], row["intervals"]),
            "observes_holidays": row["observes_holidays"],
            "make_up_hours": row["intervals"] if row["observes_holidays"] else None,
        }
    )


def _document() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "calendars.toml").read_text(encoding="utf-8"))
