"""Shape of what is typed about calendars and holidays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, RadioField, SelectField
from wtforms.validators import InputRequired

from helpdesk.domain.holidays import MAX_NAME
from helpdesk.domain.hours import WEEKDAYS
from helpdesk.queries.calendars import CalendarRow
from helpdesk.services.calendars import LONGEST_NAME
from helpdesk.web.forms import Hidden, OneLine, Version, at_most, choices, chosen, required, row_id
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext

LONGEST_HOURS = 500
FIELDS = {
    "calendar.bad_code": "code",
    "calendar.code_taken": "code",
    "calendar.bad_name": "name_zh",
    "calendar.not_found": "like",
    "calendar.never_opens": "mon",
}
"""The field that a refusal is about."""


class HoursForm(FlaskForm):
    """Names and hours. Special days come beside it, as many rows as there are (see ``typed.special_days``)."""

    name_zh = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    name_en = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    mon = OneLine(validators=[at_most(LONGEST_HOURS)])
    tue = OneLine(validators=[at_most(LONGEST_HOURS)])
    wed = OneLine(validators=[at_most(LONGEST_HOURS)])
    thu = OneLine(validators=[at_most(LONGEST_HOURS)])
    fri = OneLine(validators=[at_most(LONGEST_HOURS)])
    sat = OneLine(validators=[at_most(LONGEST_HOURS)])
    sun = OneLine(validators=[at_most(LONGEST_HOURS)])
    observes_holidays = BooleanField()
    make_up = OneLine(validators=[at_most(LONGEST_HOURS)])
    copy_from = SelectField(validate_choice=False)
    copy_to = SelectField(validate_choice=False)
    version = Version()

    def offer(self, weekdays: Iterable[str]) -> None:
        """What can be copied to where."""
        self.copy_from.choices = choices(zip(WEEKDAYS, weekdays, strict=True))
        self.copy_to.choices = choices(
            (("workdays", gettext("周一至周五")), ("weekend", gettext("周六、周日")), ("all", gettext("每天")))
        )

    def weekday(self, name: str) -> Any:
        return self._fields[name]


class NewCalendarForm(FlaskForm):
    code = OneLine(validators=[required(), at_most(40)])
    name_zh = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    name_en = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    like = SelectField(coerce=row_id, validators=[chosen()])

    def offer(self, rows: Iterable[CalendarRow]) -> None:
        self.like.choices = choices((row.id, label(row)) for row in rows)


class HolidayForm(FlaskForm):
    """One day of the table."""

    day = DateField(validators=[InputRequired(_("请填写日期。"))])
    kind = SelectField(validators=[chosen()])
    name_zh = OneLine(validators=[at_most(MAX_NAME)])
    name_en = OneLine(validators=[at_most(MAX_NAME)])
    version = Version()

    def offer(self) -> None:
        self.kind.choices = choices((("off", gettext("放假")), ("work", gettext("调休上班"))))

    def cells(self) -> dict[str, str | None]:
        """As a row of the table."""
        day: date | None = self.day.data
        return {
            "date": day.isoformat() if day else "",
            "kind": self.kind.data,
            "name_zh": self.name_zh.data,
            "name_en": self.name_en.data,
        }


class RemoveForm(FlaskForm):
    day = DateField(validators=[InputRequired()])
    version = Version()


class PublishForm(FlaskForm):
    version = Version()


class UploadForm(FlaskForm):
    file = FileField(validators=[FileRequired(_("请选择文件。"))])
    mode = RadioField(validators=[chosen()], default="whole")

    def offer(self) -> None:
        self.mode.choices = choices(
            (("whole", gettext("整年替换：文件里没有的日子会去掉")), ("add", gettext("只补充：文件里没有的日子不动")))
        )


class ConfirmForm(FlaskForm):
    """What was read from a file, on its way to be stored: the server keeps nothing of a preview."""

    table = Hidden()
    versions = Hidden()
    mode = Hidden()
