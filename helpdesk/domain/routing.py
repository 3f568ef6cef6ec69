"""Where a ticket goes, and who answers its customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk.domain.rulebook import RuleBook


@dataclass(frozen=True, slots=True)
class Route:
    """The type's queue; and the queue whose people answer the customer."""

    queue: str
    answering_queue: str


def route(rulebook: RuleBook, type_code: str) -> Route:
    """Class and queue follow from the type alone (PRODUCT: class and queue follow from type and rule version)."""
    return Route(queue=rulebook.type(type_code).queue, answering_queue=rulebook.answering_queue)


@dataclass(frozen=True, slots=True)
class Load:
    """Active tickets of one's own, and the id of the latest of them (0: none)."""

    tickets: int
    latest: int


def choose_owner(loads: Mapping[int, Load]) -> int | None:
    """The person with the fewest active tickets of his own; None if nobody can.

    Ties go to whose latest ticket is the oldest, else the first of the list would get every ticket of a quiet day.
    """
    return min(loads, key=lambda user: (loads[user].tickets, loads[user].latest, user), default=None)
