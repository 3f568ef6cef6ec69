"""What has to be done before a ticket of a type may be resolved: a list of items, some of them required."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import Label

MOST_ITEMS = 20
LONGEST_ITEM = 60


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do. ``id`` is None until it is stored; a required one stands in the way of resolving."""

    id: int | None
    name: Label
    required: bool = True


def read_items(rows: Iterable[Item]) -> tuple[Item, ...]:
    """The items as they are kept, in their order: names trimmed, empty rows left out.

    Without an English name the Chinese one stands for both. ``Invalid`` for a name that is too long or can't be
    shown, for an English one alone, for two that say the same, and for too many.
    """
    items = []
    for row in rows:
        chinese, english = row.name.zh.strip(), row.name.en.strip()
        if not chinese and not english:
            continue
        for name in (chinese, english or chinese):
            if not 0 < len(name) <= LONGEST_ITEM or not name.isprintable():
                raise Invalid("checklist.bad_item", most=LONGEST_ITEM)
        items.append(Item(row.id, Label(chinese, english or chinese), row.required))
    if len(items) > MOST_ITEMS:
        raise Invalid("checklist.too_many", most=MOST_ITEMS)
    if len({item.name.zh for item in items}) < len(items):
        raise Invalid("checklist.same_item")
    return tuple(items)


def missing(items: Iterable[Item], ticked: Collection[int | None]) -> tuple[Item, ...]:
    """The required items that nobody has ticked."""
    return tuple(item for item in items if item.required and item.id not in ticked)


def check_done(left: Collection[Item]) -> None:
    """Raise ``Invalid`` with the names of what is ``left`` to do, if anything is."""
    if left:
        names = [{"zh": item.name.zh, "en": item.name.en} for item in left]
        raise Invalid("checklist.not_done", items=names)
