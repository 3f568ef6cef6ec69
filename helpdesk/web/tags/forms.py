"""Shape of what is typed about tags."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField

from helpdesk.domain.escalation import MAX_TAG
from helpdesk.domain.tags import Colour
from helpdesk.queries.tags import TagRow
from helpdesk.services.tag_lists import TagSettings
from helpdesk.web.forms import OneLine, Version, at_most, choices, required, row_id

FIELDS = {"tag.bad_name": "name", "tag.name_taken": "name", "tag.same_tag": "into", "tag.no_such_tag": "into"}
"""The field that a refusal is about."""

COLOURS = ((Colour.PLAIN, _("灰")), (Colour.ACCENT, _("绿")), (Colour.WARN, _("黄")), (Colour.OVER, _("红")))


class TagForm(FlaskForm):
    name = OneLine(validators=[required(), at_most(MAX_TAG)])
    colour = RadioField(choices=choices((one.value, name) for one, name in COLOURS), default=Colour.PLAIN.value)
    active = BooleanField(default=True)
    version = Version()

    def settings(self) -> TagSettings:
        return TagSettings(name=self.name.data, colour=Colour(self.colour.data), active=bool(self.active.data))


class MergeForm(FlaskForm):
    into = SelectField(coerce=row_id)
    version = Version()

    def offer(self, tags: Iterable[TagRow]) -> None:
        self.into.choices = choices((tag.id, tag.name) for tag in tags)
