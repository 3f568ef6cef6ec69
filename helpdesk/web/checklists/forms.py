"""Shape of what is typed about a checklist: a row for each item, and empty ones for more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, FieldList, Form, FormField, IntegerField
from wtforms.widgets import HiddenInput

from helpdesk.domain.checklists import LONGEST_ITEM, MOST_ITEMS, Item
from helpdesk.domain.rulebook import Label
from helpdesk.web.forms import OneLine, Version, at_most

EMPTY_ROWS = 3


class Place(IntegerField):
    """Where a row stands among the others; None where nothing sensible was sent."""

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


class Known(IntegerField):
    """The item that the row was made for; None for a new one, 0, which is none, for nonsense."""

    data: int | None
    widget = HiddenInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0] if valuelist else ""
        fits = text.isascii() and text.isdigit() and len(text) < 10
        self.data = int(text) if fits else 0 if text else None


class ItemForm(Form):
    """``place`` orders the rows; of two with the same number the one that stood above comes first."""

    item = Known()
    place = Place()
    zh = OneLine(validators=[at_most(LONGEST_ITEM)])
    en = OneLine(validators=[at_most(LONGEST_ITEM)])
    required = BooleanField()


class ChecklistForm(FlaskForm):
    rows = FieldList(FormField(ItemForm), max_entries=MOST_ITEMS + EMPTY_ROWS)
    version = Version()

    def items(self) -> tuple[Item, ...]:
        """What was typed, in the order that was asked for."""
        rows: list[Any] = [entry.form for entry in self.rows]
        places = [place + 1 if row.place.data is None else row.place.data for place, row in enumerate(rows)]
        in_order = sorted(range(len(rows)), key=lambda place: (places[place], place))
        return tuple(_item(rows[place]) for place in in_order)


def as_typed(items: Collection[Item]) -> list[dict[str, object]]:
    """The form's rows for these items, and empty ones."""
    rows: list[dict[str, object]] = [
        {"item": item.id, "place": place, "zh": item.name.zh, "en": item.name.en, "required": item.required}
        for place, item in enumerate(items, 1)
    ]
    empty = min(EMPTY_ROWS, MOST_ITEMS - len(rows))
    return rows + [{"item": None, "place": len(rows) + more, "required": True} for more in range(1, empty + 1)]


def _item(row: Any) -> Item:
    return Item(row.item.data, Label(row.zh.data or "", row.en.data or ""), bool(row.required.data))
