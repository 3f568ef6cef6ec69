"""Shapes of what is typed about notifications."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField, TimeField
from wtforms.validators import Optional

from helpdesk.config import LOCALES
from helpdesk.domain.notices import OUTSIDE_KINDS
from helpdesk.domain.targets import LONGEST_MAILBOX, LONGEST_SIGN, LONGEST_URL
from helpdesk.queries.queues import Choice
from helpdesk.services.targets import LONGEST_NAME
from helpdesk.web.forms import Hidden, OneLine, Secret, Version, at_most, choices, required
from helpdesk.web.locale import NAMES
from helpdesk.wording import duration, label
from helpdesk.wording.catalog import gettext
from helpdesk.wording.notices import kind_label

WHOLE_HOUSE = 0
DIGESTS = (0, 5 * 60, 15 * 60, 30 * 60, 3600, 2 * 3600, 4 * 3600, 12 * 3600, 24 * 3600)
"""Seconds for which news may be gathered."""

TARGET_FIELDS = {
    "target.bad_name": "name",
    "target.name_taken": "name",
    "target.not_yours": "queue",
    "queue.no_such_queue": "queue",
    "target.bad_news": "kinds",
    "target.bad_mailbox": "mailbox",
    "target.bad_url": "url",
    "target.url_required": "url",
    "target.other_host": "url",
    "target.service_not_allowed": "url",
    "target.option_not_allowed": "url",
    "target.bad_sign": "sign",
    "target.bad_digest": "digest",
    "target.bad_quiet_hours": "quiet_to",
}
"""The field that a refusal is about."""

OWN_FIELDS = {
    "target.bad_mailbox": "email",
    "target.bad_digest": "digest",
    "target.bad_quiet_hours": "quiet_to",
}


class TimesForm(FlaskForm):
    """When something may be told: quiet hours on the shop's wall, and for how long news is gathered."""

    quiet_from = TimeField(validators=[Optional()])
    quiet_to = TimeField(validators=[Optional()])
    digest = SelectField(coerce=int)
    version = Version()

    def offer_times(self, digest_seconds: int) -> None:
        """``digest_seconds``: as it is now, which may be none of ours."""
        known = sorted({*DIGESTS, digest_seconds})
        self.digest.choices = choices((seconds, digest_text(seconds)) for seconds in known)

    def quiet_is_whole(self) -> bool:
        """Both ends or neither; says so beside the field."""
        if (self.quiet_from.data is None) == (self.quiet_to.data is None):
            return True
        missing = self.quiet_from if self.quiet_from.data is None else self.quiet_to
        missing.errors = [*missing.errors, gettext("开始和结束要一起填，都空着就是不设。")]
        return False

    def quiet(self) -> tuple[int, int] | None:
        """Minutes since midnight."""
        if self.quiet_from.data is None or self.quiet_to.data is None:
            return None
        return _minutes(self.quiet_from.data), _minutes(self.quiet_to.data)


def quiet_fields(quiet: tuple[int, int] | None) -> dict[str, time | None]:
    """What stands in the fields of quiet hours."""
    begin, end = (time(*divmod(minute, 60)) for minute in quiet) if quiet else (None, None)
    return {"quiet_from": begin, "quiet_to": end}


def quiet_text(quiet: tuple[int, int] | None) -> str:
    """``22:00–08:00``, or nothing."""
    return "–".join(f"{minute // 60:02}:{minute % 60:02}" for minute in quiet) if quiet else ""


def digest_text(seconds: int) -> str:
    return gettext("合并 %(time)s 发一次", time=duration(seconds)) if seconds else gettext("马上发")


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


class TargetForm(TimesForm):
    """A place that is told news. ``url`` and ``sign`` are secret: what is stored never stands in them."""

    name = OneLine(validators=[required(), at_most(LONGEST_NAME)])
    queue = SelectField(coerce=int)
    kinds = SelectMultipleField()
    mailbox = OneLine(validators=[at_most(LONGEST_MAILBOX)])
    url = Secret(validators=[at_most(LONGEST_URL)])
    sign = Secret(validators=[at_most(LONGEST_SIGN)])
    locale = SelectField(choices=choices((code, NAMES[code]) for code in LOCALES))
    active = BooleanField()

    def offer(self, queues: Iterable[Choice], *, whole_house: bool, digest_seconds: int) -> None:
        """What can be chosen: a supervisor has queues of his own only."""
        whole = [(WHOLE_HOUSE, gettext("全店"))] if whole_house else []
        self.queue.choices = choices([*whole, *((queue.id, label(queue)) for queue in queues)])
        self.kinds.choices = choices((code, kind_label(code)) for code in OUTSIDE_KINDS)
        self.offer_times(digest_seconds)


class DeactivateForm(FlaskForm):
    version = Version()


class OwnForm(TimesForm):
    """One's own mailbox and times. The kinds come beside it, as ``bell`` and ``mail`` ticks; ``seen``: as they were."""

    email = OneLine(validators=[at_most(LONGEST_MAILBOX)])
    bell = SelectMultipleField()
    mail = SelectMultipleField()
    seen = Hidden()

    def offer(self, kinds: Iterable[str], *, digest_seconds: int) -> None:
        codes = list(kinds)
        self.bell.choices = choices((code, kind_label(code)) for code in codes)
        self.mail.choices = choices((code, kind_label(code)) for code in codes)
        self.offer_times(digest_seconds)
