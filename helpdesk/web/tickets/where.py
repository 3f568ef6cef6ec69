"""From which list the agent came: it travels along in the address, so that "next" and "back" know the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from flask import flash, g, request, url_for

from helpdesk.domain.problems import Problem
from helpdesk.domain.ticket_filter import Tab, TicketFilter
from helpdesk.domain.views import ALL_TICKETS, ListView, parse_list
from helpdesk.queries import ticket_list
from helpdesk.web.access import current_actor, moment
from helpdesk.web.locale import day_end
from helpdesk.web.tickets import tickets

VIEW_KEY = re.compile(r"[a-z]{1,20}|[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class List:
    """A list, and the view under which it was opened: a code, an id or nothing."""

    shown: ListView = ALL_TICKETS
    view: str = ""

    @property
    def tab(self) -> Tab:
        return self.shown.tab

    @property
    def chosen(self) -> TicketFilter:
        return self.shown.chosen

    def with_(self, **changed: Any) -> List:
        """The same with another tab, filter, columns or order."""
        return replace(self, shown=replace(self.shown, **changed))

    def args(self, **changed: str) -> dict[str, Any]:
        """Its address; what is empty is left out."""
        args = {**self.shown.to_args(), "view": self.view, **changed}
        return {name: value for name, value in args.items() if value}


def asked_list(args: Mapping[str, str] | None = None) -> List:
    """The list in the address; ``Invalid`` for one that can't be."""
    args = request.args if args is None else args
    view = args.get("view", "")
    return List(parse_list(args, day_end(moment())), view if VIEW_KEY.fullmatch(view) else "")


def came_from() -> List:
    """The list the agent came from; all tickets where the address doesn't say, or says nonsense."""
    try:
        return asked_list()
    except Problem:
        return List()


def behind(number: str) -> str | None:
    """The ticket behind this one in the list the agent came from. Ask before the ticket changes its place."""
    here = came_from().shown
    return ticket_list.next_number(here.chosen, here.tab, current_actor(), moment(), after=number, order=here.order)


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
