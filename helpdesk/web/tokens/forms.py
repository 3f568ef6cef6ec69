"""Shape of what is typed about tokens."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, SelectMultipleField, ValidationError
from wtforms.validators import Optional

from helpdesk.domain.shifts import midnight
from helpdesk.domain.tokens import LONGEST_NAME, TokenScope
from helpdesk.queries.api_places import Place
from helpdesk.services.tokens import Wanted
from helpdesk.web.forms import OneLine, Version, at_most, choices, required, row_id
from helpdesk.web.locale import shop_zone
from helpdesk.wording.exchange import scope_label

FIELDS = {
    "token.bad_name": "name",
    "token.name_taken": "name",
    "token.bad_scopes": "scopes",
    "token.bad_end": "last_day",
    "ticket.unknown_shop_or_channel": "shop",
}
"""The field that a refusal is about."""

LAST_YEAR = 2100


def _shop(value: object) -> int | None:
    return row_id(value) if value not in (None, "", "None") else None


class TokenForm(FlaskForm):
    """``last_day`` is the last on which the token is good, by the shop's wall; empty: it has no end."""

    name = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    scopes = SelectMultipleField()
    shop = SelectField(coerce=_shop, validate_choice=True)
    last_day = DateField(validators=[Optional()])
    version = Version()

    def offer(self, shops: tuple[Place, ...], *, version: bool = True) -> None:
        """What can be chosen."""
        self.scopes.choices = choices((scope.value, scope_label(scope)) for scope in TokenScope)
        self.shop.choices = choices([("", str(_("所有店铺"))), *((shop.id, str(shop.name.zh)) for shop in shops)])
        if not version:
            del self.version

    def validate_last_day(self, field: Any) -> None:
        """One that nobody lives to see is a slip."""
        if field.data is not None and field.data.year > LAST_YEAR:
            raise ValidationError(_("请填一个近一些的日期。"))

    def wanted(self, known_end: datetime | None = None) -> Wanted:
        """The same as the service takes it. ``known_end`` stays where its day does."""
        day: date | None = self.last_day.data
        if day is None:
            expires_at = None
        elif known_end is not None and day == last_day(known_end):
            expires_at = known_end
        else:
            expires_at = midnight(day + timedelta(days=1), shop_zone())
        return Wanted(self.name.data, self.scopes.data or [], self.shop.data, expires_at)


class SwitchForm(FlaskForm):
    """A button that changes what was seen at a version."""

    version = Version()


def last_day(end: datetime | None) -> date | None:
    """The last day on the shop's wall on which something that ends then is good."""
    return None if end is None else (end - timedelta(seconds=1)).astimezone(shop_zone()).date()
