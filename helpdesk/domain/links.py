"""How one ticket has to do with another.

A link is kept once, from one ticket to the other, and read from both: what is the parent here is the child there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum

MOST_LINKS = 50
"""A ticket has at most this many links, counted from both ends."""


class Relation(StrEnum):
    """What a ticket is to the other one, seen from the ticket itself."""

    DUPLICATE = "duplicate"
    HAS_DUPLICATE = "has_duplicate"
    SAME_ORDER = "same_order"
    PARENT = "parent"
    CHILD = "child"
    CAUSED_BY = "caused_by"
    CAUSES = "causes"


STORED = {
    Relation.DUPLICATE: ("duplicate", True),
    Relation.HAS_DUPLICATE: ("duplicate", False),
    Relation.SAME_ORDER: ("same_order", True),
    Relation.PARENT: ("parent", True),
    Relation.CHILD: ("parent", False),
    Relation.CAUSED_BY: ("caused_by", True),
    Relation.CAUSES: ("caused_by", False),
}
"""The kind under which a relation is kept, and whether the link leads from the ticket to the other one."""


def relation_of(kind: str, *, forward: bool) -> Relation:
    """What the ticket at this end of a stored link is to the one at the other end."""
    if kind == "same_order":
        return Relation.SAME_ORDER
    return next(relation for relation, stored in STORED.items() if stored == (kind, forward))


def opposite(relation: Relation) -> Relation:
    """The same link, seen from the other ticket."""
    kind, forward = STORED[relation]
    return relation_of(kind, forward=not forward)


def is_ancestor(ticket: int, of: int, parents: Callable[[Iterable[int]], Iterable[int]]) -> bool:
    """Whether ``ticket`` is ``of`` itself, or stands anywhere above it. ``parents`` gives those of some tickets."""
    seen, level = {of}, {of}
    while level and ticket not in seen:
        level = set(parents(level)) - seen
        seen |= level
    return ticket in seen
