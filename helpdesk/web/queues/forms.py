"""Shape of what is typed about a queue."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.validators import Optional

from helpdesk.queries.queues import Choice, Person
from helpdesk.services.queues import ASSIGNMENTS, LONGEST_NAME, MOST_CAPACITY, HandingOut, QueueSettings
from helpdesk.web.forms import OneLine, Several, Version, at_most, between, choices, chosen, required, row_id
from helpdesk.wording import assignment_label, label, role_label

BY_OPS = ("name_zh", "name_en", "calendar", "writes_to_buyers", "active")
"""What a queue is. How tickets are handed out in it, and who is in it, its supervisor says."""

FIELDS = {
    "queue.bad_code": "code",
    "queue.code_taken": "code",
    "queue.bad_name": "name_zh",
    "queue.bad_assignment": "mode",
    "queue.bad_capacity": "capacity",
    "queue.no_such_calendar": "calendar",
    "queue.no_such_member": "members",
    "queue.has_tickets": "active",
    "queue.in_rules": "active",
}
"""The field that a refusal is about."""


class QueueForm(FlaskForm):
    code = OneLine(validators=[required(), at_most(40)])
    name_zh = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    name_en = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    calendar = SelectField(coerce=row_id, validators=[chosen()])
    mode = SelectField(validators=[chosen()])
    capacity = IntegerField(validators=[Optional(), between(1, MOST_CAPACITY)])
    writes_to_buyers = BooleanField()
    active = BooleanField(default=True)
    members = Several()
    version = Version()

    def offer(self, calendars: list[Choice], people: list[Person]) -> None:
        """Fill in what can be chosen."""
        self.calendar.choices = choices((calendar.id, label(calendar)) for calendar in calendars)
        self.mode.choices = choices((mode, assignment_label(mode)) for mode in ASSIGNMENTS)
        self.members.choices = choices((person.id, f"{person.name} ({role_label(person.role)})") for person in people)

    def keep(self, *, new: bool, settings: bool) -> None:
        """Only the fields that this person may fill in now: others are neither shown nor read."""
        if new:
            del self.version, self.active, self.members
        else:
            del self.code
        if not settings:
            for name in BY_OPS:
                delattr(self, name)

    def settings(self) -> QueueSettings | HandingOut:
        """What was typed, as far as this person sets it."""
        if "name_zh" not in self:
            return HandingOut(self.mode.data, self.capacity.data)
        return QueueSettings(
            name_zh=self.name_zh.data,
            name_en=self.name_en.data,
            calendar_id=self.calendar.data,
            assignment=self.mode.data,
            capacity=self.capacity.data,
            writes_to_buyers=self.writes_to_buyers.data,
            active=self.active.data if self.active else True,
        )
