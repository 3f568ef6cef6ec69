"""Shapes of what is typed about rules on time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, StopValidation

from helpdesk.domain.escalation import (
    MAX_PERCENT,
    MAX_TAG,
    MAX_TEXT,
    MET_BY,
    NOTIFIABLE,
    PAUSE_ACTIONS,
    REASSIGN,
    STARTS,
    TELLS_CUSTOMER,
    PauseStepRule,
    PlatformRule,
    Stage,
)
from helpdesk.domain.rulebook import Label
from helpdesk.domain.tickets import MAX_URGENCY, Status
from helpdesk.services.escalation import LONGEST_NAME, MOST_HOURS, MOST_MINUTES
from helpdesk.web.escalation.rows import Row
from helpdesk.web.forms import Hidden, OneLine, Version, at_most, between, choices, chosen, required
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext
from helpdesk.wording.escalation import (
    met_by_label,
    notified_label,
    reassigned_label,
    starts_label,
    step_label,
)

STAGE_FIELDS = {
    "escalation.bad_minutes": "amount",
    "escalation.same_moment": "amount",
    "escalation.idle_stage": "notify",
}
STEP_FIELDS = {
    "escalation.bad_hours": "hours",
    "escalation.same_moment": "hours",
    "escalation.end_not_last": "action",
    "escalation.resolves_customers_only": "action",
    "escalation.text_required": "text_zh",
    "escalation.text_too_long": "text_zh",
    "escalation.unknown_placeholder": "text_zh",
}
PLATFORM_FIELDS = {
    "queue.bad_name": "name_zh",
    "escalation.bad_hours": "hours",
    "escalation.no_channel": "channels",
    "skill.unknown_channel": "channels",
    "skill.unknown_type": "types",
}
"""The field that a refusal is about."""


class ListForm(FlaskForm):
    """What a list of lines is sent with. ``example``: the type of ticket that its preview speaks of."""

    version = Version()
    example = SelectField(validate_choice=False)


class StageRow(Row):
    code = Hidden()
    basis = SelectField(validators=[chosen()], default="percent")
    amount = IntegerField(validators=[InputRequired(_("请填写。"))])
    notify = SelectMultipleField()
    urgency = SelectField(coerce=int, default=0)
    reassign = SelectField(default="")
    tag = OneLine(validators=[at_most(MAX_TAG)], default="")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.basis.choices = choices(
            (
                ("percent", gettext("目标的百分之")),
                ("before", gettext("目标前，分钟")),
                ("after", gettext("超过目标，分钟")),
            )
        )
        self.notify.choices = choices((who, notified_label(who)) for who in NOTIFIABLE)
        self.urgency.choices = choices(
            (number, gettext("升到 %(urgency)s", urgency=number) if number else gettext("不变"))
            for number in range(MAX_URGENCY + 1)
        )
        self.reassign.choices = choices((how, reassigned_label(how)) for how in REASSIGN)

    def validate_amount(self, field: IntegerField) -> None:
        limits = between(1, MAX_PERCENT) if self.basis.data == "percent" else between(0, MOST_MINUTES)
        limits(self, field)

    @property
    def is_blank(self) -> bool:
        typed = any(str(value).strip() for value in self.amount.raw_data or ())
        return not (typed or self.notify.data or self.urgency.data or self.reassign.data or self.tag.data)

    def stage(self) -> Stage:
        """What was typed in a line of the right shape."""
        amount = int(self.amount.data or 0)
        percent = amount if self.basis.data == "percent" else None
        seconds = amount * 60 * (-1 if self.basis.data == "before" else 1)
        return Stage(
            code=self.code.data or "",
            percent=percent,
            offset_seconds=None if percent is not None else seconds,
            urgency=self.urgency.data,
            notify=tuple(self.notify.data or ()),
            reassign=self.reassign.data,
            tag=" ".join(self.tag.data.split()),
        )


def stage_values(stage: Stage) -> dict[str, Any]:
    """A stage as a person would type it."""
    seconds = stage.offset_seconds or 0
    basis = "percent" if stage.percent is not None else "before" if seconds < 0 else "after"
    return {
        "code": stage.code,
        "basis": basis,
        "amount": stage.percent if stage.percent is not None else abs(seconds) // 60,
        "notify": list(stage.notify),
        "urgency": stage.urgency,
        "reassign": stage.reassign,
        "tag": stage.tag,
    }


class StepRow(Row):
    code = Hidden()
    hours = IntegerField(validators=[InputRequired(_("请填写。")), between(1, MOST_HOURS)])
    action = SelectField(validators=[chosen()], default="remind_owner")
    text_zh = TextAreaField(validators=[at_most(MAX_TEXT)])
    text_en = TextAreaField(validators=[at_most(MAX_TEXT)])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.action.choices = choices((action, step_label(action)) for action in PAUSE_ACTIONS)

    @property
    def is_blank(self) -> bool:
        texts = (*(self.hours.raw_data or ()), self.text_zh.data, self.text_en.data)
        return not any(str(text or "").strip() for text in texts)

    def step(self, status: Status) -> PauseStepRule:
        """What was typed in a line of the right shape."""
        action = self.action.data
        told = Label((self.text_zh.data or "").strip(), (self.text_en.data or "").strip())
        return PauseStepRule(
            code=self.code.data or "",
            status=status,
            after_seconds=int(self.hours.data or 0) * 3600,
            action=action,
            text=told if action in TELLS_CUSTOMER else None,
        )


def step_values(step: PauseStepRule) -> dict[str, Any]:
    """A step as a person would type it."""
    return {
        "code": step.code,
        "hours": max(1, step.after_seconds // 3600),
        "action": step.action,
        "text_zh": step.text.zh if step.text else "",
        "text_en": step.text.en if step.text else "",
    }


def some(message: str) -> Any:
    """At least one is ticked."""

    def check(_form: object, field: SelectMultipleField) -> None:
        if not field.data:
            raise StopValidation(message)

    return check


class PlatformForm(FlaskForm):
    name_zh = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    name_en = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    channels = SelectMultipleField(validators=[some(_("请至少选一个渠道。"))])
    types = SelectMultipleField()
    starts = SelectField(validators=[chosen()])
    hours = IntegerField(validators=[InputRequired(_("请填写。")), between(1, MOST_HOURS)])
    met_by = SelectField(validators=[chosen()])
    version = Version()

    def offer(self, channels: Mapping[str, Label], types: Iterable[tuple[str, Label]]) -> None:
        """Fill in what can be chosen."""
        self.channels.choices = choices((code, label(name)) for code, name in channels.items())
        self.types.choices = choices((code, label(name)) for code, name in types)
        self.starts.choices = choices((code, starts_label(code)) for code in STARTS)
        self.met_by.choices = choices((code, met_by_label(code)) for code in MET_BY)

    def rule(self) -> PlatformRule:
        """What was typed."""
        return PlatformRule(
            code="",
            name=Label(self.name_zh.data, self.name_en.data),
            channels=tuple(self.channels.data or ()),
            types=tuple(self.types.data or ()),
            starts=self.starts.data,
            seconds=int(self.hours.data or 0) * 3600,
            met_by=self.met_by.data,
        )


def platform_values(rule: PlatformRule) -> dict[str, Any]:
    """A rule as a person would type it."""
    return {
        "name_zh": rule.name.zh,
        "name_en": rule.name.en,
        "channels": list(rule.channels),
        "types": list(rule.types),
        "starts": rule.starts,
        "hours": max(1, rule.seconds // 3600),
        "met_by": rule.met_by,
    }
