"""What is asked before a file is imported."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField

from helpdesk.domain.access import Actor
from helpdesk.domain.imports import ORDERS, TICKETS
from helpdesk.queries.choices import list_choices
from helpdesk.web.forms import choices, chosen
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext

KINDS = {"tickets": TICKETS, "orders": ORDERS}
"""As they stand in addresses and forms."""


class UploadForm(FlaskForm):
    file = FileField(validators=[FileRequired(_("请选择文件。"))])
    kind = RadioField(validators=[chosen()], default="tickets")

    def offer(self) -> None:
        self.kind.choices = choices(
            (("tickets", gettext("工单：客户说了什么")), ("orders", gettext("订单：买了什么、到哪了")))
        )


class OptionsForm(FlaskForm):
    """What holds for rows that don't say it themselves."""

    shop = SelectField(validators=[chosen()])
    channel = SelectField(validators=[chosen()])
    created_at = RadioField(validators=[chosen()], default="column")

    def offer(self, actor: Actor) -> None:
        offered = list_choices(actor)
        self.shop.choices = choices((one.code, label(one.name)) for one in offered.shops)
        self.channel.choices = choices((one.code, label(one.name)) for one in offered.channels)
        self.created_at.choices = choices(
            (("column", gettext("按文件里的时间，没有写的算现在")), ("now", gettext("都算现在：时限从导入时起算")))
        )
