"""Shape of what is typed about an improvement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Optional

from helpdesk.domain.improvements import CUTS, Measure
from helpdesk.services.improvements import LONGEST_TEXT, LONGEST_TITLE, LONGEST_VALUE, Draft
from helpdesk.web.forms import Hidden, OneLine, Version, at_most, between, choices, required
from helpdesk.wording.improvements import measure_label, narrowing_label

FIELDS = {
    "improvement.bad_title": "title",
    "improvement.bad_value": "value",
    "improvement.bad_expected": "expected_percent",
    "improvement.bad_day": "started_on",
    "improvement.begun_already": "started_on",
    "improvement.bad_owner": "owner_id",
    "improvement.unknown_type": "type",
    "improvement.not_yours": "type",
}
"""The field that a refusal is about."""


class StartDay(DateField):
    """A day, or none; what is no day is said in the reader's words."""

    data: date | None

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("日期写成 2026-01-31。")) from None


class ImprovementForm(FlaskForm):
    type = SelectField()
    title = OneLine(validators=[required(), at_most(LONGEST_TITLE)])
    cut = SelectField()
    value = OneLine(validators=[at_most(LONGEST_VALUE)])
    measure = SelectField()
    expected_percent = IntegerField(validators=[InputRequired(_("请填写。")), between(1, 100)])
    owner_id = SelectField()
    started_on = StartDay(validators=[Optional()])
    bottleneck = TextAreaField(validators=[at_most(LONGEST_TEXT)])
    direction = TextAreaField(validators=[at_most(LONGEST_TEXT)])
    version = Version()
    key = Hidden()

    def offer(self, types: Mapping[str, str], owners: Iterable[tuple[int, str]]) -> None:
        """Fill in what can be chosen."""
        self.type.choices = choices(types.items())
        self.cut.choices = choices((cut, narrowing_label(cut)) for cut in ("", *CUTS))
        self.measure.choices = choices((one.value, measure_label(one)) for one in Measure)
        self.owner_id.choices = choices([("", _("还没有")), *((str(id), name) for id, name in owners)])

    def draft(self, channels: Mapping[str, str]) -> Draft:
        """What was typed; a channel by its name."""
        value = self.value.data
        if self.cut.data == "channel":
            value = next((id for id, name in channels.items() if name == value), value)
        return Draft(
            type=self.type.data,
            title=self.title.data,
            expected_percent=self.expected_percent.data or 0,
            measure=self.measure.data,
            cut=self.cut.data,
            value=value,
            bottleneck=self.bottleneck.data or "",
            direction=self.direction.data or "",
            owner_id=int(self.owner_id.data) if self.owner_id.data else None,
            started_on=self.started_on.data,
        )
