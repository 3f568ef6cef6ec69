"""Shapes of what customers type."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import ValidationError

from helpdesk.services.intake import MAX_NUMBER, MAX_PHONE, MAX_TEXT
from helpdesk.web.forms import Hidden, OneLine, Text, at_most, required

FIELDS = {"self_service.tail_required": "phone", "ticket.text_required": "text", "message.text_required": "text"}
"""The field that a refusal is about."""


class OrderForm(FlaskForm):
    order_number = OneLine(validators=[required(), at_most(MAX_NUMBER)])
    phone = OneLine(validators=[required(), at_most(MAX_PHONE)])


class WordsForm(FlaskForm):
    """``external_id`` makes a form that is sent twice one message."""

    text = Text(validators=[required(), at_most(MAX_TEXT)])
    external_id = Hidden(default=lambda: str(uuid4()))

    def validate_external_id(self, field: Hidden) -> None:
        try:
            UUID(field.data)
        except ValueError:
            raise ValidationError(_("页面已失效，请刷新后再试。")) from None
