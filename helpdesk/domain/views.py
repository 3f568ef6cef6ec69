"""What a list of tickets shows: which of them, in which columns, in which order. A saved view is one with a name.

Like the filter it comes in as strings (an address, a stored document) and goes out as the same strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from helpdesk.domain.problems import Invalid
from helpdesk.domain.ticket_filter import ME, Tab, TicketFilter, parse_filter, parse_tab
from helpdesk.domain.tickets import Priority, Status

MAX_NAME = 60
MOST_VIEWS = 50
"""Of a person, of a queue, and for everybody."""


class Column(StrEnum):
    """What a list can say of a ticket."""

    SUBJECT = "subject"
    NUMBER = "number"
    CLASS = "class"
    TYPE = "type"
    STATUS = "status"
    PRIORITY = "priority"
    QUEUE = "queue"
    OWNER = "owner"
    ASSIGNEE = "assignee"
    CHANNEL = "channel"
    SHOP = "shop"
    ORDER = "order"
    PAID = "paid"
    CUSTOMER = "customer"
    PHONE = "phone"
    CREATED = "created"
    LAST_MESSAGE = "last_message"
    CLOCK = "clock"  # what is left of the nearest clock
    DEADLINE = "deadline"  # its last instant in time
    URGENCY = "urgency"
    NUDGES = "nudges"
    COMPENSATION = "compensation"
    TAGS = "tags"
    OUTCOME = "outcome"
    RESOLVED = "resolved"
    FILES = "files"  # how many were sent


USUAL = (
    Column.CLASS,
    Column.SUBJECT,
    Column.NUMBER,
    Column.TYPE,
    Column.STATUS,
    Column.PRIORITY,
    Column.ASSIGNEE,
    Column.CHANNEL,
    Column.CUSTOMER,
    Column.ORDER,
    Column.CREATED,
    Column.CLOCK,
)
"""Where nobody chose any."""


class Sort(StrEnum):
    """Orders that an index gives, so that a page takes no longer the more tickets there are."""

    DUE = "due"  # what burns first; the newest first where ended tickets stand too
    CREATED = "created"
    CREATED_LAST = "-created"
    MESSAGE = "message"  # who has been silent for longest
    MESSAGE_LAST = "-message"
    PRIORITY = "priority"


SORTS_OF: Mapping[Column, tuple[Sort, ...]] = {
    Column.CREATED: (Sort.CREATED_LAST, Sort.CREATED),
    Column.LAST_MESSAGE: (Sort.MESSAGE_LAST, Sort.MESSAGE),
    Column.CLOCK: (Sort.DUE,),
    Column.PRIORITY: (Sort.PRIORITY,),
}
"""By which columns a list can be sorted, first the way in which one mostly wants it."""

ALWAYS = frozenset({Sort.DUE, Sort.CREATED, Sort.CREATED_LAST})
"""Orders that hold for ended tickets too."""


EVERYTHING = TicketFilter()


@dataclass(frozen=True, slots=True)
class ListView:
    """A list of tickets. Without ``columns`` it is shown in the usual rows."""

    chosen: TicketFilter = EVERYTHING
    tab: Tab = Tab.ALL
    columns: tuple[Column, ...] = ()
    sort: Sort = Sort.DUE

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns of the list as a table: of the screen, of a file."""
        return self.columns or USUAL

    @property
    def sorts(self) -> frozenset[Sort]:
        """The orders it can be shown in."""
        if self.tab is Tab.ASSISTS:
            return frozenset({Sort.DUE})
        return frozenset(Sort) if self.chosen.only_active else ALWAYS

    @property
    def order(self) -> Sort:
        """The order it is shown in: the usual one where the one that was asked for can't be had."""
        return self.sort if self.sort in self.sorts else Sort.DUE

    def to_args(self) -> dict[str, str]:
        """What differs from the list of all tickets, as strings: an address or a stored document."""
        args = {
            "tab": "" if self.tab is Tab.ALL else self.tab.value,
            **self.chosen.to_args(),
            "columns": ",".join(self.columns),
            "sort": "" if self.sort is Sort.DUE else self.sort.value,
        }
        return {name: value for name, value in args.items() if value}


ALL_TICKETS = ListView()


def parse_list(args: Mapping[str, str], today_ends: datetime | None = None) -> ListView:
    """The list of an address or a stored document; ``Invalid`` for one that can't be (see ``parse_filter``)."""
    return ListView(
        chosen=parse_filter(args, today_ends),
        tab=parse_tab(args.get("tab", "")),
        columns=parse_columns(part for part in args.get("columns", "").split(",") if part),
        sort=_sort(args.get("sort", "")),
    )


def parse_columns(names: Iterable[str]) -> tuple[Column, ...]:
    """Each once, in this order; a list always says what a ticket is about. ``Invalid`` for one that there isn't."""
    try:
        columns = tuple(dict.fromkeys(Column(name) for name in names))
    except ValueError:
        raise Invalid("filter.bad_value", field="columns") from None
    return columns if not columns or Column.SUBJECT in columns else (Column.SUBJECT, *columns)


def _sort(value: str) -> Sort:
    try:
        return Sort(value or Sort.DUE.value)
    except ValueError:
        raise Invalid("filter.bad_value", field="sort") from None


SHIPPED: Mapping[str, Mapping[str, str]] = {
    "mine": {"owner": ME},
    "today": {"today": "1"},
    "waiting": {"status": Status.PENDING_CUSTOMER.value, "waiting": "3"},
    "approval": {"status": Status.PENDING_APPROVAL.value},
    "urgent": {"priority": Priority.P1.value},
    "unsure": {"unconfirmed": "1"},
}
"""The views that everybody has, by code; worded where they are shown."""
