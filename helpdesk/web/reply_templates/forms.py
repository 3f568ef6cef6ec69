"""Shape of what is typed about templates."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID, uuid4

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, TextAreaField

from helpdesk.domain.macros import Action
from helpdesk.domain.problems import Invalid
from helpdesk.domain.replies import MAX_BODY, MAX_SHORTCUT, MAX_TITLE, MAX_WORDS
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Priority
from helpdesk.queries.template_library import Shelved
from helpdesk.services.templates import STATUSES, Content
from helpdesk.web.forms import OneLine, Version, at_most, choices, required
from helpdesk.wording import label, status_label
from helpdesk.wording.catalog import gettext as _

FIELDS = {
    "template.bad_title_zh": "title_zh",
    "template.bad_title_en": "title_en",
    "template.bad_body_zh": "body_zh",
    "template.bad_body_en": "body_en",
    "template.unknown_in_body_zh": "body_zh",
    "template.unknown_in_body_en": "body_en",
    "template.bad_shortcut": "shortcut",
    "template.shortcut_taken": "shortcut",
    "template.bad_words": "words",
    "template.bad_scope": "scope",
    "template.bad_action": "tags",
    "template.bad_actions": "tags",
    "template.action_twice": "tags",
}
"""The field that a refusal is about."""

ALL, PERSONAL = "all", "personal"


class TemplateForm(FlaskForm):
    scope = SelectField()
    type = SelectField(default="")
    shortcut = OneLine(validators=[at_most(MAX_SHORTCUT)])
    title_zh = OneLine(validators=[required(), at_most(MAX_TITLE)])
    body_zh = TextAreaField(validators=[required(), at_most(2 * MAX_BODY)])
    title_en = OneLine(validators=[at_most(MAX_TITLE)])
    body_en = TextAreaField(validators=[at_most(2 * MAX_BODY)])
    words = TextAreaField(validators=[at_most(2 * MAX_WORDS)])
    marks_solution = BooleanField()
    set_status = SelectField(default="")
    tags = OneLine(validators=[at_most(300)])
    transfer = SelectField(default="")
    priority = SelectField(default="")
    propose = SelectField(default="")
    ticket = OneLine(validators=[at_most(40)])
    version = Version()
    key = HiddenField(default=lambda: str(uuid4()))

    def press(self) -> str:
        """What names this press of the button. ``Invalid`` for a key that no form of ours carries."""
        try:
            return str(UUID(self.key.data or ""))
        except ValueError:
            raise Invalid("input.bad_value", field="key") from None

    def offer(self, scopes: Iterable[tuple[str, str]], queues: Iterable[tuple[str, str]], book: RuleBook) -> None:
        """Fill in what can be chosen."""
        nothing = ("", _("不变"))
        self.scope.choices = choices(scopes)
        self.type.choices = choices(
            [("", _("任何类型")), *((one.code, label(one.name)) for one in book.types.values())]
        )
        self.set_status.choices = choices([nothing, *((one.value, status_label(one)) for one in STATUSES)])
        self.transfer.choices = choices([nothing, *queues])
        self.priority.choices = choices([nothing, *((one.value, one.value) for one in Priority)])
        names = {one.code: label(one.name) for one in book.types.values()}
        offers = ((one.code, f"{names.get(one.type, one.type)}: {label(one.name)}") for one in book.policies)
        self.propose.choices = choices([("", _("不提出补偿")), *offers])

    def content(self) -> Content:
        scope, _sign, queue = self.scope.data.partition(":")
        kinds = ("transfer", "propose", "priority")
        tags = [tag.strip() for tag in self.tags.data.replace("，", ",").replace("、", ",").split(",")]
        return Content(
            scope=scope,
            queue_id=int(queue) if queue else None,
            type=self.type.data or None,
            shortcut=self.shortcut.data,
            title_zh=self.title_zh.data,
            title_en=self.title_en.data,
            body_zh=self.body_zh.data or "",
            body_en=self.body_en.data or "",
            words=tuple((self.words.data or "").splitlines()),
            marks_solution=self.marks_solution.data,
            set_status=self.set_status.data or None,
            actions=(
                *(Action("tag", tag) for tag in tags if tag),
                *(Action(kind, self[kind].data) for kind in kinds if self[kind].data),
            ),
        )


def filled(row: Shelved) -> dict[str, object]:
    """What stands in the form of a template before anybody typed."""
    one = row.template
    named = {action.kind: action.value for action in one.actions}
    return {
        "scope": f"team:{row.queue_id}" if one.scope == "team" else one.scope,
        "type": one.type or "",
        "shortcut": one.shortcut,
        "title_zh": one.title.zh,
        "title_en": one.title.en,
        "body_zh": one.body.zh,
        "body_en": one.body.en,
        "words": "\n".join(one.words),
        "marks_solution": one.marks_solution,
        "set_status": one.set_status or "",
        "tags": ", ".join(action.value for action in one.actions if action.kind == "tag"),
        "transfer": named.get("transfer", ""),
        "priority": named.get("priority", ""),
        "propose": named.get("propose", ""),
        "version": one.version,
    }
