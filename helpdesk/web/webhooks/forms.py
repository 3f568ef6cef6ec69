"""Shape of what is typed about webhooks."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField

from helpdesk.queries.choices import ListChoices
from helpdesk.services.webhooks import LONGEST_NAME
from helpdesk.web.forms import OneLine, Version, at_most, choices, required, row_id
from helpdesk.wording import label

FIELDS = {
    "webhook.bad_name": "name",
    "webhook.name_taken": "name",
    "ticket.unknown_shop_or_channel": "shop",
}
"""The field that a refusal is about."""


class WebhookForm(FlaskForm):
    """``shop`` and ``channel`` are chosen once, when it is made."""

    name = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    shop = SelectField(coerce=row_id)
    channel = SelectField(coerce=row_id)
    version = Version()

    def offer(self, known: ListChoices | None) -> None:
        """What can be chosen; None for one that exists already."""
        if known is None:
            del self.shop, self.channel
            return
        del self.version
        self.shop.choices = choices((shop.id, label(shop.name)) for shop in known.shops)
        self.channel.choices = choices((channel.id, label(channel.name)) for channel in known.channels)


class SwitchForm(FlaskForm):
    """A button that changes what was seen at a version."""

    version = Version()
