"""Shape of what is typed about skills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectMultipleField

from helpdesk.domain.rulebook import Label
from helpdesk.queries.skills import Skilled
from helpdesk.services.queues import LONGEST_NAME
from helpdesk.services.skills import SkillSettings
from helpdesk.web.forms import OneLine, Several, Version, at_most, choices, required
from helpdesk.wording import label, role_label

FIELDS = {
    "queue.bad_code": "code",
    "queue.bad_name": "name_zh",
    "queue.no_such_member": "people",
    "skill.code_taken": "code",
    "skill.unknown_type": "types",
    "skill.unknown_channel": "channels",
    "skill.not_your_people": "people",
}
"""The field that a refusal is about."""


class SkillForm(FlaskForm):
    code = OneLine(validators=[required(), at_most(40)])
    name_zh = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    name_en = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    types = SelectMultipleField()
    channels = SelectMultipleField()
    active = BooleanField(default=True)
    people = Several()
    version = Version()

    def offer(self, types: Mapping[str, Label], channels: Mapping[str, Label], people: Iterable[Skilled]) -> None:
        """Fill in what can be chosen."""
        self.types.choices = choices((code, label(name)) for code, name in types.items())
        self.channels.choices = choices((code, label(name)) for code, name in channels.items())
        self.people.choices = choices((one.id, f"{one.name} ({role_label(one.role)})") for one in people if one.within)

    def keep(self, *, new: bool, settings: bool) -> None:
        """Only the fields that this person may fill in now: others are neither shown nor read."""
        if new:
            del self.version, self.active, self.people
        else:
            del self.code
        if not settings:
            for name in ("name_zh", "name_en", "types", "channels", "active"):
                delattr(self, name)

    def settings(self) -> SkillSettings | None:
        """What was typed, None where the person says only who has it."""
        if "name_zh" not in self:
            return None
        return SkillSettings(
            name_zh=self.name_zh.data,
            name_en=self.name_en.data,
            types=frozenset(self.types.data or ()),
            channels=frozenset(self.channels.data or ()),
            active=self.active.data if self.active else True,
        )
