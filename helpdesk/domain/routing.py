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


def choose_owner(open_tickets: Mapping[int, int]) -> int | None:
    """The person with the fewest open tickets of his own; ties go to the lowest id. None if nobody can."""
    return min(open_tickets, key=lambda user: (open_tickets[user], user), default=None)
