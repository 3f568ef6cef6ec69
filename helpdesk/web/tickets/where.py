"""From which list the agent came: it travels along in the address, so that "next" and "back" know the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import flash, g, request, url_for

from helpdesk.domain.problems import Problem
from helpdesk.domain.ticket_filter import Tab, TicketFilter, parse_filter, parse_tab
from helpdesk.queries import ticket_list
from helpdesk.web.access import current_actor, moment
from helpdesk.web.tickets import tickets


@dataclass(frozen=True, slots=True)
class List:
    """A list: which tab, under which filter."""

    tab: Tab
    chosen: TicketFilter

    def args(self, **changed: str) -> dict[str, Any]:
        """Its address; what is empty is left out."""
        args = {"tab": "" if self.tab is Tab.ALL else self.tab.value, **self.chosen.to_args(), **changed}
        return {name: value for name, value in args.items() if value}


def asked_list(args: Mapping[str, str] | None = None) -> List:
    """The list in the address; ``Invalid`` for one that can't be."""
    args = request.args if args is None else args
    return List(parse_tab(args.get("tab", "")), parse_filter(args))


def came_from() -> List:
    """The list the agent came from; all tickets where the address doesn't say, or says nonsense."""
    try:
        return asked_list()
    except Problem:
        return List(Tab.ALL, TicketFilter())


def behind(number: str) -> str | None:
    """The ticket behind this one in the list the agent came from. Ask before the ticket changes its place."""
    here = came_from()
    return ticket_list.next_number(here.chosen, here.tab, current_actor(), moment(), after=number)


def onward(number: str, wanted: bool) -> str:
    """The address to go on to: the ticket behind this one, or this one again; the list, where it was the last."""
    if not wanted:
        return url_for("tickets.show", number=number)
    following = behind(number)
    return url_for("tickets.show", number=following) if following else url_for("tickets.index", **came_from().args())


def tell(message: str | list[str] | Mapping[str, object], category: str) -> None:
    """Flash a line, a heading with lines, or what was done with the operation that takes it back."""
    flash(cast(str, message), category)  # any JSON will do; see layouts/_flashes.html


@tickets.url_defaults
def _carry_the_list(_endpoint: str, values: dict[str, Any]) -> None:
    """Addresses of a ticket, built on a ticket's page, keep the list the agent came from."""
    if request and request.view_args and "number" in request.view_args and "number" in values:
        if "list_carried" not in g:
            g.list_carried = came_from().args()
        for name, value in g.list_carried.items():
            values.setdefault(name, value)
