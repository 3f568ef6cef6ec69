"""What forms share: limits said in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    Field,
    HiddenField,
    IntegerField,
    PasswordField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from helpdesk.domain.problems import Problem
from helpdesk.wording import problem_text

GREATEST_ID = 2**31 - 1
"""Of a row, in both databases."""

NOT_TYPED = frozenset(
    {
        "csrf_token",
        "version",
        "next",
        "password",
        "new_password",
        "new_password_again",
        "current_password",
        "url",  # of a robot, with its token
        "sign",
    }
)
"""Fields that are not given back: nobody typed them, or nobody may see them."""

MOST_SHOWN = 20_000


def typed() -> list[tuple[str, str]]:
    """(field, text) of the form that was sent, for a page that can't show the form itself again."""
    if request.method != "POST":
        return []
    fields = request.form.items(multi=True)
    return [(name, value[:MOST_SHOWN]) for name, value in fields if value.strip() and name not in NOT_TYPED]


def required() -> DataRequired:
    return DataRequired(_("请填写。"))


def chosen() -> InputRequired:
    return InputRequired(_("请选择。"))


def at_most(letters: int) -> Length:
    return Length(max=letters, message=_("最多 %(max)d 个字。"))


def between(least: int, most: int) -> NumberRange:
    return NumberRange(min=least, max=most, message=_("请填 %(min)s 到 %(max)s 之间的数。"))


class OneLine(StringField):
    """Text without space around it, empty where nothing was sent."""

    data: str  # never None after a form was sent

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0].strip() if valuelist else ""


class Text(TextAreaField):
    """Several lines, taken as they are but for the ends."""

    data: str

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0].replace("\r\n", "\n").strip() if valuelist else ""


class Secret(PasswordField):
    """A password: taken as it is, never shown again."""

    data: str

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0] if valuelist else ""


class Hidden(HiddenField):
    """Carried along by the form."""

    data: str

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0] if valuelist else ""


class Several(SelectMultipleField):
    """Rows that were ticked, by id."""

    data: list[int]

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce=row_id, **options)


class Version(IntegerField):
    """What the form was made on, as ``version_of`` reads it."""

    data: int

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = version_of(valuelist[0] if valuelist else "")


def version_of(text: str) -> int:
    """The version that a form carries. -1, which is none, where nothing sensible was sent: the write is then stale."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def sent_version(field: str = "version") -> int:
    """That of a form whose fields have names of their own."""
    return version_of(request.form.get(field, ""))


def row_id(value: object) -> int:
    """The id that a select field sends. ``ValueError`` for one that no row can have: a database fails over it."""
    number = int(str(value))
    if not 0 < number <= GREATEST_ID:
        raise ValueError("no row has this id")
    return number


def choices(pairs: Iterable[tuple[object, str]]) -> list[Any]:
    """(value, text) as what a select field takes."""
    return [SelectChoice(value, text) for value, text in pairs]


def show_problem(form: FlaskForm, problem: Problem, fields: dict[str, str]) -> str:
    """Put the words of the problem beside the field it is about, by its code; return them if it is about no field."""
    field: Any = form._fields.get(fields.get(problem.code, ""))
    if not isinstance(field, Field):
        return problem_text(problem)
    field.errors = [*field.errors, problem_text(problem)]
    return ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that reads otherwise by now than what was typed."""

    name: str
    theirs: str
    yours: str


def differences(*fields: tuple[str, object, object]) -> list[Difference]:
    """(name, stored by now, typed) of each field: those that differ, for a form that was overtaken."""
    return [Difference(name, _words(theirs), _words(yours)) for name, theirs, yours in fields if theirs != yours]


def _words(value: object) -> str:
    return "–" if value in (None, "") else str(value)
