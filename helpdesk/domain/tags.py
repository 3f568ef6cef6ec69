"""Words that are put on tickets: what can be one, and how many a ticket carries."""

from __future__ import annotations

from enum import StrEnum

from helpdesk.domain.escalation import MAX_TAG
from helpdesk.domain.problems import Conflict, Invalid

MOST_ON_TICKET = 20
MOST_TAGS = 500
"""In the list of all; words beyond are put on all the same, but stand in no list."""


class Colour(StrEnum):
    """How a tag is drawn."""

    PLAIN = "plain"
    ACCENT = "accent"
    WARN = "warn"
    OVER = "over"


def read_tag(text: str) -> str:
    """The tag as it is kept: blanks at its ends left out. ``Invalid`` for what can't be one."""
    tag = text.strip(" ")
    if not tag or len(tag) > MAX_TAG or not tag.isprintable():
        raise Invalid("tag.bad_name", most=MAX_TAG)
    return tag


def check_room(tags: int) -> None:
    """Raise ``Conflict`` where a ticket with so many carries no more."""
    if tags >= MOST_ON_TICKET:
        raise Conflict("tag.ticket_full", most=MOST_ON_TICKET)
