"""Lists that a form edits line by line: lines are added and taken away, with or without script.

Fields are named ``row-<number>-<field>``. A line in which nothing was typed is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from werkzeug.datastructures import MultiDict
from wtforms import Form

from helpdesk.domain.problems import Problem
from helpdesk.wording import problem_text

MOST_ROWS = 40
"""Read of a form; more than any list may have, so that it can say so."""

_FIELD = re.compile(r"row-([0-9]{1,4})-[a-z_]+")


class Row(Form):
    """A line of this number."""

    def __init__(self, formdata: MultiDict[str, str] | None = None, *, number: int, **options: Any) -> None:
        super().__init__(formdata, prefix=f"row-{number}", **options)
        self.number = number

    @property
    def is_blank(self) -> bool:
        """Nothing was typed in it."""
        raise NotImplementedError


Line = TypeVar("Line", bound=Row)


class Rows(Generic[Line]):
    """The lines of a form, as typed or as stored, and a spare one behind them."""

    def __init__(self, kind: type[Line], lines: Iterable[Line]) -> None:
        self.kind = kind
        self.lines = list(lines)

    @classmethod
    def typed(cls, kind: type[Line], form: MultiDict[str, str], *, without: int | None = None) -> Rows[Line]:
        """The lines that were sent, but for the one that was taken away and blank ones."""
        numbers = sorted({int(match[1]) for name in form if (match := _FIELD.fullmatch(name))})[:MOST_ROWS]
        lines = (kind(form, number=number) for number in numbers if number != without)
        return cls(kind, [line for line in lines if not line.is_blank])

    @classmethod
    def stored(cls, kind: type[Line], values: Iterable[dict[str, Any]]) -> Rows[Line]:
        """Lines of what stands there."""
        return cls(kind, [kind(data=value, number=number) for number, value in enumerate(values)])

    def validate(self) -> bool:
        """Whether each line has the right shape. All are looked at, so that all mistakes are shown at once."""
        fine = [line.validate() for line in self.lines]
        return all(fine)

    @property
    def errors(self) -> bool:
        """Whether something was found to be wrong."""
        return any(line.errors for line in self.lines)

    def spare(self) -> Line:
        """An empty line, numbered behind the others."""
        return self.kind(number=max((line.number for line in self.lines), default=-1) + 1)

    def pattern(self) -> Line:
        """What a script copies for a new line."""
        return self.kind(number=9999)

    def show(self, problem: Problem, fields: dict[str, str]) -> str:
        """Put the words of the problem beside the field of the line it is about; return them if it is about none."""
        row = problem.params.get("row")
        field = fields.get(problem.code, "")
        if not isinstance(row, int) or not 0 <= row < len(self.lines) or field not in self.lines[row]._fields:
            return problem_text(problem)
        target: Any = self.lines[row]._fields[field]
        target.errors = [*target.errors, problem_text(problem)]
        return ""


def removed(deed: str) -> int | None:
    """The number of the line that a button takes away."""
    match = re.fullmatch(r"remove-([0-9]{1,4})", deed)
    return int(match[1]) if match else None
