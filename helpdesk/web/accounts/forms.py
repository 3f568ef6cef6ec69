"""Shapes of what is typed about people."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.validators import EqualTo, Optional
from wtforms.widgets import HiddenInput

from helpdesk.domain.access import PEOPLE
from helpdesk.domain.passwords import LONGEST
from helpdesk.queries.queues import Choice
from helpdesk.services.accounts import LONGEST_NAME, MOST_CAPACITY
from helpdesk.web.forms import Hidden, OneLine, Secret, Several, Version, at_most, between, choices, chosen, required
from helpdesk.web.locale import NAMES
from helpdesk.wording import label, role_label

LANGUAGES = choices(NAMES.items())
FIELDS = {
    "account.bad_login": "login",
    "account.login_taken": "login",
    "account.bad_name": "name",
    "account.bad_role": "role",
    "account.bad_capacity": "capacity",
    "account.last_admin": "role",
    "account.wrong_password": "current_password",
    "queue.no_such_queue": "queues",
}
"""The field that a refusal is about."""


class LoginForm(FlaskForm):
    login = OneLine(validators=[required(), at_most(60)])
    password = Secret(validators=[required(), at_most(LONGEST)])
    next = Hidden(validators=[at_most(2000)])


class ProfileForm(FlaskForm):
    name = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    locale = SelectField(choices=LANGUAGES)
    version = Version(widget=HiddenInput())


class PasswordForm(FlaskForm):
    current_password = Secret(validators=[required(), at_most(LONGEST)])
    new_password = Secret(validators=[required(), at_most(LONGEST)])
    new_password_again = Secret(
        validators=[required(), at_most(LONGEST), EqualTo("new_password", _("两次输入的新密码不一样。"))]
    )


class UserForm(FlaskForm):
    """Somebody who works here. ``login`` is chosen once; ``password`` is needed for a new person only."""

    login = OneLine(validators=[required(), at_most(60)])
    name = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    role = SelectField(validators=[chosen()])
    locale = SelectField(choices=LANGUAGES)
    capacity = IntegerField(validators=[Optional(), between(1, MOST_CAPACITY)])
    queues = Several()
    active = BooleanField()
    password = Secret(validators=[required(), at_most(LONGEST)])
    version = Version()

    def offer(self, queues: list[Choice]) -> None:
        """Fill in what can be chosen. ``system`` is nobody's role."""
        self.role.choices = choices((role.value, role_label(role)) for role in PEOPLE)
        self.queues.choices = choices((queue.id, label(queue)) for queue in queues)

    def edit(self) -> None:
        """The person is there already."""
        self.login.validators = []
        self.password.validators = [Optional(), at_most(LONGEST)]
        self.password.flags.required = False
