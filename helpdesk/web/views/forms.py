"""Shape of what is typed about views."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField

from helpdesk.domain.access import Actor, may_write_view
from helpdesk.domain.views import MAX_NAME
from helpdesk.queries.queues import Choice
from helpdesk.services.views import Naming
from helpdesk.web.forms import OneLine, Version, at_most, choices, chosen, required, row_id
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _

PERSONAL, EVERYBODY, TEAM = "personal", "all", "team:"
FIELDS = {
    "view.bad_name": "name",
    "view.name_taken": "name",
    "view.bad_scope": "whose",
    "view.not_yours": "whose",
    "view.too_many": "whose",
}
"""The field that a refusal is about."""


class VersionOnly(FlaskForm):
    """A button: what it was made on is all it sends."""

    version = Version()


class ViewForm(FlaskForm):
    """``whose``: the person's own, a queue's (``team:<id>``) or everybody's."""

    name = OneLine(validators=[required(), at_most(MAX_NAME)])
    whose = SelectField(validators=[chosen()])
    version = Version()

    def offer(self, actor: Actor, queues: list[Choice]) -> None:
        """Those for whom the person may keep a view."""
        offered = [(PERSONAL, _("只有我"))]
        offered += [
            (f"{TEAM}{queue.id}", _("%(queue)s的人", queue=label(queue)))
            for queue in queues
            if may_write_view(actor, "team", queue.id, None)
        ]
        if may_write_view(actor, "all", None, None):
            offered.append((EVERYBODY, _("所有人")))
        self.whose.choices = choices(offered)

    def naming(self) -> Naming:
        """What was typed."""
        whose: str = self.whose.data
        if whose.startswith(TEAM):
            return Naming(self.name.data, "team", row_id(whose.removeprefix(TEAM)))
        return Naming(self.name.data, whose)


def whose(scope: str, queue_id: int | None) -> str:
    """The choice that a stored view stands for."""
    return f"{TEAM}{queue_id}" if scope == "team" else scope
