"""Shape of what is typed about people's time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, TimeField
from wtforms.validators import Optional

from helpdesk.domain.shifts import KINDS, MOST_WEEKS
from helpdesk.services.accounts import MOST_CAPACITY
from helpdesk.web.forms import Hidden, OneLine, Version, at_most, between, choices, chosen, row_id
from helpdesk.web.locale import shop_zone
from helpdesk.wording import absence_label

LONGEST_DAY = 80
NOBODY = 0
ABSENCE_FIELDS = {
    "absence.backwards": "last_day",
    "absence.over": "last_day",
    "absence.too_long": "last_day",
    "shift.too_far": "first_day",
    "absence.bad_stand_in": "stand_in",
    "absence.own_stand_in": "stand_in",
    "absence.stand_in_away": "stand_in",
    "absence.overlap": "first_day",
    "shift.not_yours": "person",
    "account.no_such_user": "person",
}
"""The field that a refusal is about."""


class CapacityForm(FlaskForm):
    capacity = IntegerField(validators=[Optional(), between(1, MOST_CAPACITY)])
    version = Version()


class WeekForm(FlaskForm):
    """The shifts of one person in a week, a line a day as people write them. ``seen``: what the form was made on."""

    day0 = OneLine(validators=[at_most(LONGEST_DAY)])
    day1 = OneLine(validators=[at_most(LONGEST_DAY)])
    day2 = OneLine(validators=[at_most(LONGEST_DAY)])
    day3 = OneLine(validators=[at_most(LONGEST_DAY)])
    day4 = OneLine(validators=[at_most(LONGEST_DAY)])
    day5 = OneLine(validators=[at_most(LONGEST_DAY)])
    day6 = OneLine(validators=[at_most(LONGEST_DAY)])
    seen = Hidden()

    @property
    def days(self) -> list[OneLine]:
        return [self.day0, self.day1, self.day2, self.day3, self.day4, self.day5, self.day6]


class RepeatForm(FlaskForm):
    weeks = IntegerField(validators=[chosen(), between(1, MOST_WEEKS)])


class AbsenceForm(FlaskForm):
    """Whole days, or from and to a time of day. ``last_day`` is the last one away."""

    person = SelectField(coerce=row_id, validators=[chosen()])
    kind = SelectField(validators=[chosen()])
    first_day = DateField(validators=[chosen()])
    first_time = TimeField(validators=[Optional()])
    last_day = DateField(validators=[chosen()])
    last_time = TimeField(validators=[Optional()])
    stand_in = SelectField(coerce=int)

    def offer(self, planned: list[tuple[int, str]], colleagues: list[tuple[int, str]], nobody: str) -> None:
        """Fill in what can be chosen."""
        self.kind.choices = choices((kind, absence_label(kind)) for kind in KINDS)
        self.person.choices = choices(planned)
        self.stand_in.choices = choices([(NOBODY, nobody), *colleagues])

    def starts_at(self) -> datetime:
        zone = shop_zone()
        begin = self.first_day.data or date.min
        return datetime.combine(begin, self.first_time.data or time(), zone)

    def ends_at(self) -> datetime:
        """The midnight after the last day, or the time on it."""
        zone = shop_zone()
        end = self.last_day.data or date.min
        if self.last_time.data:
            return datetime.combine(end, self.last_time.data, zone)
        return datetime.combine(end + timedelta(days=1), time(), zone)
