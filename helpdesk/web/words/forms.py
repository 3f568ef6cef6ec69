"""Shape of what is sent about words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField

from helpdesk.domain.word_health import LONGEST_WORD
from helpdesk.domain.words import POINTS
from helpdesk.web.forms import OneLine, Version, at_most, choices, required

WEIGHTS = {
    "decisive": _("决定性：压过别的类型"),
    "strong": _("强：一个就够"),
    "normal": _("中：刚好够提出来"),
    "weak": _("弱：只作旁证"),
}
DEFAULT_WEIGHT = "normal"
assert set(WEIGHTS) == set(POINTS)  # noqa: S101  a weight without words could not be chosen


class WordForm(FlaskForm):
    """A phrase of a type; what to do with it stands in the address."""

    type = OneLine(validators=[required(), at_most(40)])
    phrase = OneLine(validators=[required(), at_most(LONGEST_WORD)])
    weight = SelectField(choices=choices(WEIGHTS.items()), default=DEFAULT_WEIGHT)
    version = Version()


class ProposalForm(FlaskForm):
    """A proposed phrase that is turned down, or back."""

    type = OneLine(validators=[required(), at_most(40)])
    phrase = OneLine(validators=[required(), at_most(LONGEST_WORD)])
