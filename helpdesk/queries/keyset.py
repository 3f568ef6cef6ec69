"""Where a page of a list begins or ends: by the sorting key of a row, never by counting rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, or_

from helpdesk.domain.problems import Invalid

Statement: TypeAlias = "Select[*tuple[Any, ...]]"
"""A SELECT of whatever columns."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SHAPE = re.compile(r"([0-9])\.([0-9]{1,18})\.([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The key of the row next to a page: urgency, an instant (UTC), id. What a list doesn't sort by is left 0."""

    urgency: int = 0
    at: datetime = EPOCH
    id: int = 0

    def __str__(self) -> str:
        return f"{self.urgency}.{(self.at - EPOCH) // _MICROSECOND}.{self.id}"


def parse_cursor(text: str) -> Cursor | None:
    """The cursor of an address, None for an empty one; ``Invalid`` for anything else."""
    if not text:
        return None
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise Invalid("paging.bad_cursor")
    urgency, micros, row_id = (int(part) for part in match.groups())
    try:
        return Cursor(urgency, EPOCH + timedelta(microseconds=micros), row_id)
    except OverflowError:
        raise Invalid("paging.bad_cursor") from None


@dataclass(frozen=True, slots=True)
class Key:
    """A column that a list is sorted by; ``part`` is the field of the cursor that holds its value.

    ``stored`` makes the column's value of it, where that is no figure.
    """

    part: str
    column: ColumnElement[Any]
    descending: bool = False
    stored: Callable[[Any], Any] | None = None

    def value(self, cursor: Cursor) -> Any:
        """Of the column, in the row that the cursor points at."""
        found = getattr(cursor, self.part)
        return self.stored(found) if self.stored else found


def sorted_page(
    statement: Statement, keys: Sequence[Key], cursor: Cursor | None, *, backwards: bool = False
) -> Statement:
    """The statement sorted by the keys, from the row after the cursor on (backwards: before it, nearest first)."""
    if cursor is not None:
        statement = statement.where(_beyond(keys, cursor, backwards))
    return statement.order_by(*(key.column.desc() if key.descending != backwards else key.column for key in keys))


def _beyond(keys: Sequence[Key], cursor: Cursor, backwards: bool) -> ColumnElement[bool]:
    """Rows after the cursor, with a plain bound on the first key, which lets an index seek to it."""
    condition: ColumnElement[bool] | None = None
    for key in reversed(keys):
        value = key.value(cursor)
        further = key.column < value if key.descending != backwards else key.column > value
        condition = further if condition is None else or_(further, and_(key.column == value, condition))
    first = keys[0]
    start = first.value(cursor)
    assert condition is not None, "a list is sorted by something"  # noqa: S101
    return and_(first.column <= start if first.descending != backwards else first.column >= start, condition)
