"""Shapes of what is typed about shops and channels."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField

from helpdesk.domain.channels import BY_HAND, LONGEST_NAME, LONGEST_URL
from helpdesk.domain.targets import LONGEST_MAILBOX
from helpdesk.services.channels import ChannelSettings
from helpdesk.services.shops import ShopSettings
from helpdesk.web.forms import OneLine, Version, at_most, choices, required

FIELDS = {
    "channel.bad_code": "code",
    "channel.code_taken": "code",
    "channel.bad_name": "name",
    "channel.bad_url": "url",
    "channel.bad_sender": "sender",
    "target.bad_mailbox": "mailbox",
    "shop.bad_timezone": "timezone",
}
"""The field that a refusal is about."""


class ChannelForm(FlaskForm):
    """``code`` is chosen once."""

    code = OneLine(validators=[required(), at_most(40)])
    name = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    name_en = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    sender = RadioField(
        choices=choices(
            (
                (BY_HAND, _("人工：客服复制过去，标记已发")),
                ("http", _("HTTP：签名后交给你们自己的程序")),
                ("mail", _("邮件：发到客户邮箱")),
            )
        ),
        default=BY_HAND,
    )
    url = OneLine(validators=[at_most(LONGEST_URL)])
    mailbox = OneLine(validators=[at_most(LONGEST_MAILBOX)])
    active = BooleanField(default=True)
    version = Version()

    def settings(self) -> ChannelSettings:
        """What was typed."""
        return ChannelSettings(
            name_zh=self.name.data,
            name_en=self.name_en.data,
            sender=self.sender.data or BY_HAND,
            url=self.url.data,
            mailbox=self.mailbox.data,
            active=self.active.data,
        )


class TestForm(FlaskForm):
    """A test delivery: to this buyer of the channel."""

    buyer_id = OneLine(validators=[required(), at_most(LONGEST_MAILBOX)])


class ShopForm(FlaskForm):
    code = OneLine(validators=[required(), at_most(40)])
    name = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    timezone = OneLine(validators=[required(), at_most(60)], default="Asia/Shanghai")
    active = BooleanField(default=True)
    self_service = BooleanField()
    version = Version()

    def settings(self) -> ShopSettings:
        """What was typed."""
        return ShopSettings(
            name=self.name.data,
            timezone=self.timezone.data,
            active=self.active.data,
            self_service=self.self_service.data,
        )
